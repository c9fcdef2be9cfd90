//! Every probe against everyone enrolled, at one length of net speech.

use std::collections::{BTreeMap, BTreeSet};

use super::calibrated::pair;
use super::manifest::{Role, Row};
use super::recordings::Heard;
use crate::base::UnixMillis;
use crate::voice::{Centroid, Gallery, ModelId, Pooled, Quality, Score, Trials, Voiceprint};

/// The people of one manifest and what was heard of them.
pub struct Cast {
    pub gallery: Gallery<String>,
    /// Everyone, in order of name, whatever was heard of them: so it is the same for every model.
    pub speakers: Vec<String>,
    /// In order of name.
    pub enrolled: Vec<String>,
    pub probes: Vec<Probe>,
    /// People with probes and without a voiceprint.
    pub strangers: usize,
    /// Enrolled with less speech than `enroll` would take.
    pub thin: usize,
    /// Those in which speech was found.
    recordings: Vec<Recording>,
    /// The same recordings under normalisations that have not seen the speakers of two folds; empty: nothing is refitted.
    refitted: Vec<([u64; 2], Cast)>,
}

struct Recording {
    speaker: String,
    call: String,
    /// Of its windows' embeddings.
    mean: Vec<f32>,
}

pub struct Probe {
    pub speaker: String,
    pub name: String,
    heard: Heard,
}

impl Cast {
    pub fn new(model: &ModelId, rows: &[Row], heard: Vec<Heard>, usable_ms: u32) -> anyhow::Result<Self> {
        let speakers: Vec<String> =
            rows.iter().map(|row| row.speaker.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        let recordings = rows.iter().zip(&heard).filter_map(|(row, heard)| {
            Some(Recording { speaker: row.speaker.clone(), call: row.call.clone(), mean: heard.mean()? })
        });
        let recordings = recordings.collect();
        let (mut calls, mut probes) = (BTreeMap::<String, Vec<Centroid>>::new(), Vec::new());
        for (row, heard) in rows.iter().zip(heard) {
            match row.role {
                Role::Enroll => {
                    let mut pool = Pooled::new();
                    heard.windows.iter().for_each(|window| pool.add(&window.embedding));
                    let centroid = |pool| Centroid::enrolled(pool, heard.net_speech_ms, UnixMillis(0));
                    calls.entry(row.speaker.clone()).or_default().extend(pool.embedding().map(centroid));
                }
                Role::Probe => {
                    probes.push(Probe { speaker: row.speaker.clone(), name: row.call.clone(), heard });
                }
            }
        }
        let mut gallery = Gallery::new(model.clone());
        let (mut enrolled, mut thin) = (Vec::new(), 0);
        for (speaker, calls) in calls {
            let Some(print) = Voiceprint::enrolled(model.clone(), calls) else { continue };
            thin += usize::from(print.net_speech_ms() < usable_ms);
            gallery.insert(speaker.clone(), print)?;
            enrolled.push(speaker);
        }
        let refitted = Vec::new();
        let mut cast = Self { strangers: 0, gallery, speakers, enrolled, probes, thin, recordings, refitted };
        cast.strangers = cast.probe_speakers().len() - cast.speakers_with_targets();
        Ok(cast)
    }

    /// Enrolled people with a probe.
    pub fn speakers_with_targets(&self) -> usize {
        let of_probes = self.probe_speakers();
        self.enrolled.iter().filter(|speaker| of_probes.contains(speaker.as_str())).count()
    }

    /// Pairs of a probe's speaker and someone else enrolled, each pair of people once.
    pub fn speaker_pairs(&self) -> usize {
        let both = self.speakers_with_targets();
        self.probe_speakers().len() * self.enrolled.len() - both - both * both.saturating_sub(1) / 2
    }

    fn probe_speakers(&self) -> BTreeSet<&str> {
        self.probes.iter().map(|probe| probe.speaker.as_str()).collect()
    }

    /// Takes `other`, made of the same recordings, for the trials between speakers of these two folds.
    pub fn refit(&mut self, folds: [u64; 2], other: Self) {
        self.refitted.push((folds, other));
    }

    /// The scores after `ms` of net speech, or after all that a recording has.
    pub fn at(&self, ms: u32) -> Matrix {
        let mut matrix = self.scores_at(ms);
        for (folds, cast) in &self.refitted {
            let other = cast.scores_at(ms);
            for (scored, refitted) in matrix.probes.iter_mut().zip(other.probes) {
                for (n, enrolled) in self.enrolled.iter().enumerate() {
                    if pair(scored.fold, fold(enrolled)) == *folds {
                        scored.scores[n] = refitted.scores[n];
                    }
                }
            }
        }
        matrix
    }

    fn scores_at(&self, ms: u32) -> Matrix {
        let probes = self.probes.iter().map(|probe| {
            let mut pool = Pooled::new();
            let (mut net_speech_ms, mut snr_db) = (0, 0.0);
            for window in probe.heard.windows.iter().filter(|window| window.net_speech_ms <= ms) {
                pool.add(&window.embedding);
                net_speech_ms = window.net_speech_ms;
                snr_db += window.snr_db;
            }
            let quality = Quality { net_speech_ms, snr_db: snr_db / pool.windows().max(1) as f32 };
            let embedding = pool.embedding();
            let scores = self.enrolled.iter().map(|speaker| {
                embedding.as_ref().and_then(|embedding| self.gallery.score(embedding, speaker)).unwrap_or(UNHEARD)
            });
            Scored {
                scores: scores.collect(),
                speaker: self.place(&probe.speaker),
                fold: fold(&probe.speaker),
                own: self.enrolled.binary_search(&probe.speaker).ok(),
                quality,
                heard: embedding.is_some(),
                short: probe.heard.net_speech_ms < ms,
            }
        });
        let probes = probes.collect();
        let enrolled = self.enrolled.iter().map(|name| Enrolled { speaker: self.place(name), fold: fold(name) });
        Matrix { probes, enrolled: enrolled.collect() }
    }

    fn place(&self, speaker: &String) -> usize {
        self.speakers.binary_search(speaker).unwrap_or_default() // everyone is in it
    }
}

/// Groups of speakers that are left out in turn.
pub const FOLDS: u64 = 5;

/// A speaker's fold depends on the name alone, so that all conditions agree.
pub fn fold(speaker: &str) -> u64 {
    // FNV-1a, 64 bit.
    speaker.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
        % FOLDS
}

/// Recordings of one call over several lines, one group a call; those of speakers in `except` are left out.
pub fn utterances(casts: &[(String, Cast)], except: &[u64]) -> Vec<Vec<Vec<f32>>> {
    let mut by_call = BTreeMap::<&str, Vec<Vec<f32>>>::new();
    for recording in casts.iter().flat_map(|(_, cast)| &cast.recordings) {
        if !except.contains(&fold(&recording.speaker)) {
            by_call.entry(&recording.call).or_default().push(recording.mean.clone());
        }
    }
    by_call.into_values().filter(|lines| lines.len() > 1).collect()
}

/// A probe in which no speech was found is a miss for everyone.
const UNHEARD: Score = Score(-1.0);

pub struct Matrix {
    pub probes: Vec<Scored>,
    pub enrolled: Vec<Enrolled>,
}

pub struct Enrolled {
    /// Place in [`Cast::speakers`].
    pub speaker: usize,
    pub fold: u64,
}

pub struct Scored {
    /// Against [`Cast::enrolled`], in its order.
    pub scores: Vec<Score>,
    /// Who it is, among all speakers.
    pub speaker: usize,
    pub fold: u64,
    /// Who it is, among the enrolled.
    pub own: Option<usize>,
    pub quality: Quality,
    pub heard: bool,
    pub short: bool,
}

impl Matrix {
    pub fn trials(&self, value: impl Fn(&Scored, usize) -> f32) -> Trials {
        let mut trials = Trials::default();
        for probe in &self.probes {
            for enrolled in 0..probe.scores.len() {
                let side = if probe.own == Some(enrolled) { &mut trials.targets } else { &mut trials.nontargets };
                side.push(value(probe, enrolled));
            }
        }
        trials
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::eval::recordings::HeardWindow;
    use crate::voice::Embedding;

    /// Four people, each enrolled and probed once, in two dimensions; `turn` is the angle from print to probe.
    fn cast(turn: f32) -> Cast {
        let names = ["anna", "ben", "cleo", "dan"];
        let heard = |angle: f32| {
            let embedding = Embedding::from_values(vec![angle.cos(), angle.sin()]).unwrap();
            Heard { windows: vec![HeardWindow { net_speech_ms: 1600, snr_db: 20.0, embedding }], net_speech_ms: 1600 }
        };
        let (mut rows, mut all) = (Vec::new(), Vec::new());
        for (n, name) in names.iter().enumerate() {
            for (role, call, angle) in [(Role::Enroll, "first", n as f32), (Role::Probe, "second", n as f32 + turn)] {
                rows.push(Row { speaker: (*name).into(), role, call: format!("{name}-{call}"), file: "".into() });
                all.push(heard(angle));
            }
        }
        Cast::new(&ModelId::new("m"), &rows, all, 0).unwrap()
    }

    #[test]
    fn a_refit_counts_for_the_trials_between_its_two_folds_and_for_no_others() {
        let (plain, other) = (cast(0.1), cast(0.4));
        let folds = pair(fold("anna"), fold("cleo"));
        let mut whole = cast(0.1);
        whole.refit(folds, cast(0.4));
        let (whole_at, plain_at, other_at) = (whole.at(5000), plain.at(5000), other.at(5000));
        let mut replaced = 0;
        for (probe, speaker) in whole.speakers.iter().enumerate() {
            for (enrolled, name) in whole.enrolled.iter().enumerate() {
                let refitted = pair(fold(speaker), fold(name)) == folds;
                replaced += usize::from(refitted);
                let wanted = if refitted { &other_at } else { &plain_at };
                assert_eq!(whole_at.probes[probe].scores[enrolled], wanted.probes[probe].scores[enrolled]);
            }
        }
        assert!((2..16).contains(&replaced), "anna against cleo and back, but not everybody: {replaced}");
        assert_ne!(plain_at.probes[0].scores, other_at.probes[0].scores);
    }

    #[test]
    fn a_fit_sees_nobody_of_the_folds_that_are_left_out() {
        let casts = vec![("line".to_owned(), cast(0.0)), ("noise".to_owned(), cast(0.2))];
        assert_eq!(utterances(&casts, &[]).len(), 8, "each call over both lines");
        let left_out = fold("anna");
        let of_others = ["anna", "ben", "cleo", "dan"].iter().filter(|name| fold(name) != left_out).count();
        assert_eq!(utterances(&casts, &[left_out]).len(), 2 * of_others);
    }
}
