//! The figures of one model on one manifest at one length of net speech.

use super::bootstrap::{Draws, Estimate};
use super::metrics::Trials;
use super::ranking::Ranking;
use super::trials::Cast;
use crate::voice::Calibration;

#[derive(serde::Serialize)]
pub struct Figures {
    pub net_speech_ms: u32,
    /// Probes that have less.
    pub shorter: usize,
    /// Probes in which no speech was found.
    pub mute: usize,
    pub eer: Estimate,
    pub rank_1: Estimate,
    /// In galleries of [`HOUSEHOLD`] people, at each of [`FPIRS`].
    pub fnir: [Estimate; 2],
    /// In galleries of [`TOWN`] people and of all, at the lower of [`FPIRS`].
    pub fnir_of_many: [Option<f64>; 2],
    pub d_prime: Option<f64>,
    pub min_dcf: Option<f64>,
    /// `None` without a calibration.
    pub cllr: Option<f64>,
}

/// A household or a small shop.
pub const HOUSEHOLD: u32 = 5;
/// A small town's pizzeria.
pub const TOWN: u32 = 50;
/// Shares of strangers' searches that may end with a name.
pub const FPIRS: [f64; 2] = [0.05, 0.01];
/// Share of target trials in the detection cost (NIST SRE 2016 uses .01 and .005).
const TARGET_PRIOR: f64 = 0.01;

impl Figures {
    pub fn new(cast: &Cast, calibration: Option<&Calibration>, draws: &Draws, net_speech_ms: u32) -> Self {
        let matrix = cast.at(net_speech_ms);
        let ranking = Ranking::new(&matrix);
        let speakers = cast.speakers.len();
        let (once, everyone) = (vec![1; speakers], cast.enrolled.len() as u32);
        let llrs = |calibration| matrix.trials(|probe, enrolled| probe.llr(calibration, enrolled).0).cllr();
        let trials: Trials = matrix.trials(|probe, enrolled| probe.scores[enrolled].0);
        Self {
            net_speech_ms,
            shorter: matrix.probes.iter().filter(|probe| probe.short).count(),
            mute: matrix.probes.iter().filter(|probe| !probe.heard).count(),
            eer: draws.estimate(speakers, |drawn| ranking.eer(drawn)),
            rank_1: draws.estimate(speakers, |drawn| ranking.rank_1(drawn)),
            fnir: FPIRS.map(|fpir| draws.estimate(speakers, |drawn| ranking.fnir(drawn, HOUSEHOLD, fpir))),
            fnir_of_many: [TOWN, everyone].map(|size| ranking.fnir(&once, size, FPIRS[1])),
            d_prime: trials.d_prime(),
            min_dcf: trials.min_dcf(TARGET_PRIOR),
            cllr: calibration.and_then(llrs),
        }
    }
}
