//! Every probe against everyone enrolled, at one length of net speech.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::{Role, Row};
use super::metrics::{Search, Searches, Trials};
use super::recordings::Heard;
use crate::base::UnixMillis;
use crate::voice::{Calibration, Gallery, Llr, ModelId, Pooled, Quality, Score, Voiceprint};

/// The people of one manifest and what was heard of them.
pub struct Cast {
    pub gallery: Gallery<String>,
    /// In order of name.
    pub enrolled: Vec<String>,
    pub probes: Vec<Probe>,
    /// People with probes and without a voiceprint.
    pub strangers: usize,
    /// Enrolled with less speech than `enroll` would take.
    pub thin: usize,
    /// Mean embedding of each recording in which speech was found, by its call.
    recordings: Vec<(String, Vec<f32>)>,
}

pub struct Probe {
    pub speaker: String,
    pub name: String,
    heard: Heard,
}

impl Cast {
    pub fn new(model: &ModelId, rows: &[Row], heard: Vec<Heard>, usable_ms: u32) -> anyhow::Result<Self> {
        let recordings =
            rows.iter().zip(&heard).filter_map(|(row, heard)| Some((row.call.clone(), heard.mean()?))).collect();
        let (mut pools, mut probes) = (BTreeMap::<String, (Pooled, u32, u32)>::new(), Vec::new());
        for (row, heard) in rows.iter().zip(heard) {
            match row.role {
                Role::Enroll => {
                    let (pool, net_speech_ms, calls) = pools.entry(row.speaker.clone()).or_default();
                    heard.windows.iter().for_each(|window| pool.add(&window.embedding));
                    *net_speech_ms += heard.net_speech_ms;
                    *calls += 1;
                }
                Role::Probe => {
                    probes.push(Probe { speaker: row.speaker.clone(), name: row.call.clone(), heard });
                }
            }
        }
        let mut gallery = Gallery::new(model.clone());
        let (mut enrolled, mut thin) = (Vec::new(), 0);
        for (speaker, (pool, net_speech_ms, calls)) in pools {
            let Some(embedding) = pool.embedding() else { continue };
            thin += usize::from(net_speech_ms < usable_ms);
            let model = model.clone();
            gallery.insert(
                speaker.clone(),
                Voiceprint { model, embedding, net_speech_ms, calls, enrolled_at: UnixMillis(0) },
            )?;
            enrolled.push(speaker);
        }
        let mut cast = Self { strangers: 0, gallery, enrolled, probes, thin, recordings };
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

    /// The scores after `ms` of net speech, or after all that a recording has.
    pub fn at(&self, ms: u32) -> Matrix {
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
                own: self.enrolled.binary_search(&probe.speaker).ok(),
                quality,
                heard: embedding.is_some(),
                short: probe.heard.net_speech_ms < ms,
            }
        });
        Matrix { probes: probes.collect() }
    }
}

/// Recordings of one call over several lines, one group a call.
pub fn utterances(casts: &[(String, Cast)]) -> Vec<Vec<Vec<f32>>> {
    let mut by_call = BTreeMap::<&str, Vec<Vec<f32>>>::new();
    for (call, mean) in casts.iter().flat_map(|(_, cast)| &cast.recordings) {
        by_call.entry(call).or_default().push(mean.clone());
    }
    by_call.into_values().filter(|lines| lines.len() > 1).collect()
}

/// A probe in which no speech was found is a miss for everyone.
const UNHEARD: Score = Score(-1.0);

pub struct Matrix {
    pub probes: Vec<Scored>,
}

pub struct Scored {
    /// Against [`Cast::enrolled`], in its order.
    pub scores: Vec<Score>,
    /// Who it is, among the enrolled.
    pub own: Option<usize>,
    pub quality: Quality,
    pub heard: bool,
    pub short: bool,
}

impl Scored {
    pub fn llr(&self, calibration: &Calibration, enrolled: usize) -> Llr {
        if self.heard { calibration.llr(self.scores[enrolled], self.quality) } else { Llr(0.0) }
    }
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

    /// Share of the enrolled people's probes whose own print scores highest.
    pub fn rank_1(&self) -> Option<f64> {
        let everyone: Vec<usize> = (0..self.probes.first()?.scores.len()).collect();
        let searches: Vec<Search> = self
            .probes
            .iter()
            .filter(|probe| probe.own.is_some())
            .filter_map(|probe| probe.search(&everyone))
            .collect();
        let right = searches.iter().filter(|search| search.right).count();
        (!searches.is_empty()).then(|| right as f64 / searches.len() as f64)
    }

    /// Every probe searched in each of `galleries`, which hold positions in [`Cast::enrolled`].
    pub fn searches(&self, galleries: &[Vec<usize>]) -> Searches {
        let mut searches = Searches::default();
        for gallery in galleries {
            for probe in &self.probes {
                let Some(search) = probe.search(gallery) else { continue };
                if probe.own.is_some_and(|own| gallery.contains(&own)) {
                    searches.enrolled.push(search);
                } else {
                    searches.strangers.push(search.best);
                }
            }
        }
        searches
    }
}

impl Scored {
    fn search(&self, gallery: &[usize]) -> Option<Search> {
        let best = gallery.iter().copied().max_by(|a, b| self.scores[*a].0.total_cmp(&self.scores[*b].0))?;
        Some(Search { best: self.scores[best].0, right: self.heard && self.own == Some(best) })
    }
}
