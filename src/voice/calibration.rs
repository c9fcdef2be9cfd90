//! From a cosine to a likelihood ratio, so that a chance on the screen is a chance.
//!
//! A threshold copied from elsewhere fails: a score means more after ten seconds than after two, and less on a noisy
//! line. Logistic regression on trials of other people (Brümmer and du Preez, 2006) learns how much.

use serde::{Deserialize, Serialize};

use super::{Llr, ModelId, Score, SiteCalibration, VoiceError};

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
    /// What the shop's own calls say of the ratios; not in the file.
    #[serde(skip)]
    pub site: SiteCalibration,
}

/// llr = bias + score * s + speech * d + score_speech * s * d + snr * q, with the score s, d = ln(net speech / 5 s) and
/// q = (signal-to-noise ratio - 20 dB) / 10 dB.
///
/// The same score says less on a clean line, where the caller's own print would score higher. On speakers left out of the fit
/// (all conditions and lengths) Cllr is .099 with and .101 without that, on the clean line alone .035 and .045.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    pub bias: f64,
    pub score: f64,
    pub speech: f64,
    pub score_speech: f64,
    /// Missing in files from before it was fitted.
    #[serde(default)]
    pub snr: f64,
}

/// Beyond what was fitted nothing is known: the quality is taken as the nearest that was seen, and no ratio is larger
/// than the number of trials can show (one error in N is the least that N trials can tell from none).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub net_speech_ms: [u32; 2],
    /// Missing in files from before it was fitted; without a weight it does not matter.
    #[serde(default)]
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
        self.site.apply(Llr(sum.clamp(self.limits.llr[0], self.limits.llr[1]) as f32))
    }
}

/// What the weights multiply, in their order.
pub fn features(score: Score, quality: Quality, limits: &Limits) -> [f64; Weights::COUNT] {
    let s = f64::from(score.0);
    let net_speech_ms = quality.net_speech_ms.clamp(limits.net_speech_ms[0], limits.net_speech_ms[1]);
    let d = (f64::from(net_speech_ms) / 5000.0).ln();
    let q = (f64::from(quality.snr_db.clamp(limits.snr_db[0], limits.snr_db[1])) - 20.0) / 10.0;
    [1.0, s, d, s * d, q]
}

impl Weights {
    pub const COUNT: usize = 5;

    pub fn array(&self) -> [f64; Self::COUNT] {
        [self.bias, self.score, self.speech, self.score_speech, self.snr]
    }

    pub fn from_array([bias, score, speech, score_speech, snr]: [f64; Self::COUNT]) -> Self {
        Self { bias, score, speech, score_speech, snr }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::ModelSource;

    const TEXT: &str = r#"
        model = "m-fe1"
        data = "made up"
        attribution = "nobody"
        weights = { bias = -10.0, score = 20.0, speech = -1.0, score_speech = 2.0, snr = -0.5 }
        limits = { net_speech_ms = [1600, 10000], snr_db = [12.0, 30.0], llr = [-4.0, 8.0] }
    "#;

    fn llr(score: f32, net_speech_ms: u32) -> f32 {
        Calibration::parse(TEXT).unwrap().llr(Score(score), Quality { net_speech_ms, snr_db: 20.0 }).0
    }

    #[test]
    fn the_formula_is_the_documented_one() {
        assert!((llr(0.6, 5000) - 2.0).abs() < 1e-5, "-10 + 20 * 0.6, and ln 1 is nothing");
        let d = 2f32.ln();
        assert!((llr(0.6, 10_000) - (2.0 - d + 1.2 * d)).abs() < 1e-5);
    }

    #[test]
    fn more_speech_than_was_fitted_on_counts_as_the_most_that_was() {
        assert_eq!(llr(0.6, 60_000), llr(0.6, 10_000));
        assert_eq!(llr(0.6, 0), llr(0.6, 1600));
    }

    #[test]
    fn a_noisy_line_asks_less_of_a_score_within_what_was_fitted() {
        let calibration = Calibration::parse(TEXT).unwrap();
        let at = |snr_db| calibration.llr(Score(0.6), Quality { net_speech_ms: 5000, snr_db }).0;
        assert!((at(30.0) - 1.5).abs() < 1e-5, "2 - .5 * (30 - 20) / 10");
        assert!((at(12.0) - 2.4).abs() < 1e-5);
        assert_eq!((at(0.0), at(60.0)), (at(12.0), at(30.0)));
    }

    #[test]
    fn a_file_without_a_weight_for_noise_is_read_as_before() {
        let before = TEXT.replace(", snr = -0.5", "").replace("snr_db = [12.0, 30.0], ", "");
        let calibration = Calibration::parse(&before).unwrap();
        for snr_db in [0.0, 20.0, 45.0] {
            assert!((calibration.llr(Score(0.6), Quality { net_speech_ms: 5000, snr_db }).0 - 2.0).abs() < 1e-5);
        }
    }

    #[test]
    fn no_score_says_more_than_the_trials_can_show() {
        assert_eq!((llr(1.0, 10_000), llr(-1.0, 5000)), (8.0, -4.0));
    }

    #[test]
    fn the_shops_own_line_goes_through_what_the_model_says() {
        let mut calibration = Calibration::parse(TEXT).unwrap();
        calibration.site = SiteCalibration { scale: 0.5, offset: -1.0 };
        let quality = Quality { net_speech_ms: 5000, snr_db: 20.0 };
        assert!(calibration.llr(Score(0.6), quality).0.abs() < 1e-5, "half of 2, less 1");
    }

    #[test]
    fn another_models_calibration_is_refused() {
        let calibration = Calibration::parse(TEXT).unwrap();
        assert!(calibration.must_be_for(&ModelId::new("m-fe1")).is_ok());
        let error = calibration.must_be_for(&ModelId::new("m-fe2")).unwrap_err();
        assert!(error.to_string().contains("m-fe1") && error.to_string().contains("m-fe2"), "{error}");
    }

    #[test]
    fn a_file_that_makes_no_sense_is_refused() {
        for (good, bad) in
            [("[-4.0, 8.0]", "[8.0, -4.0]"), ("[1600,", "[0,"), ("score = 20.0", "score = nan"), ("bias", "bas")]
        {
            assert!(matches!(Calibration::parse(&TEXT.replace(good, bad)), Err(VoiceError::Calibration(_))), "{bad}");
        }
    }

    #[test]
    fn the_calibrations_inside_the_program_grow_with_the_score_and_are_bounded() {
        for source in ModelSource::inside() {
            let stored = source.calibration(&source.id().unwrap()).unwrap();
            for net_speech_ms in [1600, 3200, 5000, 10_000] {
                let llrs: Vec<f32> = (-10..=10)
                    .map(|n| stored.llr(Score(n as f32 / 10.0), Quality { net_speech_ms, snr_db: 20.0 }).0)
                    .collect();
                assert!(llrs.is_sorted(), "{source}: {llrs:?}");
                assert!(llrs[0] < -3.0 && llrs[20] > 3.0 && llrs[20] < 12.0, "{source}: {llrs:?}");
            }
        }
    }
}
