//! How often the card was right, by the word of the agents who answered: every call in which a voice was compared and
//! somebody then said who it was is a labelled search (ISO/IEC 19795-1).
//!
//! Agents speak up more readily when the card is wrong, and some never do, so these are figures of the calls that were
//! judged and not of all.

use crate::base::{CallId, Line, UnixMillis};
use crate::customer::CustomerId;
use crate::voice::{Bandwidth, Quality, Score};

use super::State;
use super::decision::RECOGNISE_AT_MS;

/// A call that an agent has judged.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedCall {
    pub call: CallId,
    pub at: UnixMillis,
    pub line: Line,
    /// Of the line.
    pub bandwidth: Bandwidth,
    /// Of the speech that was compared.
    pub quality: Quality,
    /// What the card said when the agent spoke.
    pub state: State,
    /// The likeliest of those whose voice was compared, and the stated chance.
    pub named: Option<(CustomerId, f32)>,
    /// `None`: nobody who agreed to be known by voice.
    pub truth: Option<CustomerId>,
    pub trials: Vec<Trial>,
}

/// A voiceprint that was compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    pub customer: CustomerId,
    pub score: Score,
    /// Calls behind the voiceprint.
    pub enrolled_calls: u32,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    pub errors: u32,
    pub of: u32,
}

/// What is to be said of some calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    pub calls: u32,
    /// Judged before there was speech enough for a name, and so left out of the rates.
    pub too_early: u32,
    /// False-negative identification: of the callers whose print was compared, those whom the card did not recognise, or
    /// took for another.
    pub fnir: Rate,
    /// False-positive identification: of the callers whose print was not among those compared, those whom the card
    /// recognised as somebody.
    pub fpir: Rate,
    /// Calls in which a wrong name stood there as recognised, of all.
    pub wrong_name: Rate,
    /// What was stated and what came true, by the chance stated: the bins of [`BINS`].
    pub calibration: Vec<Bin>,
}

/// Calls whose likeliest person had a chance between two of [`BINS`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    pub calls: u32,
    /// Mean of the chances.
    pub stated: f64,
    /// In which that person it was.
    pub right: u32,
}

impl Bin {
    pub fn came_true(&self) -> Rate {
        Rate { errors: self.right, of: self.calls }
    }
}

/// Upper ends: where a card changes what it says, and in between.
pub const BINS: [f32; 5] = [0.3, 0.6, 0.8, 0.95, 1.0];

impl JudgedCall {
    /// Whether the caller's own print was compared: a mated search.
    pub fn is_mated(&self) -> bool {
        self.truth.as_ref().is_some_and(|truth| self.trials.iter().any(|trial| trial.customer == *truth))
    }

    pub fn is_target(&self, trial: &Trial) -> bool {
        self.truth.as_ref() == Some(&trial.customer)
    }

    /// Judged before there was speech enough for a name.
    pub fn is_too_early(&self) -> bool {
        self.quality.net_speech_ms < RECOGNISE_AT_MS
    }

    fn recognised(&self) -> Option<&CustomerId> {
        self.named.as_ref().map(|(who, _)| who).filter(|_| self.state == State::Recognised)
    }
}

impl Figures {
    pub fn of<'a>(calls: impl IntoIterator<Item = &'a JudgedCall>) -> Figures {
        let mut figures = Figures { calibration: vec![Bin::default(); BINS.len()], ..Figures::default() };
        for call in calls {
            figures.add(call);
        }
        for bin in &mut figures.calibration {
            bin.stated /= f64::from(bin.calls.max(1));
        }
        figures
    }

    /// All bins in one.
    pub fn stated(&self) -> Bin {
        let (calls, right) = self.calibration.iter().fold((0, 0), |(c, r), bin| (c + bin.calls, r + bin.right));
        let sum: f64 = self.calibration.iter().map(|bin| bin.stated * f64::from(bin.calls)).sum();
        Bin { calls, right, stated: sum / f64::from(calls.max(1)) }
    }

    fn add(&mut self, call: &JudgedCall) {
        self.calls += 1;
        if call.is_too_early() {
            self.too_early += 1;
            return;
        }
        let recognised = call.recognised();
        let wrong = recognised.is_some() && recognised != call.truth.as_ref();
        self.wrong_name.add(wrong);
        if call.is_mated() {
            self.fnir.add(recognised.is_none() || wrong);
        } else {
            self.fpir.add(recognised.is_some());
        }
        if let Some((who, chance)) = &call.named {
            let at = BINS.partition_point(|end| end < chance).min(BINS.len() - 1);
            if let Some(bin) = self.calibration.get_mut(at) {
                bin.calls += 1;
                bin.stated += f64::from(*chance);
                bin.right += u32::from(call.truth.as_ref() == Some(who));
            }
        }
    }
}

impl Rate {
    fn add(&mut self, error: bool) {
        self.of += 1;
        self.errors += u32::from(error);
    }

    /// `None` of nothing.
    pub fn value(self) -> Option<f64> {
        (self.of > 0).then(|| f64::from(self.errors) / f64::from(self.of))
    }

    /// Where the rate may lie, with 95 % confidence (Wilson, 1927): honest also for no error in a few calls.
    pub fn interval(self) -> Option<[f64; 2]> {
        Some(wilson(self.value()?, self.of))
    }
}

pub(super) fn wilson(p: f64, of: u32) -> [f64; 2] {
    /// The normal distribution's 97.5 % quantile.
    const Z: f64 = 1.959_964;
    let n = f64::from(of);
    let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    [(centre - half).max(0.0), (centre + half).min(1.0)]
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::voice::Calibration;

    /// A ratio of five times the score, at most e^5 to one.
    pub fn calibration() -> Calibration {
        let text = r#"
            model = "none-1"
            data = "made up"
            attribution = "nobody"
            weights = { bias = 0.0, score = 5.0, speech = 0.0, score_speech = 0.0 }
            limits = { net_speech_ms = [800, 10000], llr = [-5.0, 5.0] }"#;
        Calibration::parse(text).unwrap()
    }

    pub fn call(state: State, named: Option<(&str, f32)>, truth: Option<&str>, compared: &[&str]) -> JudgedCall {
        let trial = |who: &&str| Trial { customer: CustomerId::new(*who), score: Score(0.5), enrolled_calls: 1 };
        JudgedCall {
            call: CallId::new("call"),
            at: UnixMillis(0),
            line: Line::new("pizza"),
            bandwidth: Bandwidth::Narrow,
            quality: Quality { net_speech_ms: 5_000, snr_db: 20.0 },
            state,
            named: named.map(|(who, chance)| (CustomerId::new(who), chance)),
            truth: truth.map(CustomerId::new),
            trials: compared.iter().map(trial).collect(),
        }
    }

    #[test]
    fn each_kind_of_error_is_counted_where_it_belongs() {
        use State::{NotKnown, Recognised};
        let household = ["anna", "marco"];
        let calls = [
            call(Recognised, Some(("anna", 0.98)), Some("anna"), &household),
            call(NotKnown, Some(("anna", 0.1)), Some("anna"), &household),
            call(Recognised, Some(("anna", 0.96)), Some("marco"), &household),
            call(Recognised, Some(("anna", 0.97)), None, &household),
            call(NotKnown, Some(("anna", 0.2)), Some("giulia"), &household),
        ];
        let figures = Figures::of(&calls);
        assert_eq!(figures.fnir, Rate { errors: 2, of: 3 }, "one missed, one taken for another");
        assert_eq!(figures.fpir, Rate { errors: 1, of: 2 }, "Giulia has no print that was compared");
        assert_eq!(figures.wrong_name, Rate { errors: 2, of: 5 });
    }

    #[test]
    fn a_call_that_was_judged_before_there_was_speech_says_nothing_of_the_voice() {
        let mut early = call(State::Listening, Some(("anna", 0.5)), Some("anna"), &["anna"]);
        early.quality.net_speech_ms = RECOGNISE_AT_MS - 1;
        let figures = Figures::of(&[early]);
        assert_eq!((figures.calls, figures.too_early, figures.fnir), (1, 1, Rate::default()));
        assert_eq!(figures.fnir.value(), None);
    }

    #[test]
    fn what_was_stated_stands_beside_what_came_true() {
        let stated = |chance, truth| call(State::Probably, Some(("anna", chance)), Some(truth), &["anna"]);
        let figures = Figures::of(&[stated(0.7, "anna"), stated(0.8, "marco"), stated(0.99, "anna")]);
        let [_, _, middle, _, top] = figures.calibration[..] else { panic!("five bins") };
        assert_eq!((middle.calls, middle.right, top.calls, top.right), (2, 1, 1, 1));
        assert!((middle.stated - 0.75).abs() < 1e-6);
        let all = figures.stated();
        assert_eq!(all.came_true(), Rate { errors: 2, of: 3 });
        assert!((all.stated - 0.83).abs() < 1e-6);
    }

    /// The table of Newcombe (Statistics in Medicine 17, 1998, method 3).
    #[test]
    fn intervals_are_wilsons() {
        for (errors, of, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let [l, h] = Rate { errors, of }.interval().unwrap();
            assert!((l - low).abs() < 5e-5 && (h - high).abs() < 5e-5, "{errors} of {of}: {l} {h}");
        }
    }
}
