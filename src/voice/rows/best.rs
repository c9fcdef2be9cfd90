//! The best few of a stream of scores.

use pulp::Arch;

use super::Found;
use super::group::AnyAbove;

/// Sorted, best first. Small: the caller asks for a handful.
#[derive(Clone)]
pub(super) struct Best {
    top: usize,
    found: Vec<Found>,
}

impl Best {
    pub(super) fn new(top: usize) -> Self {
        Self { top, found: Vec::new() }
    }

    /// Scores of rows in their order, from `first` on.
    pub(super) fn offer(&mut self, first: usize, scores: &[f32]) {
        let mut floor = self.floor();
        if !Arch::new().dispatch(AnyAbove { scores, floor }) {
            return;
        }
        for (n, score) in scores.iter().enumerate() {
            // Not a number is nobody's score.
            if *score > floor {
                self.put((first + n, *score));
                floor = self.floor();
            }
        }
    }

    /// What a score must exceed to be among them.
    pub(super) fn floor(&self) -> f32 {
        match self.found.last() {
            _ if self.top == 0 => f32::INFINITY,
            Some((_, worst)) if self.found.len() == self.top => *worst,
            _ => f32::NEG_INFINITY,
        }
    }

    pub(super) fn put(&mut self, found: Found) {
        let at = self.found.partition_point(|(_, other)| *other >= found.1);
        self.found.insert(at, found);
        self.found.truncate(self.top);
    }

    pub(super) fn into_found(self) -> Vec<Found> {
        self.found
    }
}
