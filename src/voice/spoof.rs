//! Whether a voice is synthetic or played back, by the word of an anti-spoofing model of others: advice to an agent, and
//! nothing else (docs/decisions/0018-heard-before.md).
//!
//! Nobody publishes such files with a description, so the metadata are our own words (docs/reference/models.md).

use std::fmt;
use std::sync::Arc;

use tract_onnx::prelude::*;

use super::VoiceError;
use super::ecosystem::{self, ANTI_SPOOFING, Description, Fidelity, Keys, Metadata};
use super::ecosystem_golden::windows;
use super::ecosystem_network::EcosystemNetwork;
use crate::speech::KaldiOptions;

/// A loaded and tried model. Cheap to clone; every clone runs the same plan.
#[derive(Clone)]
pub struct SpoofModel {
    name: Arc<str>,
    network: Arc<EcosystemNetwork>,
    scoring: Scoring,
}

/// What a call must know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct SpoofRule {
    /// Its name, for people.
    pub model: Arc<str>,
    /// A mean score above it is worth a word, 0 to 1.
    pub threshold: f32,
}

/// What the network's numbers mean.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scoring {
    unit: Unit,
    spoofed: Spoofed,
    threshold: f32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    Probability,
    /// Natural logarithm of odds, or of anything in proportion to the classes' probabilities.
    Logit,
}

/// Which of them speaks for spoofing.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Spoofed {
    Class(usize),
    /// There is one number, and it is the higher the more likely the voice is spoofed.
    Higher,
    Lower,
}

impl SpoofModel {
    /// Refuses what does not say how it is fed and what it gives, and what gives something else for plain sounds.
    pub fn from_bytes(name: &str, model: &[u8]) -> Result<Self, VoiceError> {
        let graph = onnx().model_for_read(&mut &*model).map_err(|error| VoiceError::Model(format!("{error:#}")))?;
        let metadata = ecosystem::metadata(&graph);
        let description = Description::new(&metadata, Fidelity::Compat)?;
        if description.framework != ecosystem::Framework::AntiSpoofing {
            return Err(VoiceError::Unusable(format!(
                "it is a speaker model of {}, which belongs into voice.model; the framework `{ANTI_SPOOFING}` is wanted",
                description.framework
            )));
        }
        let scoring = Scoring::new(&metadata, description.dimension)?;
        let network = Arc::new(EcosystemNetwork::new(graph, description)?);
        let model = Self { name: name.into(), network, scoring };
        for (clip, window) in windows(model.features())? {
            model
                .score(&window.mels)
                .map_err(|error| VoiceError::Unusable(format!("with the golden clip {clip}, {error}")))?;
        }
        Ok(model)
    }

    /// Whether a file calls itself a model of this kind.
    pub fn is_one(model: &[u8]) -> bool {
        let file = onnx().proto_model_for_read(&mut &*model);
        file.is_ok_and(|file| {
            file.metadata_props.iter().any(|entry| entry.key == "framework" && entry.value == ANTI_SPOOFING)
        })
    }

    /// What its windows must hold.
    pub fn features(&self) -> KaldiOptions {
        self.network.description().features
    }

    pub fn rule(&self) -> SpoofRule {
        SpoofRule { model: self.name.clone(), threshold: self.scoring.threshold }
    }

    /// How likely the voice in this window is spoofed, 0 to 1, as far as the model's own numbers mean that.
    pub fn score(&self, rows: &[f32]) -> Result<f32, VoiceError> {
        let values = self.network.run(rows)?;
        self.scoring
            .probability(&values)
            .ok_or_else(|| VoiceError::Inference("the anti-spoofing model gave what is no probability".into()))
    }
}

/// For people: what it is called, reads and promises.
impl fmt::Display for SpoofModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let description = self.network.description();
        let licence = description.licence.as_deref().unwrap_or("it does not say which");
        write!(
            f,
            "{}, {} bands, says so above {}, licence: {licence}",
            self.name, description.features.bands, self.scoring.threshold
        )
    }
}

impl Scoring {
    /// `outputs`: how many numbers the network gives.
    fn new(metadata: &Metadata, outputs: usize) -> Result<Self, VoiceError> {
        let keys = Keys(metadata);
        let unit = keys.one_of("score", &[("probability", Unit::Probability), ("logit", Unit::Logit)])?;
        let spoofed = match outputs {
            1 => keys.one_of("higher_is", &[("spoof", Spoofed::Higher), ("bona-fide", Spoofed::Lower)])?,
            _ => Spoofed::Class(keys.number("spoof_class", 0..=outputs as u32 - 1)? as usize),
        };
        let text = keys.text("threshold")?;
        let threshold = text.trim().parse().ok().filter(|threshold| *threshold > 0.0 && *threshold < 1.0);
        let threshold = threshold.ok_or_else(|| {
            VoiceError::Unusable(format!(
                "its metadata say threshold = {text}; a probability between 0 and 1 can be used"
            ))
        })?;
        Ok(Self { unit, spoofed, threshold })
    }

    /// `None` for what is no probability.
    fn probability(&self, values: &[f32]) -> Option<f32> {
        let chance = match (self.spoofed, self.unit) {
            (Spoofed::Class(class), Unit::Probability) => *values.get(class)?,
            (Spoofed::Class(class), Unit::Logit) => {
                let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let share = |value: &f32| (value - most).exp();
                share(values.get(class)?) / values.iter().map(share).sum::<f32>()
            }
            (Spoofed::Higher, Unit::Probability) => *values.first()?,
            (Spoofed::Lower, Unit::Probability) => 1.0 - values.first()?,
            (Spoofed::Higher, Unit::Logit) => 1.0 / (1.0 + (-values.first()?).exp()),
            (Spoofed::Lower, Unit::Logit) => 1.0 / (1.0 + values.first()?.exp()),
        };
        // What is no number lies in no range.
        (0.0..=1.0).contains(&chance).then_some(chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scoring(outputs: usize, entries: &[(&str, &str)]) -> Result<Scoring, VoiceError> {
        let metadata = entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Scoring::new(&metadata, outputs)
    }

    fn chance(unit: &str, key: &str, value: &str, values: &[f32]) -> Option<f32> {
        scoring(values.len(), &[("score", unit), (key, value), ("threshold", "0.5")]).unwrap().probability(values)
    }

    #[test]
    fn whatever_a_model_gives_becomes_a_chance_of_being_spoofed() {
        let ln3 = 3f32.ln();
        for (unit, key, value, values, wanted) in [
            ("probability", "spoof_class", "1", &[0.9, 0.1][..], 0.1),
            ("probability", "spoof_class", "0", &[0.9, 0.1], 0.9),
            ("logit", "spoof_class", "1", &[7.0, 7.0 + ln3], 0.75),
            ("logit", "spoof_class", "2", &[0.0, 0.0, 2f32.ln()], 0.5),
            ("probability", "higher_is", "spoof", &[0.2], 0.2),
            ("probability", "higher_is", "bona-fide", &[0.2], 0.8),
            ("logit", "higher_is", "spoof", &[ln3], 0.75),
            ("logit", "higher_is", "bona-fide", &[ln3], 0.25),
        ] {
            let found = chance(unit, key, value, values).unwrap();
            assert!((found - wanted).abs() < 1e-6, "{unit} {key} = {value} of {values:?}: {found}");
        }
        assert_eq!(chance("logit", "higher_is", "spoof", &[1000.0]), Some(1.0));
        assert_eq!(chance("logit", "spoof_class", "0", &[-1000.0, 1000.0]), Some(0.0));
    }

    #[test]
    fn what_is_no_probability_is_none() {
        for value in [f32::NAN, f32::INFINITY, -0.1, 1.1] {
            assert_eq!(chance("probability", "higher_is", "spoof", &[value]), None);
            assert_eq!(chance("probability", "spoof_class", "1", &[0.5, value]), None);
        }
        assert_eq!(chance("logit", "higher_is", "spoof", &[f32::NAN]), None);
        assert_eq!(chance("logit", "spoof_class", "0", &[0.0, f32::NAN]), None);
        assert_eq!(chance("logit", "spoof_class", "0", &[f32::NEG_INFINITY; 2]), None);
    }

    #[test]
    fn a_file_that_leaves_open_what_its_numbers_mean_is_refused_with_the_key() {
        let unit = ("score", "logit");
        for (outputs, entries, said) in [
            (2, &[("spoof_class", "1"), ("threshold", "0.5")][..], "lack `score`"),
            (2, &[("score", "cosine"), ("threshold", "0.5")], "score = cosine; probability, logit can be used"),
            (2, &[unit, ("higher_is", "spoof"), ("threshold", "0.5")], "lack `spoof_class`"),
            (2, &[unit, ("spoof_class", "2"), ("threshold", "0.5")], "spoof_class = 2; 0 to 1 can be used"),
            (1, &[unit, ("spoof_class", "0"), ("threshold", "0.5")], "lack `higher_is`"),
            (1, &[unit, ("higher_is", "better"), ("threshold", "0.5")], "higher_is = better; spoof, bona-fide can"),
            (1, &[unit, ("higher_is", "spoof")], "lack `threshold`"),
            (1, &[unit, ("higher_is", "spoof"), ("threshold", "1.0")], "threshold = 1.0; a probability"),
            (1, &[unit, ("higher_is", "spoof"), ("threshold", "NaN")], "threshold = NaN; a probability"),
        ] {
            let sentence = scoring(outputs, entries).unwrap_err().to_string();
            assert!(sentence.contains(said), "{sentence}");
        }
    }
}
