//! From a cosine to a likelihood ratio, so that a chance on the screen is a chance.
//!
//! A threshold copied from elsewhere fails: a score means more after ten seconds than after two, and less on a noisy
//! line. Logistic regression on trials of other people (Brümmer and du Preez, 2006) learns how much.

use serde::{Deserialize, Serialize};

use super::{Llr, ModelId, Score, VoiceError};

/// How much there was to compare. Recorded with every score.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quality {
    /// Net speech of the probe behind the score.
    pub net_speech_ms: u32,
    /// Mean of the probe's windows.
    pub snr_db: f32,
}

/// Read from the TOML beside the model; made by `regulars eval voice --fit-calibration`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// The model whose scores these are.
    pub model: String,
    /// What it was fitted on, and by whose leave.
    pub data: String,
    pub attribution: String,
    pub weights: Weights,
    pub limits: Limits,
}

/// llr = bias + score * s + speech * d + score_speech * s * d + snr * q + score_snr * s * q, with the score s, the net
/// speech d = ln(net speech / 5 s) and the signal-to-noise ratio q in units of 10 dB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    pub bias: f64,
    pub score: f64,
    pub speech: f64,
    pub score_speech: f64,
    pub snr: f64,
    pub score_snr: f64,
}

/// Beyond what was fitted nothing is known: the quality is taken as the nearest that was seen, and no ratio is larger
/// than the number of trials can show (one error in N is the least that N trials can tell from none).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub net_speech_ms: [u32; 2],
    pub snr_db: [f32; 2],
    pub llr: [f64; 2],
}

impl Calibration {
    pub fn parse(text: &str) -> Result<Self, VoiceError> {
        let calibration: Self = toml::from_str(text).map_err(|error| VoiceError::Calibration(error.to_string()))?;
        let Limits { net_speech_ms, snr_db, llr } = calibration.limits;
        let ordered = net_speech_ms[0] <= net_speech_ms[1] && snr_db[0] <= snr_db[1] && llr[0] <= llr[1];
        if !ordered || net_speech_ms[0] == 0 || !calibration.weights.array().iter().all(|w| w.is_finite()) {
            return Err(VoiceError::Calibration("its limits are not in order, or a weight is not a number".into()));
        }
        Ok(calibration)
    }

    /// Refuses to be used with another model than its own.
    pub fn must_be_for(&self, model: &ModelId) -> Result<(), VoiceError> {
        if self.model == model.as_str() {
            return Ok(());
        }
        Err(VoiceError::ForeignModel { found: ModelId::new(self.model.as_str()), wanted: model.clone() })
    }

    pub fn llr(&self, score: Score, quality: Quality) -> Llr {
        let features = features(score, quality, &self.limits);
        let sum: f64 = features.iter().zip(self.weights.array()).map(|(feature, weight)| feature * weight).sum();
        Llr(sum.clamp(self.limits.llr[0], self.limits.llr[1]) as f32)
    }
}

/// What the weights multiply, in their order.
pub fn features(score: Score, quality: Quality, limits: &Limits) -> [f64; Weights::COUNT] {
    let s = f64::from(score.0);
    let net_speech_ms = quality.net_speech_ms.clamp(limits.net_speech_ms[0], limits.net_speech_ms[1]);
    let d = (f64::from(net_speech_ms) / 5000.0).ln();
    let q = f64::from(quality.snr_db.clamp(limits.snr_db[0], limits.snr_db[1])) / 10.0;
    [1.0, s, d, s * d, q, s * q]
}

impl Weights {
    pub const COUNT: usize = 6;

    pub fn array(&self) -> [f64; Self::COUNT] {
        [self.bias, self.score, self.speech, self.score_speech, self.snr, self.score_snr]
    }

    pub fn from_array([bias, score, speech, score_speech, snr, score_snr]: [f64; Self::COUNT]) -> Self {
        Self { bias, score, speech, score_speech, snr, score_snr }
    }
}
