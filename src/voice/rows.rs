//! Vectors of one length in one block of memory, compared with several probes in one pass over it.
//!
//! A search is as fast as memory can be read, so nothing else may cost more: rows lie in groups, the first number of every
//! row of a group side by side, then the second. One vector of the processor then holds a number of each of its rows, the
//! scores come out side by side as well, and nothing is added up across lanes.

mod best;
mod codes;
mod group;

use pulp::Arch;
use zeroize::Zeroizing;

use super::aligned::Aligned;
use best::Best;
use codes::Codes;
use group::{GroupScores, Probes, SUMS};

/// `[rows, dimension]`. Its values are overwritten when they are removed, moved or dropped.
#[derive(Clone)]
pub struct Rows {
    dimension: usize,
    len: usize,
    /// Rows a group.
    group: usize,
    /// `[group, dimension, row of the group]`; rows that are not there are zero.
    block: Aligned<f32>,
    codes: Option<Codes>,
}

/// A row and its inner product with a probe.
pub type Found = (usize, f32);

impl Rows {
    pub fn new(dimension: usize) -> Self {
        Self { dimension, len: 0, group: group::lanes(), block: Aligned::zeroed(0), codes: None }
    }

    /// Beside each row a copy in a quarter of the memory, which [`Rows::best`] reads instead of the row. Whoever may be among
    /// the best by the error of his copy is compared again in full: what is found is the same. Without use on a processor
    /// that lacks AVX2, and refused there.
    pub fn with_codes(dimension: usize) -> Self {
        let mut rows = Self::new(dimension);
        rows.codes = Codes::new(dimension);
        rows
    }

    pub fn dimension(&self) -> usize {
        self.dimension
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Room for so many more, without copying what is there at each doubling on the way.
    pub fn reserve(&mut self, additional: usize) {
        self.grow_to((self.len + additional).div_ceil(self.group));
        if let Some(codes) = &mut self.codes {
            codes.grow_to(self.len, self.len + additional);
        }
    }

    /// `false`, and nothing changed, for values of another dimension.
    pub fn push(&mut self, values: &[f32]) -> bool {
        if values.len() != self.dimension {
            return false;
        }
        let groups = self.block.as_slice().len() / self.group_len().max(1);
        if self.len >= groups * self.group {
            self.grow_to((2 * groups).max(1));
        }
        self.len += 1;
        self.replace(self.len - 1, values)
    }

    /// Puts `values` in the place of a row; `false`, and nothing changed, when there is no such row or dimension.
    pub fn replace(&mut self, row: usize, values: &[f32]) -> bool {
        if values.len() != self.dimension || row >= self.len {
            return false;
        }
        let (start, step) = (self.start_of(row), self.group);
        let places = self.block.as_mut_slice()[start..].iter_mut().step_by(step);
        places.zip(values).for_each(|(place, value)| *place = *value);
        if let Some(codes) = &mut self.codes {
            codes.put(row, values);
        }
        true
    }

    /// The last row takes the place of this one; `false` when there is no such row.
    pub fn swap_remove(&mut self, row: usize) -> bool {
        if row >= self.len {
            return false;
        }
        let last = self.len - 1;
        if let Some(values) = self.row(last).filter(|_| row < last) {
            self.replace(row, &values);
        }
        self.replace(last, &Zeroizing::new(vec![0.0; self.dimension]));
        self.len = last;
        true
    }

    /// A copy of a row.
    pub fn row(&self, row: usize) -> Option<Zeroizing<Vec<f32>>> {
        (row < self.len).then(|| Zeroizing::new(self.values(row).collect()))
    }

    /// The inner product of a row with a probe.
    pub fn score(&self, row: usize, probe: &[f32]) -> Option<f32> {
        (row < self.len && probe.len() == self.dimension).then(|| self.values(row).zip(probe).map(|(a, b)| a * b).sum())
    }

    /// One pass over all rows for each eight probes: `visit(probe, first row, scores of the rows from there on)`. A probe of
    /// another dimension is compared with nobody.
    pub fn scan(&self, probes: &[&[f32]], mut visit: impl FnMut(usize, usize, &[f32])) {
        let fitting: Vec<usize> = (0..probes.len()).filter(|n| probes[*n].len() == self.dimension).collect();
        if self.dimension == 0 {
            return;
        }
        let (arch, mut scores) = (Arch::new(), Aligned::<f32>::zeroed(PROBES * SUMS * self.group));
        let used = self.len.div_ceil(self.group) * self.group_len();
        for together in fitting.chunks(PROBES) {
            let probes = Probes::new(&together.iter().map(|n| probes[*n]).collect::<Vec<_>>());
            let mut first = 0;
            let mut rest = &self.block.as_slice()[..used];
            while !rest.is_empty() {
                let (blocks, next) = rest.split_at((probes.groups_at_once() * self.group_len()).min(rest.len()));
                rest = next;
                let next = &next[..next.len().min(blocks.len())];
                arch.dispatch(GroupScores { blocks, next, probes: &probes, scores: scores.as_mut_slice() });
                let scored = blocks.len() / self.dimension;
                let rows = scored.min(self.len - first);
                for (probe, scores) in together.iter().zip(scores.as_slice().chunks_exact(scored)) {
                    visit(*probe, first, &scores[..rows]);
                }
                first += scored;
            }
        }
    }

    /// The `top` best for each probe, best first; equal scores in the order of the rows.
    pub fn best(&self, probes: &[&[f32]], top: usize) -> Vec<Vec<Found>> {
        if let Some(codes) = &self.codes {
            return probes.iter().map(|probe| codes.best(self, probe, top)).collect();
        }
        let mut best = vec![Best::new(top); probes.len()];
        self.scan(probes, |probe, first, scores| best[probe].offer(first, scores));
        best.into_iter().map(Best::into_found).collect()
    }

    fn values(&self, row: usize) -> impl Iterator<Item = f32> + '_ {
        self.block.as_slice()[self.start_of(row)..].iter().step_by(self.group).take(self.dimension).copied()
    }

    fn start_of(&self, row: usize) -> usize {
        row / self.group * self.group_len() + row % self.group
    }

    fn group_len(&self) -> usize {
        self.group * self.dimension
    }

    /// The old block is overwritten as it goes.
    fn grow_to(&mut self, groups: usize) {
        let wanted = groups * self.group_len();
        if wanted > self.block.as_slice().len() {
            let mut larger = Aligned::zeroed(wanted);
            larger.as_mut_slice()[..self.block.as_slice().len()].copy_from_slice(self.block.as_slice());
            self.block = larger;
        }
    }
}

/// Probes that share a pass: the arithmetic for eight takes about as long as the memory (benches/peers).
const PROBES: usize = 8;

#[cfg(test)]
mod tests;
