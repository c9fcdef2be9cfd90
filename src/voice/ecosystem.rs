//! Speaker models as others publish them for sherpa-onnx, and anti-spoofing models in the same manner: what the metadata in
//! the file say of them.
//!
//! A model that is fed other features than it was made for gives scores that look like scores. So a file is believed only
//! where it says how it wants to be fed, and refused with the reason where it does not.

use std::collections::BTreeMap;
use std::fmt;

use tract_onnx::prelude::InferenceModel;

use super::VoiceError;
use crate::speech::kaldi::MAX_BANDS;
use crate::speech::{KaldiOptions, MelScale, Normalise, Taper};

/// Who made it, which settles what goes in and comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framework {
    WeSpeaker,
    ThreeDSpeaker,
    NeMo,
    /// No speaker model: it says whether a voice is spoofed (`voice/spoof.rs`).
    AntiSpoofing,
}

/// Whose numbers the features are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fidelity {
    /// Those that sherpa-onnx feeds the same file.
    #[default]
    Compat,
    /// Those of the training recipe, from which sherpa-onnx's differ in window, band edge and framing.
    Faithful,
}

/// A model file's word on itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    pub framework: Framework,
    pub features: KaldiOptions,
    /// Length of an embedding, or how many numbers are given instead.
    pub dimension: usize,
    /// Its place among the network's outputs.
    pub output: usize,
    pub language: String,
    /// What is said of the licence; most files say nothing.
    pub licence: Option<String>,
}

/// Bands of every model but NeMo's, which name theirs.
const BANDS: usize = 80;
/// What all published models want, and the only rate that the live path makes.
const SAMPLE_RATE_HZ: u32 = 16000;
/// Our own word: nobody has another for it yet.
pub const ANTI_SPOOFING: &str = "anti-spoofing";
/// No speaker model has more; it bounds what a wrong file can ask for.
const MAX_DIMENSION: usize = 4096;
/// The same for outputs.
const MAX_OUTPUT: u32 = 15;

/// The keys and values that an ONNX file carries (`metadata_props`).
pub type Metadata = BTreeMap<String, String>;

pub fn metadata(graph: &InferenceModel) -> Metadata {
    let entry = |(key, value): (&String, &std::sync::Arc<tract_onnx::prelude::Tensor>)| {
        let key = key.strip_prefix("onnx.metadata_props.")?;
        let text = value.to_plain_array_view::<String>().ok()?.iter().next()?.clone();
        Some((key.to_owned(), text))
    };
    graph.properties.iter().filter_map(entry).collect()
}

impl Framework {
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "wespeaker" => Some(Self::WeSpeaker),
            "3d-speaker" => Some(Self::ThreeDSpeaker),
            "nemo" => Some(Self::NeMo),
            ANTI_SPOOFING => Some(Self::AntiSpoofing),
            _ => None,
        }
    }
}

impl Description {
    pub fn new(metadata: &Metadata, fidelity: Fidelity) -> Result<Self, VoiceError> {
        let keys = Keys(metadata);
        let name = keys.text("framework")?;
        let framework = Framework::parse(name).ok_or_else(|| {
            VoiceError::Unusable(format!(
                "its framework is `{name}`; wespeaker, 3d-speaker, nemo and {ANTI_SPOOFING} are known"
            ))
        })?;
        keys.number("sample_rate", SAMPLE_RATE_HZ..=SAMPLE_RATE_HZ)?;
        let dimension = keys.number("output_dim", 1..=MAX_DIMENSION as u32)? as usize;
        let features = match framework {
            Framework::NeMo => nemo(&keys)?,
            _ => kaldi(&keys)?,
        };
        let output = match framework {
            Framework::WeSpeaker | Framework::ThreeDSpeaker => 0,
            // Logits come first.
            Framework::NeMo => 1,
            Framework::AntiSpoofing => keys.number("output", 0..=MAX_OUTPUT)? as usize,
        };
        let features = match fidelity {
            Fidelity::Compat => features,
            Fidelity::Faithful => as_trained(framework, features)?,
        };
        let licence = ["licence", "license"].iter().find_map(|key| metadata.get(*key)).cloned();
        let language = metadata.get("language").cloned().unwrap_or_default();
        Ok(Self { framework, features, dimension, output, language, licence })
    }
}

/// sherpa-onnx's, whatever the recipe was.
fn kaldi(keys: &Keys<'_>) -> Result<KaldiOptions, VoiceError> {
    // 0: as numbers of 16 bits; 1: as shares of full scale.
    let normalised = keys.number("normalize_samples", 0..=1)? == 1;
    Ok(KaldiOptions {
        sample_rate_hz: SAMPLE_RATE_HZ,
        bands: BANDS,
        mel_scale: MelScale::Kaldi,
        low_hz: 20.0,
        high_hz: HIGH_HZ,
        taper: Taper::Povey,
        frame_ms: 25,
        full_scale: if normalised { 1.0 } else { 32768.0 },
        remove_dc: true,
        snip_edges: false,
        normalise: keys.choice("feature_normalize_type", &[("", Normalise::None), ("global-mean", Normalise::Mean)])?,
    })
}

fn nemo(keys: &Keys<'_>) -> Result<KaldiOptions, VoiceError> {
    keys.number("window_stride_ms", 10..=10)?;
    let tapers = [
        ("", Taper::Povey),
        ("povey", Taper::Povey),
        ("hann", Taper::HannPeriodic),
        ("hanning", Taper::Hann),
        ("hamming", Taper::Hamming),
    ];
    let normalises = [("", Normalise::None), ("per_feature", Normalise::MeanAndDeviation)];
    Ok(KaldiOptions {
        sample_rate_hz: SAMPLE_RATE_HZ,
        bands: keys.number("feat_dim", 3..=MAX_BANDS as u32)? as usize,
        mel_scale: MelScale::Slaney,
        low_hz: 0.0,
        high_hz: HIGH_HZ,
        taper: keys.choice("window_type", &tapers)?,
        frame_ms: keys.number("window_size_ms", 20..=32)?,
        full_scale: 1.0,
        remove_dc: false,
        snip_edges: true,
        normalise: keys.choice("feature_normalize_type", &normalises)?,
    })
}

/// sherpa-onnx ends 400 Hz under the Nyquist frequency, whatever the model (features.h).
const HIGH_HZ: f32 = 7600.0;

/// WeSpeaker: processor.py (Hamming, whole band, no mirrored edges, mean taken away). 3D-Speaker: processor.py (the same
/// with Kaldi's own window, on shares of full scale).
fn as_trained(framework: Framework, compat: KaldiOptions) -> Result<KaldiOptions, VoiceError> {
    let (taper, full_scale) = match framework {
        Framework::WeSpeaker => (Taper::Hamming, 32768.0),
        Framework::ThreeDSpeaker => (Taper::Povey, 1.0),
        Framework::NeMo | Framework::AntiSpoofing => {
            return Err(VoiceError::Unusable(format!("features as trained are not known for models of {framework}")));
        }
    };
    let high_hz = SAMPLE_RATE_HZ as f32 / 2.0;
    Ok(KaldiOptions { taper, full_scale, high_hz, snip_edges: true, normalise: Normalise::Mean, ..compat })
}

pub struct Keys<'a>(pub &'a Metadata);

impl Keys<'_> {
    pub fn text(&self, key: &str) -> Result<&str, VoiceError> {
        self.0.get(key).map(String::as_str).ok_or_else(|| {
            let have: Vec<&str> = self.0.keys().map(String::as_str).collect();
            let have = if have.is_empty() { "none at all".to_owned() } else { have.join(", ") };
            VoiceError::Unusable(format!(
                "its metadata lack `{key}`, without which nobody knows how to feed it (there is {have})"
            ))
        })
    }

    pub fn number(&self, key: &str, allowed: std::ops::RangeInclusive<u32>) -> Result<u32, VoiceError> {
        let text = self.text(key)?;
        text.trim().parse().ok().filter(|number| allowed.contains(number)).ok_or_else(|| {
            let (low, high) = allowed.into_inner();
            let wanted = if low == high { low.to_string() } else { format!("{low} to {high}") };
            VoiceError::Unusable(format!("its metadata say {key} = {text}; {wanted} can be used"))
        })
    }

    /// A key that is not there counts as empty.
    fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<T, VoiceError> {
        let text = self.0.get(key).map_or("", String::as_str);
        choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice).ok_or_else(|| {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).filter(|name| !name.is_empty()).collect();
            VoiceError::Unusable(format!("its metadata say {key} = {text}; {} can be used", names.join(", ")))
        })
    }

    /// The same of a key that must be there.
    pub fn one_of<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<T, VoiceError> {
        self.text(key)?;
        self.choice(key, choices)
    }
}

impl fmt::Display for Framework {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WeSpeaker => "WeSpeaker",
            Self::ThreeDSpeaker => "3D-Speaker",
            Self::NeMo => "NeMo",
            Self::AntiSpoofing => ANTI_SPOOFING,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(entries: &[(&str, &str)]) -> Metadata {
        let common = [("sample_rate", "16000"), ("output_dim", "192"), ("language", "English")];
        common.iter().chain(entries).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    const WESPEAKER: &[(&str, &str)] = &[("framework", "wespeaker"), ("normalize_samples", "0")];
    const NEMO: &[(&str, &str)] =
        &[("framework", "nemo"), ("feat_dim", "64"), ("window_size_ms", "25"), ("window_stride_ms", "10")];

    #[test]
    fn the_file_says_what_it_reads() {
        let read = Description::new(&metadata(WESPEAKER), Fidelity::Compat).unwrap();
        assert_eq!((read.framework, read.dimension, read.features.bands), (Framework::WeSpeaker, 192, 80));
        assert_eq!((read.features.full_scale, read.features.normalise), (32768.0, Normalise::None));
        let read = Description::new(&metadata(NEMO), Fidelity::Compat).unwrap();
        assert_eq!(
            (read.features.bands, read.features.mel_scale, read.features.taper),
            (64, MelScale::Slaney, Taper::Povey)
        );
    }

    #[test]
    fn trained_otherwise_is_fed_otherwise_where_that_is_known() {
        let read = Description::new(&metadata(WESPEAKER), Fidelity::Faithful).unwrap();
        assert_eq!(
            (read.features.taper, read.features.high_hz, read.features.snip_edges),
            (Taper::Hamming, 8000.0, true)
        );
        assert!(Description::new(&metadata(NEMO), Fidelity::Faithful).is_err());
    }

    #[test]
    fn an_anti_spoofing_model_reads_what_a_speaker_model_reads_and_says_which_output_counts() {
        let mut file = metadata(WESPEAKER);
        file.extend([("framework", "anti-spoofing"), ("output", "2")].map(|(key, v)| (key.to_owned(), v.to_owned())));
        let read = Description::new(&file, Fidelity::Compat).unwrap();
        let speaker = Description::new(&metadata(WESPEAKER), Fidelity::Compat).unwrap();
        assert_eq!((read.framework, read.output, read.features), (Framework::AntiSpoofing, 2, speaker.features));
        file.remove("output");
        let sentence = Description::new(&file, Fidelity::Compat).unwrap_err().to_string();
        assert!(sentence.contains("lack `output`"), "{sentence}");
    }

    #[test]
    fn what_cannot_be_fed_is_refused_with_the_key() {
        let refused = |base: &[(&str, &str)], key: &str, value: Option<&str>| {
            let mut metadata = metadata(base);
            metadata.remove(key);
            metadata.extend(value.map(|value| (key.to_owned(), value.to_owned())));
            Description::new(&metadata, Fidelity::Compat).unwrap_err().to_string()
        };
        for (base, key, value, said) in [
            (WESPEAKER, "framework", None, "lack `framework`"),
            (WESPEAKER, "framework", Some("speechbrain"), "framework is `speechbrain`"),
            (WESPEAKER, "sample_rate", Some("8000"), "sample_rate = 8000; 16000 can be used"),
            (WESPEAKER, "output_dim", Some("0"), "output_dim = 0"),
            (WESPEAKER, "output_dim", Some("many"), "output_dim = many"),
            (WESPEAKER, "normalize_samples", None, "lack `normalize_samples`"),
            (WESPEAKER, "feature_normalize_type", Some("per_feature"), "feature_normalize_type = per_feature"),
            (NEMO, "feat_dim", Some("1000"), "feat_dim = 1000; 3 to 128"),
            (NEMO, "window_stride_ms", Some("20"), "window_stride_ms = 20; 10 can be used"),
            (NEMO, "window_type", Some("sine"), "window_type = sine"),
        ] {
            let sentence = refused(base, key, value);
            assert!(sentence.contains(said), "{sentence}");
        }
        assert!(Description::new(&Metadata::new(), Fidelity::Compat).unwrap_err().to_string().contains("none at all"));
    }
}
