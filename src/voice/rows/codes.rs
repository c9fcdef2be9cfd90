//! Each row again in eight bits a number: a quarter of the memory to read.
//!
//! How far a copy is from its row is known when it is made, and so is the most that its score can be wrong. Rows that
//! this error could lift among the best are compared in full, so the search stays exact.

#[cfg(target_arch = "x86_64")]
mod avx2;

#[cfg(target_arch = "x86_64")]
use avx2::{Unit, scores};

use super::best::Best;
use super::{Aligned, Found, Rows};

#[derive(Clone)]
pub(super) struct Codes {
    unit: Unit,
    /// Numbers a row, in pairs: the processor multiplies and adds them two by two.
    pairs: usize,
    /// `[group, pair, row of the group, 2]`.
    block: Aligned<i8>,
    /// What one step of a code is worth, by row.
    steps: Aligned<f32>,
    /// The largest distance of a copy from its row so far, and the largest length of a copy.
    error: f32,
    length: f32,
}

/// Rows a group, whatever the processor.
const GROUP: usize = 32;
/// Codes go from -127 to 127.
const MOST: f32 = 127.0;

/// What the codes of a group are multiplied with.
struct Group<'a> {
    /// `[pair, row of the group, 2]`.
    block: &'a [i8],
    /// By row.
    steps: &'a [f32],
    /// `[pair]`.
    probe: &'a [[i16; 2]],
    /// What one step of the probe is worth.
    scale: f32,
}

/// A probe in sixteen bits a number: its own error hardly counts.
struct Probe {
    /// `[pair]`: the codes of two numbers.
    codes: Vec<[i16; 2]>,
    step: f32,
    /// The most by which a score can be wrong.
    margin: f32,
}

impl Codes {
    /// `None` on a processor that cannot multiply them.
    pub(super) fn new(dimension: usize) -> Option<Self> {
        let (block, steps) = (Aligned::zeroed(0), Aligned::zeroed(0));
        let pairs = dimension.div_ceil(2);
        Some(Self { unit: Unit::try_new()?, pairs, block, steps, error: 0.0, length: 0.0 })
    }

    /// Room for `wanted` rows; `len` are there.
    pub(super) fn grow_to(&mut self, len: usize, wanted: usize) {
        let groups = wanted.div_ceil(GROUP);
        if groups * GROUP > self.steps.as_slice().len() {
            let mut block = Aligned::zeroed(groups * GROUP * 2 * self.pairs);
            let mut steps = Aligned::zeroed(groups * GROUP);
            let used = len.div_ceil(GROUP) * GROUP;
            let codes = used * 2 * self.pairs;
            block.as_mut_slice()[..codes].copy_from_slice(&self.block.as_slice()[..codes]);
            steps.as_mut_slice()[..used].copy_from_slice(&self.steps.as_slice()[..used]);
            (self.block, self.steps) = (block, steps);
        }
    }

    pub(super) fn put(&mut self, row: usize, values: &[f32]) {
        let room = self.steps.as_slice().len();
        if row >= room {
            self.grow_to(row, (2 * room).max(GROUP));
        }
        let largest = values.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        let step = if largest > 0.0 { largest / MOST } else { 1.0 };
        let start = row / GROUP * GROUP * 2 * self.pairs + row % GROUP * 2;
        let block = self.block.as_mut_slice();
        let (mut error, mut length) = (0.0, 0.0);
        for (n, value) in values.iter().enumerate() {
            let code = (value / step).round().clamp(-MOST, MOST);
            block[start + n / 2 * 2 * GROUP + n % 2] = code as i8;
            error += (code * step - value).powi(2);
            length += (code * step).powi(2);
        }
        self.steps.as_mut_slice()[row] = step;
        // A row that is not finite has no score; it must not take the others' away.
        self.error = self.error.max(f32::sqrt(error));
        self.length = self.length.max(f32::sqrt(length));
    }

    #[cfg(test)]
    pub(super) fn values(&self) -> &[i8] {
        self.block.as_slice()
    }

    pub(super) fn best(&self, rows: &Rows, probe: &[f32], top: usize) -> Vec<Found> {
        if probe.len() != rows.dimension || top == 0 {
            return Vec::new();
        }
        let probe_codes = self.probe(probe);
        let mut best = Best::new(top);
        let mut candidates: Vec<Found> = Vec::new();
        let groups = self.block.as_slice().chunks_exact(GROUP * 2 * self.pairs.max(1));
        for (n, block) in groups.enumerate().take(rows.len.div_ceil(GROUP)) {
            let first = n * GROUP;
            let steps = &self.steps.as_slice()[first..][..GROUP];
            let group = Group { block, steps, probe: &probe_codes.codes, scale: probe_codes.step };
            let (scores, highest) = scores(self.unit, group);
            let mut floor = best.floor() - 2.0 * probe_codes.margin;
            if highest < floor {
                continue;
            }
            for (row, score) in (first..rows.len).zip(scores) {
                if score >= floor {
                    candidates.push((row, score));
                    if score > best.floor() {
                        best.put((row, score));
                        floor = best.floor() - 2.0 * probe_codes.margin;
                    }
                }
            }
        }
        let floor = best.floor() - 2.0 * probe_codes.margin;
        candidates.retain(|(_, score)| *score >= floor);
        let mut best = Best::new(top);
        if candidates.len() > MANY.max(rows.len / 64) {
            // All alike: the copies have told nothing, and one pass over the rows is cheaper than picking them out.
            rows.scan(&[probe], |_, first, scores| best.offer(first, scores));
        } else {
            candidates.iter().for_each(|(row, _)| best.offer(*row, &[rows.score(*row, probe).unwrap_or(f32::NAN)]));
        }
        best.into_found()
    }

    fn probe(&self, probe: &[f32]) -> Probe {
        let length = |values: &mut dyn Iterator<Item = f32>| values.map(|v| v * v).sum::<f32>().sqrt();
        // Sums of products stay below 2^31.
        let most = (i32::MAX as f32 / (MOST * 2.0 * self.pairs as f32)).min(f32::from(i16::MAX)).floor();
        let largest = probe.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        let step = if largest > 0.0 { largest / most } else { 1.0 };
        let code = |value: f32| (value / step).round().clamp(-most, most);
        let (pairs, odd) = probe.as_chunks::<2>();
        let mut codes: Vec<[i16; 2]> = pairs.iter().map(|pair| pair.map(|value| code(value) as i16)).collect();
        codes.extend(odd.iter().map(|value| [code(*value) as i16, 0]));
        let error = length(&mut probe.iter().map(|value| code(*value) * step - value));
        let own = length(&mut probe.iter().copied());
        // q r - q' r' = q (r - r') + (q - q') r'. The last part is for what 32-bit arithmetic rounds away.
        let margin = own * self.error + error * self.length + ROUNDING * own * self.length;
        Probe { codes, step, margin }
    }
}

/// Candidates that are always worth picking out one by one.
const MANY: usize = 256;
/// Some hundred additions of 2^-24 each, relative to the product of the lengths.
const ROUNDING: f32 = 2e-5;

/// Elsewhere there are no codes.
#[cfg(not(target_arch = "x86_64"))]
#[derive(Clone, Copy)]
enum Unit {}

#[cfg(not(target_arch = "x86_64"))]
impl Unit {
    fn try_new() -> Option<Self> {
        None
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn scores(unit: Unit, _: Group) -> ([f32; GROUP], f32) {
    match unit {}
}
