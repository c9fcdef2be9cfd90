//! Everyone enrolled, in one block of memory, searched exactly.
//!
//! A shop has thousands of regulars and not millions: reading every print takes half a millisecond for 10,000, and an
//! approximate index would only add a second way to miss somebody
//! (docs/decisions/0003-tract-and-the-ge2e-model.md).

use std::collections::HashMap;
use std::hash::Hash;

use super::{Bandwidth, Centroid, Embedding, ModelId, Origin, Rows, Score, VoiceError, Voiceprint};
use crate::base::UnixMillis;

/// Prints of one model under keys of the caller's choice. A person has a row for each of their calls and, with several,
/// one for their pool; their score is that of the best row, so that people are ranked and not calls.
#[derive(Clone)]
pub struct Gallery<K> {
    model: ModelId,
    rows: Rows,
    /// Whose each row is, as a place in `people`.
    owners: Vec<usize>,
    people: Vec<Entry<K>>,
    place_of: HashMap<K, usize>,
}

#[derive(Clone)]
struct Entry<K> {
    key: K,
    calls: Vec<Call>,
    /// One a call, then that of the pool.
    rows: Vec<usize>,
}

/// A centroid without its values.
#[derive(Clone)]
struct Call {
    net_speech_ms: u32,
    snr_db: Option<f32>,
    bandwidth: Option<Bandwidth>,
    calls: u32,
    heard_at: UnixMillis,
    origin: Origin,
}

impl<K: Clone + Eq + Hash> Gallery<K> {
    pub fn new(model: ModelId) -> Self {
        Self { model, rows: Rows::new(0), owners: Vec::new(), people: Vec::new(), place_of: HashMap::new() }
    }

    pub fn model(&self) -> &ModelId {
        &self.model
    }

    /// People.
    pub fn len(&self) -> usize {
        self.people.len()
    }

    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Adds a print or replaces the one under `key`. A print of another model is refused.
    pub fn insert(&mut self, key: K, print: Voiceprint) -> Result<(), VoiceError> {
        let pooled = print.pooled();
        let dimension = pooled.values().len();
        if print.model != self.model || (!self.is_empty() && dimension != self.rows.dimension()) {
            return Err(VoiceError::ForeignModel { found: print.model.clone(), wanted: self.model.clone() });
        }
        self.remove(&key);
        if self.is_empty() {
            self.rows = Rows::new(dimension);
        }
        let place = self.people.len();
        let centroids = print.centroids();
        let pool = (centroids.len() > 1).then_some(&pooled);
        let rows = centroids.iter().map(|centroid| &centroid.embedding).chain(pool);
        let rows = rows.map(|embedding| self.push_row(place, embedding.values())).collect();
        let calls = centroids.iter().map(Call::of).collect();
        self.people.push(Entry { key: key.clone(), calls, rows });
        self.place_of.insert(key, place);
        Ok(())
    }

    pub fn contains(&self, key: &K) -> bool {
        self.place_of.contains_key(key)
    }

    /// Forgets a print and overwrites its values; `false` when there was none.
    pub fn remove(&mut self, key: &K) -> bool {
        let Some(place) = self.place_of.remove(key) else { return false };
        let mut rows = std::mem::take(&mut self.people[place].rows);
        // The highest first: what moves into a freed place is then never one of these.
        rows.sort_unstable();
        rows.into_iter().rev().for_each(|row| self.remove_row(row));
        self.people.swap_remove(place);
        if let Some(moved) = self.people.get(place) {
            moved.rows.iter().for_each(|row| self.owners[*row] = place);
            self.place_of.insert(moved.key.clone(), place);
        }
        true
    }

    pub fn get(&self, key: &K) -> Option<Voiceprint> {
        let entry = &self.people[*self.place_of.get(key)?];
        let centroids = entry.calls.iter().zip(&entry.rows).map(|(call, row)| call.centroid(&self.rows.row(*row)?));
        Voiceprint::new(self.model.clone(), centroids.collect::<Option<_>>()?)
    }

    /// The cosine with the best row of the print under `key`.
    pub fn score(&self, probe: &Embedding, key: &K) -> Option<Score> {
        let entry = &self.people[*self.place_of.get(key)?];
        entry.rows.iter().filter_map(|row| self.rows.score(*row, probe.values())).reduce(f32::max).map(Score)
    }

    /// The `top` best people, best first; equal scores in order of entry. A probe of another dimension finds nobody.
    pub fn search(&self, probe: &Embedding, top: usize) -> Vec<(K, Score)> {
        if top == 0 || probe.values().len() != self.rows.dimension() {
            return Vec::new();
        }
        let mut scores = vec![f32::NEG_INFINITY; self.people.len()];
        self.rows.scan(&[probe.values()], |_, first, of_rows| {
            for (score, owner) in of_rows.iter().zip(&self.owners[first..]) {
                scores[*owner] = scores[*owner].max(*score);
            }
        });
        let mut best: Vec<(usize, f32)> = Vec::with_capacity(top.min(self.len()) + 1);
        for (place, score) in scores.into_iter().enumerate() {
            if best.len() == top && best.last().is_some_and(|(_, worst)| score <= *worst) {
                continue;
            }
            let at = best.partition_point(|(_, other)| *other >= score);
            best.insert(at, (place, score));
            best.truncate(top);
        }
        best.into_iter().map(|(place, score)| (self.people[place].key.clone(), Score(score))).collect()
    }

    /// Gives the row's number.
    fn push_row(&mut self, owner: usize, values: &[f32]) -> usize {
        self.rows.push(values);
        self.owners.push(owner);
        self.owners.len() - 1
    }

    /// The last row takes its place.
    fn remove_row(&mut self, row: usize) {
        let last = self.owners.len() - 1;
        self.rows.swap_remove(row);
        let owner = self.owners[last];
        self.owners.swap_remove(row);
        if let Some(own) = self.people[owner].rows.iter_mut().find(|own| **own == last) {
            *own = row;
        }
    }
}

impl Call {
    fn of(centroid: &Centroid) -> Self {
        let Centroid { net_speech_ms, snr_db, bandwidth, calls, heard_at, origin, .. } = *centroid;
        Self { net_speech_ms, snr_db, bandwidth, calls, heard_at, origin }
    }

    fn centroid(&self, values: &[f32]) -> Option<Centroid> {
        let Self { net_speech_ms, snr_db, bandwidth, calls, heard_at, origin } = *self;
        let embedding = Embedding::from_values(values.to_vec())?;
        Some(Centroid { embedding, net_speech_ms, snr_db, bandwidth, calls, heard_at, origin })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn centroid(values: &[f32]) -> Centroid {
        let bandwidth = Some(Bandwidth::Narrow);
        let embedding = Embedding::from_values(values.to_vec()).unwrap();
        Centroid { bandwidth, snr_db: Some(20.0), ..Centroid::enrolled(embedding, 20_000, UnixMillis(7)) }
    }

    fn print(values: &[f32]) -> Voiceprint {
        Voiceprint::new(ModelId::new("ours"), vec![centroid(values)]).unwrap()
    }

    fn several(calls: &[[f32; 3]]) -> Voiceprint {
        Voiceprint::new(ModelId::new("ours"), calls.iter().map(|values| centroid(values)).collect()).unwrap()
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
        assert!((found[0].1.0 - probe.cosine(&print(&[1.0, 0.0, 0.0]).pooled()).0).abs() < 1e-6);
        assert!(gallery.score(&probe, &2).is_some_and(|alone| (alone.0 - found[1].1.0).abs() < 1e-6));
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
            assert_eq!(gallery.search(&print(&values).pooled(), 1)[0].0, key);
        }
        assert!(gallery.remove(&2) && gallery.remove(&1) && gallery.is_empty());
    }

    #[test]
    fn a_person_is_found_once_by_the_best_of_their_calls() {
        let mut gallery = gallery(&[[0.0, 0.9, 0.4], [0.7, 0.0, 0.7]]);
        gallery.insert(9, several(&[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])).unwrap();
        let probe = Embedding::from_values(vec![0.05, 1.0, 0.0]).unwrap();
        let found = gallery.search(&probe, 5);
        assert_eq!(found.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [9, 0, 1]);
        assert!(found[0].1.0 > 0.99, "one of the two calls, and not their mean");
        assert_eq!(gallery.get(&9), Some(several(&[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])));
        let between = Embedding::from_values(vec![1.0, 1.0, 0.0]).unwrap();
        assert!(gallery.score(&between, &9).unwrap().0 > 0.99, "or their mean");
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
        let foreign = Voiceprint::new(ModelId::new("theirs"), vec![centroid(&[1.0, 0.0, 0.0])]).unwrap();
        assert!(matches!(gallery.insert(1, foreign), Err(VoiceError::ForeignModel { .. })));
        assert_eq!(gallery.len(), 1);
        let other_dimension = Embedding::from_values(vec![1.0, 0.0]).unwrap();
        assert!(gallery.search(&other_dimension, 5).is_empty() && gallery.score(&other_dimension, &0).is_none());
    }

    proptest! {
        #[test]
        fn the_search_agrees_with_sorting_everything(
            prints in prop::collection::vec(prop::collection::vec(prop::array::uniform3(0.1f32..1.0), 1..5), 1..40),
            removed in prop::collection::vec(0usize..40, 0..10),
            probe in prop::array::uniform3(0.1f32..1.0),
            top in 1usize..8,
        ) {
            let probe = Embedding::from_values(probe.to_vec()).unwrap();
            let mut gallery = Gallery::new(ModelId::new("ours"));
            prints.iter().enumerate().for_each(|(key, calls)| gallery.insert(key, several(calls)).unwrap());
            removed.iter().for_each(|key| { gallery.remove(key); });
            let kept = prints.iter().enumerate().filter(|(key, _)| !removed.contains(key));
            let mut all: Vec<f32> = kept.clone().map(|(_, calls)| several(calls).score(&probe).0).collect();
            all.sort_by(|a, b| b.total_cmp(a));
            let found = gallery.search(&probe, top);
            prop_assert_eq!(found.len(), top.min(all.len()));
            for ((key, score), wanted) in found.iter().zip(all) {
                prop_assert!((score.0 - wanted).abs() < 1e-5);
                prop_assert!(gallery.score(&probe, key).is_some_and(|alone| (alone.0 - score.0).abs() < 1e-5));
            }
            for (key, calls) in kept {
                prop_assert!(gallery.get(&key).is_some_and(|print| print.centroids().len() == calls.len()));
            }
        }
    }
}
