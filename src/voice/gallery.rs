//! Everyone enrolled, in one block of memory, searched exactly.
//!
//! A shop has thousands of regulars and not millions: reading every print takes half a millisecond for 10,000, and an
//! approximate index would only add a second way to miss somebody
//! (docs/decisions/0003-tract-and-the-ge2e-model.md).

use std::collections::HashMap;
use std::hash::Hash;

use zeroize::Zeroize;

use super::{Embedding, ModelId, Score, VoiceError, Voiceprint};
use crate::base::UnixMillis;

#[derive(Clone)]
/// Prints of one model under keys of the caller's choice.
pub struct Gallery<K> {
    model: ModelId,
    dimension: usize,
    /// `[prints, dimension]`, row-major; the row of `entries[n]` is row n.
    rows: Vec<f32>,
    entries: Vec<Entry<K>>,
    row_of: HashMap<K, usize>,
}

#[derive(Clone)]
/// A voiceprint without its values.
struct Entry<K> {
    key: K,
    net_speech_ms: u32,
    calls: u32,
    enrolled_at: UnixMillis,
}

impl<K: Clone + Eq + Hash> Gallery<K> {
    pub fn new(model: ModelId) -> Self {
        Self { model, dimension: 0, rows: Vec::new(), entries: Vec::new(), row_of: HashMap::new() }
    }

    pub fn model(&self) -> &ModelId {
        &self.model
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a print or replaces the one under `key`. A print of another model is refused.
    pub fn insert(&mut self, key: K, print: Voiceprint) -> Result<(), VoiceError> {
        let values = print.embedding.values();
        if self.entries.is_empty() {
            self.dimension = values.len();
        }
        if print.model != self.model || values.len() != self.dimension {
            return Err(VoiceError::ForeignModel { found: print.model.clone(), wanted: self.model.clone() });
        }
        let entry = Entry {
            key: key.clone(),
            net_speech_ms: print.net_speech_ms,
            calls: print.calls,
            enrolled_at: print.enrolled_at,
        };
        if let Some(&row) = self.row_of.get(&key) {
            self.entries[row] = entry;
            self.rows[row * self.dimension..][..self.dimension].copy_from_slice(values);
        } else {
            self.row_of.insert(key, self.entries.len());
            self.entries.push(entry);
            self.push_row(values);
        }
        Ok(())
    }

    pub fn contains(&self, key: &K) -> bool {
        self.row_of.contains_key(key)
    }

    /// Forgets a print and overwrites its values; `false` when there was none.
    pub fn remove(&mut self, key: &K) -> bool {
        let Some(row) = self.row_of.remove(key) else { return false };
        let (from, last) = (row * self.dimension, self.rows.len() - self.dimension);
        self.rows.copy_within(last.., from);
        self.rows[last..].zeroize();
        self.rows.truncate(last);
        self.entries.swap_remove(row);
        if let Some(moved) = self.entries.get(row) {
            self.row_of.insert(moved.key.clone(), row);
        }
        true
    }

    pub fn get(&self, key: &K) -> Option<Voiceprint> {
        let row = *self.row_of.get(key)?;
        let entry = &self.entries[row];
        Some(Voiceprint {
            model: self.model.clone(),
            embedding: Embedding::from_values(self.row(row).to_vec())?,
            net_speech_ms: entry.net_speech_ms,
            calls: entry.calls,
            enrolled_at: entry.enrolled_at,
        })
    }

    /// The cosine with the print under `key`.
    pub fn score(&self, probe: &Embedding, key: &K) -> Option<Score> {
        let row = *self.row_of.get(key)?;
        (probe.values().len() == self.dimension).then(|| Score(dot(probe.values(), self.row(row))))
    }

    /// The `top` best, best first; equal scores in order of entry. A probe of another dimension finds nobody.
    pub fn search(&self, probe: &Embedding, top: usize) -> Vec<(K, Score)> {
        let mut best: Vec<(usize, f32)> = Vec::with_capacity(top.min(self.len()) + 1);
        if top == 0 || probe.values().len() != self.dimension {
            return Vec::new();
        }
        for (row, values) in self.rows.chunks_exact(self.dimension.max(1)).enumerate() {
            let score = dot(probe.values(), values);
            if best.len() == top && best.last().is_some_and(|(_, worst)| score <= *worst) {
                continue;
            }
            let at = best.partition_point(|(_, other)| *other >= score);
            best.insert(at, (row, score));
            best.truncate(top);
        }
        best.into_iter().map(|(row, score)| (self.entries[row].key.clone(), Score(score))).collect()
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.rows[row * self.dimension..][..self.dimension]
    }

    /// Grows by hand: `Vec` would free the old block with the prints still in it.
    fn push_row(&mut self, values: &[f32]) {
        if self.rows.len() + values.len() > self.rows.capacity() {
            let mut larger = Vec::with_capacity((self.rows.capacity() * 2).max(16 * values.len()));
            larger.extend_from_slice(&self.rows);
            self.rows.zeroize();
            self.rows = larger;
        }
        self.rows.extend_from_slice(values);
    }
}

impl<K> Drop for Gallery<K> {
    fn drop(&mut self) {
        self.rows.zeroize();
    }
}

/// [`LANES`] running sums, which the compiler keeps in vector registers; one sum would wait for itself at every step.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

const LANES: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn print(values: &[f32]) -> Voiceprint {
        Voiceprint {
            model: ModelId::new("ours"),
            embedding: Embedding::from_values(values.to_vec()).unwrap(),
            net_speech_ms: 20_000,
            calls: 2,
            enrolled_at: UnixMillis(7),
        }
    }

    fn gallery(prints: &[[f32; 3]]) -> Gallery<usize> {
        let mut gallery = Gallery::new(ModelId::new("ours"));
        for (key, values) in prints.iter().enumerate() {
            gallery.insert(key, print(values)).unwrap();
        }
        gallery
    }

    #[test]
    fn the_best_come_first_and_no_more_than_asked() {
        let gallery = gallery(&[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]);
        let probe = Embedding::from_values(vec![1.0, 0.2, 0.0]).unwrap();
        let found = gallery.search(&probe, 2);
        assert_eq!(found.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [1, 2]);
        assert!((found[0].1.0 - probe.cosine(&print(&[1.0, 0.0, 0.0]).embedding).0).abs() < 1e-6);
        assert_eq!(gallery.score(&probe, &2), Some(found[1].1));
        assert!(gallery.search(&probe, 0).is_empty());
        assert_eq!(gallery.search(&probe, 99).len(), 3);
    }

    #[test]
    fn a_removed_print_is_not_found_and_the_others_still_are() {
        let mut gallery = gallery(&[[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]);
        assert!(gallery.remove(&0) && !gallery.remove(&0));
        assert!(gallery.get(&0).is_none());
        for (key, values) in [(1, [1.0, 0.0, 0.0]), (2, [0.0, 0.0, 1.0])] {
            assert_eq!(gallery.get(&key), Some(print(&values)));
            assert_eq!(gallery.search(&print(&values).embedding, 1)[0].0, key);
        }
        assert!(gallery.remove(&2) && gallery.remove(&1) && gallery.is_empty());
    }

    #[test]
    fn a_second_print_replaces_the_first() {
        let mut gallery = gallery(&[[0.0, 1.0, 0.0]]);
        gallery.insert(0, print(&[1.0, 0.0, 0.0])).unwrap();
        assert_eq!((gallery.len(), gallery.get(&0)), (1, Some(print(&[1.0, 0.0, 0.0]))));
    }

    #[test]
    fn a_foreign_print_is_refused() {
        let mut gallery = gallery(&[[0.0, 1.0, 0.0]]);
        let foreign = Voiceprint { model: ModelId::new("theirs"), ..print(&[1.0, 0.0, 0.0]) };
        assert!(matches!(gallery.insert(1, foreign), Err(VoiceError::ForeignModel { .. })));
        assert_eq!(gallery.len(), 1);
        let other_dimension = Embedding::from_values(vec![1.0, 0.0]).unwrap();
        assert!(gallery.search(&other_dimension, 5).is_empty() && gallery.score(&other_dimension, &0).is_none());
    }

    proptest! {
        #[test]
        fn the_search_agrees_with_sorting_everything(
            prints in prop::collection::vec(prop::array::uniform3(0.1f32..1.0), 1..60),
            probe in prop::array::uniform3(0.1f32..1.0),
            top in 1usize..8,
        ) {
            let probe = Embedding::from_values(probe.to_vec()).unwrap();
            let mut all: Vec<f32> = prints.iter().map(|p| probe.cosine(&print(p).embedding).0).collect();
            all.sort_by(|a, b| b.total_cmp(a));
            let found = gallery(&prints).search(&probe, top);
            prop_assert_eq!(found.len(), top.min(prints.len()));
            for ((_, score), wanted) in found.iter().zip(all) {
                prop_assert!((score.0 - wanted).abs() < 1e-5);
            }
        }
    }
}
