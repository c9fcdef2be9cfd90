//! The scores of a few groups of rows: the innermost loops of a search.

use pulp::{Arch, Simd, WithSimd};

/// Sums that run at once, as many as hide the time of an addition: one probe with eight groups, or four with two.
pub(super) const SUMS: usize = 8;

/// Rows a group: the numbers that a vector of this processor holds.
pub(super) fn lanes() -> usize {
    Arch::new().dispatch(Lanes)
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

/// Up to eight probes, number by number as the rows are.
pub(super) enum Probes {
    One(Vec<[f32; 1]>),
    Two(Vec<[f32; 2]>),
    Four(Vec<[f32; 4]>),
    /// The first four, and the others.
    Eight([Vec<[f32; 4]>; 2]),
}

impl Probes {
    /// All of one dimension. Places that are left over are zeros.
    pub(super) fn new(probes: &[&[f32]]) -> Self {
        match probes.len() {
            0 | 1 => Self::One(by_number(probes)),
            2 => Self::Two(by_number(probes)),
            3 | 4 => Self::Four(by_number(probes)),
            _ => Self::Eight([by_number(&probes[..4]), by_number(&probes[4..])]),
        }
    }

    /// Groups that are read at once. They lie some pages apart, which the processor fetches ahead side by side.
    pub(super) fn groups_at_once(&self) -> usize {
        match self {
            Self::One(_) => SUMS,
            Self::Two(_) => SUMS / 2,
            Self::Four(_) => SUMS / 4,
            Self::Eight(_) => SUMS,
        }
    }
}

fn by_number<const P: usize>(probes: &[&[f32]]) -> Vec<[f32; P]> {
    let dimension = probes.first().map_or(0, |probe| probe.len());
    (0..dimension).map(|n| std::array::from_fn(|probe| probes.get(probe).map_or(0.0, |probe| probe[n]))).collect()
}

/// Whether any score is above the floor.
pub(super) struct AnyAbove<'a> {
    pub(super) scores: &'a [f32],
    pub(super) floor: f32,
}

impl WithSimd for AnyAbove<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> bool {
        let (vectors, rest) = S::as_simd_f32s(self.scores);
        let mut highest = simd.splat_f32s(f32::NEG_INFINITY);
        for vector in vectors {
            highest = simd.max_f32s(*vector, highest);
        }
        // What is no number hides the others on some processors: then somebody has to look.
        let highest = simd.reduce_max_f32s(highest);
        highest > self.floor || highest.is_nan() || rest.iter().any(|score| *score > self.floor)
    }
}

/// `blocks` is `[groups, dimension, lane]` with as many groups as are read at once, or fewer; `scores` `[probe, groups, lane]`.
pub(super) struct GroupScores<'a> {
    pub(super) blocks: &'a [f32],
    /// What is read next: it is fetched while this is computed.
    pub(super) next: &'a [f32],
    pub(super) probes: &'a Probes,
    pub(super) scores: &'a mut [f32],
}

impl WithSimd for GroupScores<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (blocks, _) = S::as_simd_f32s(self.blocks);
        let (scores, _) = S::as_mut_simd_f32s(self.scores);
        match self.probes {
            Probes::One(probes) => some_groups::<S, 1, 8>(simd, blocks, probes, scores),
            Probes::Two(probes) => some_groups::<S, 2, 4>(simd, blocks, probes, scores),
            Probes::Four(probes) => some_groups::<S, 4, 2>(simd, blocks, probes, scores),
            Probes::Eight(halves) => eight_probes(simd, [blocks, S::as_simd_f32s(self.next).0], halves, scores),
        }
    }
}

/// `G` groups at once, and one by one at the end of a gallery.
#[inline(always)]
fn some_groups<S: Simd, const P: usize, const G: usize>(
    simd: S,
    blocks: &[S::f32s],
    probes: &[[f32; P]],
    scores: &mut [S::f32s],
) {
    let dimension = probes.len();
    let groups = blocks.len() / dimension;
    let mut nothing = Ahead { next: &[], dimension, step: 0, seen: simd.splat_f32s(0.0) };
    if groups == G {
        let sums = sums_of::<S, P, G>(simd, blocks, probes, &mut nothing);
        for probe in 0..P {
            for group in 0..G {
                scores[probe * G + group] = sums[probe][group];
            }
        }
        return;
    }
    for group in 0..groups {
        let sums = sums_of::<S, P, 1>(simd, &blocks[group * dimension..][..dimension], probes, &mut nothing);
        for probe in 0..P {
            scores[probe * groups + group] = sums[probe][0];
        }
    }
}

/// The arithmetic for eight probes takes as long as the memory, so neither may wait for the other: while a pair of groups
/// is multiplied, the next groups are loaded, from all of them in turn, so that they lie in the cache when they are needed.
#[inline(always)]
fn eight_probes<S: Simd>(
    simd: S,
    [blocks, next]: [&[S::f32s]; 2],
    halves: &[Vec<[f32; 4]>; 2],
    scores: &mut [S::f32s],
) {
    let dimension = halves[0].len();
    let groups = blocks.len() / dimension;
    let pairs = groups / 2;
    let mut ahead = Ahead { next, dimension, step: 0, seen: simd.splat_f32s(0.0) };
    for pair in 0..pairs {
        let blocks = &blocks[2 * pair * dimension..][..2 * dimension];
        for (half, probes) in halves.iter().enumerate() {
            let sums = sums_of::<S, 4, 2>(simd, blocks, probes, &mut ahead);
            for p in 0..4 {
                scores[(4 * half + p) * groups + 2 * pair] = sums[p][0];
                scores[(4 * half + p) * groups + 2 * pair + 1] = sums[p][1];
            }
        }
    }
    if groups % 2 == 1 {
        for (half, probes) in halves.iter().enumerate() {
            let sums = sums_of::<S, 4, 1>(simd, &blocks[(groups - 1) * dimension..], probes, &mut ahead);
            for p in 0..4 {
                scores[(4 * half + p) * groups + groups - 1] = sums[p][0];
            }
        }
    }
    // Only the loads were wanted.
    std::hint::black_box(ahead.seen);
}

/// Groups that are loaded beside the arithmetic: a few lines at each step, of one group after the other.
struct Ahead<'a, S: Simd> {
    next: &'a [S::f32s],
    dimension: usize,
    step: usize,
    seen: S::f32s,
}

impl<S: Simd> Ahead<'_, S> {
    #[inline(always)]
    fn fetch(&mut self, simd: S) {
        let place = self.step % SUMS * self.dimension + self.step / SUMS * STEP;
        self.step += 1;
        if let Some([a, _, b, _, c, _, d, _]) = self.next.get(place..).and_then(|rest| rest.first_chunk::<STEP>()) {
            let (one, two) = (simd.max_f32s(*a, *b), simd.max_f32s(*c, *d));
            self.seen = simd.max_f32s(self.seen, simd.max_f32s(one, two));
        }
    }
}

/// Numbers of a row a turn of the loop: what a turn costs by itself is shared by so many.
const STEP: usize = 8;

/// Each sum runs through the numbers in their order, whatever the company: the bits are the same.
#[inline(always)]
fn sums_of<S: Simd, const P: usize, const G: usize>(
    simd: S,
    blocks: &[S::f32s],
    probes: &[[f32; P]],
    ahead: &mut Ahead<S>,
) -> [[S::f32s; G]; P] {
    let dimension = probes.len();
    let mut sums = [[simd.splat_f32s(0.0); G]; P];
    let (probe_steps, probe_rest) = probes.as_chunks::<STEP>();
    let mut steps = [blocks.as_chunks::<STEP>().0; G];
    for group in 0..G {
        steps[group] = blocks[group * dimension..][..dimension].as_chunks::<STEP>().0;
    }
    for (step, probe) in probe_steps.iter().enumerate() {
        ahead.fetch(simd);
        let mut values = [&steps[0][step]; G];
        for group in 1..G {
            values[group] = &steps[group][step];
        }
        for n in 0..STEP {
            for p in 0..P {
                let by = simd.splat_f32s(probe[n][p]);
                for group in 0..G {
                    sums[p][group] = simd.mul_add_f32s(values[group][n], by, sums[p][group]);
                }
            }
        }
    }
    for (n, probe) in (dimension - probe_rest.len()..dimension).zip(probe_rest) {
        for p in 0..P {
            for group in 0..G {
                let value = blocks[group * dimension + n];
                sums[p][group] = simd.mul_add_f32s(value, simd.splat_f32s(probe[p]), sums[p][group]);
            }
        }
    }
    sums
}
