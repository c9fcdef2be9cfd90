//! Clips with known answers for a published model, written down when it was first found to work here.
//!
//! Nobody publishes such answers, so they cannot prove that the features are right; the comparison with sherpa-onnx in
//! tests/models does that for every framework. They prove at each start that file, front-end and engine still give what they
//! gave on the day when the voiceprints began.

use serde::{Deserialize, Serialize};

use super::ecosystem::Fidelity;
use super::ecosystem_network::LENGTHS;
use super::golden::Golden;
use super::{Embedder, ModelSource, VoiceError};
use crate::speech::{FeatureKind, KaldiFbank, KaldiOptions, Window};

/// model.golden.json of a published model; `regulars models check` writes it.
#[derive(Serialize, Deserialize)]
pub struct EcosystemGolden {
    format: u32,
    model_sha256: String,
    pub features: Fidelity,
    clips: Vec<Clip>,
}

#[derive(Serialize, Deserialize)]
struct Clip {
    name: String,
    /// One frame in the middle, as the model reads it.
    frame: Vec<f32>,
    embedding: Vec<f32>,
}

/// Tells the layout from that of the models inside the program, which is 1.
const FORMAT: u32 = 2;
const FRAME: usize = LENGTHS[0] / 2;
/// Features differ in the last digits between processors, and a deviation of one is a large number here.
const FRAME_TOLERANCE: f32 = 2e-3;
/// What embeddings of one file may differ between processors; another file's or front-end's differ far more.
const COSINE_MIN: f32 = 0.9999;
/// Two voices that a speaker model does not tell apart at all.
const SAME: f32 = 0.999_999;

impl EcosystemGolden {
    /// `None`: this is a golden file of another kind.
    pub fn recognise(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok().filter(|golden: &Self| golden.format == FORMAT)
    }

    pub fn must_be_for(&self, sha256: &str) -> Result<(), VoiceError> {
        if self.model_sha256 == sha256 {
            return Ok(());
        }
        Err(VoiceError::ForeignGolden { wanted: self.model_sha256.clone(), found: sha256.to_owned() })
    }

    /// Refuses a model that gives no numbers, or the same ones for a man and a woman.
    pub fn make(embedder: &Embedder, sha256: &str, features: Fidelity) -> Result<Self, VoiceError> {
        let windows = windows_of(embedder)?;
        let clips: Vec<Clip> =
            windows.iter().map(|(name, window)| clip(embedder, name, window)).collect::<Result<_, _>>()?;
        let alike = clips.windows(2).all(|pair| cosine(&pair[0].embedding, &pair[1].embedding) > SAME);
        if alike {
            return Err(VoiceError::Unusable("it gives the same embedding for different voices".into()));
        }
        Ok(Self { format: FORMAT, model_sha256: sha256.to_owned(), features, clips })
    }

    pub fn check(&self, embedder: &Embedder) -> Result<(), VoiceError> {
        let windows = windows_of(embedder)?;
        if self.clips.len() != windows.len() {
            return Err(VoiceError::Golden("it holds other clips than this program knows".into()));
        }
        for (wanted, (name, window)) in self.clips.iter().zip(&windows) {
            let disagree = |what| VoiceError::Disagreement { clip: name.clone(), what };
            let found = clip(embedder, name, window)?;
            let apart = found.frame.iter().zip(&wanted.frame).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            if found.frame.len() != wanted.frame.len() || apart > FRAME_TOLERANCE {
                return Err(disagree(format!("features differ by {apart:.1e}")));
            }
            let cosine = cosine(&found.embedding, &wanted.embedding);
            if cosine.is_nan() || cosine < COSINE_MIN {
                return Err(disagree(format!("the embedding has cosine {cosine:.5}, {COSINE_MIN} is wanted")));
            }
        }
        Ok(())
    }

    pub fn to_json(&self) -> Result<String, VoiceError> {
        serde_json::to_string(self).map_err(|error| VoiceError::Golden(error.to_string()))
    }
}

/// The wideband clips of the default model, voice-like sounds by a formula, as a model reads them that reads these features.
pub fn windows(features: KaldiOptions) -> Result<Vec<(String, Window)>, VoiceError> {
    let sounds = Golden::parse(&ModelSource::default().golden()?)?.wideband();
    let window = |(name, sound): (String, Vec<f32>)| {
        let mut rows = KaldiFbank::of_recording(features, &sound);
        rows.truncate(LENGTHS[0] * features.bands);
        features.normalise.apply(&mut rows, features.bands);
        (name, Window::of_features(rows.into(), 10 * LENGTHS[0] as u32))
    };
    Ok(sounds.into_iter().map(window).collect())
}

fn windows_of(embedder: &Embedder) -> Result<Vec<(String, Window)>, VoiceError> {
    match embedder.features() {
        FeatureKind::Kaldi(features) => windows(features),
        FeatureKind::Ge2e => Err(VoiceError::Golden("it is of another kind of model".into())),
    }
}

fn clip(embedder: &Embedder, name: &str, window: &Window) -> Result<Clip, VoiceError> {
    let bands = embedder.features().bands();
    let frame = window.mels[FRAME * bands..(FRAME + 1) * bands].to_vec();
    let embedding = embedder.embed(window)?.values().to_vec();
    Ok(Clip { name: name.to_owned(), frame, embedding })
}

/// Zero when they have nothing in common, not even their length. A file's numbers need not have the length one.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    if a.len() == b.len() { dot(a, b) / (dot(a, a) * dot(b, b)).sqrt() } else { 0.0 }
}
