//! The figures of one model on one manifest at one length of net speech.

use super::bootstrap::{Draws, Estimate};
use super::calibrated::Calibrated;
use super::ranking::Ranking;
use super::trials::Cast;
use crate::voice::Trials;

#[derive(serde::Serialize)]
pub struct Figures {
    pub net_speech_ms: u32,
    /// Probes that have less.
    pub shorter: usize,
    /// Probes in which no speech was found.
    pub mute: usize,
    pub eer: Estimate,
    pub rank_1: Estimate,
    /// In galleries of [`HOUSEHOLD`] people, of [`TOWN`] and of all.
    pub fnir: [OfSize; 3],
    pub d_prime: Option<f64>,
    pub min_dcf: Option<f64>,
    /// What the best calibration of these very trials would leave of [`Self::cllr`]; of the bare scores without one.
    pub min_cllr: Option<f64>,
    /// `None` without a calibration.
    pub cllr: Option<f64>,
}

/// Searches in galleries of so many people.
#[derive(serde::Serialize)]
pub struct OfSize {
    pub size: u32,
    /// At each of [`FPIRS`].
    pub fnir: [Estimate; 3],
}

/// A household or a small shop.
pub const HOUSEHOLD: u32 = 5;
/// A small town's pizzeria.
pub const TOWN: u32 = 50;
/// Shares of strangers' searches that may end with a name.
pub const FPIRS: [f64; 3] = [0.01, 0.05, 0.1];
/// Share of target trials in the detection cost (NIST SRE 2016 uses .01 and .005).
const TARGET_PRIOR: f64 = 0.01;

impl Figures {
    pub fn new(cast: &Cast, calibration: Option<&Calibrated>, draws: &Draws, net_speech_ms: u32) -> Self {
        let matrix = cast.at(net_speech_ms);
        let ranking = Ranking::new(&matrix);
        let speakers = cast.speakers.len();
        let scores: Trials = matrix.trials(|probe, enrolled| probe.scores[enrolled].0);
        let llrs = calibration.map(|calibration| matrix.trials(|probe, n| calibration.llr(&matrix, probe, n).0));
        let fnir = |size| {
            let at = |fpir| draws.estimate(speakers, |drawn| ranking.fnir(drawn, size, fpir));
            OfSize { size, fnir: FPIRS.map(at) }
        };
        Self {
            net_speech_ms,
            shorter: matrix.probes.iter().filter(|probe| probe.short).count(),
            mute: matrix.probes.iter().filter(|probe| !probe.heard).count(),
            eer: draws.estimate(speakers, |drawn| ranking.eer(drawn)),
            rank_1: draws.estimate(speakers, |drawn| ranking.rank_1(drawn)),
            fnir: [HOUSEHOLD, TOWN, cast.enrolled.len() as u32].map(fnir),
            d_prime: scores.d_prime(),
            min_dcf: scores.min_dcf(TARGET_PRIOR),
            min_cllr: llrs.as_ref().unwrap_or(&scores).min_cllr(),
            cllr: llrs.as_ref().and_then(Trials::cllr),
        }
    }
}
