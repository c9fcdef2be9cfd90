//! A window of speech becomes a point in the model's space; one person's points lie together.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tract_onnx::prelude::*;

use super::{Embedding, ModelId, VoiceError, golden};
use crate::speech::{FRONT_END_VERSION, Window};

/// A loaded and checked model. Cheap to clone; every clone runs the same plan.
#[derive(Clone)]
pub struct Embedder {
    plan: Arc<TypedRunnableModel>,
    id: ModelId,
}

impl Embedder {
    /// Reads `NAME.onnx` and `NAME.golden.json` beside it.
    pub fn load(model: &Path) -> Result<Self, VoiceError> {
        Self::from_bytes(&read(model)?, &read(&model.with_extension("golden.json"))?)
    }

    /// Refuses a model that cannot be loaded, and one that does not give the golden embeddings with our front-end.
    pub fn from_bytes(model: &[u8], golden: &[u8]) -> Result<Self, VoiceError> {
        let sha256 = hex(&Sha256::digest(model));
        let clips = golden::Golden::parse(golden)?;
        clips.must_be_for(&sha256)?;
        let embedder = Self { plan: plan(model)?, id: ModelId::new(format!("{}-{FRONT_END_VERSION}", &sha256[..16])) };
        clips.check(&embedder)?;
        Ok(embedder)
    }

    pub fn model(&self) -> &ModelId {
        &self.id
    }

    /// About 10 ms of one core for the default model.
    pub fn embed(&self, window: &Window) -> Result<Embedding, VoiceError> {
        let failed = |error: TractError| VoiceError::Inference(format!("{error:#}"));
        let [frames, mels] = Window::SHAPE;
        let input = Tensor::from_shape(&[1, frames, mels], &window.mels).map_err(failed)?;
        // `run` spawns a new state. A kept one would go on from the last LSTM state, which is another caller's.
        let output = self.plan.run(tvec!(input.into())).map_err(failed)?;
        let values = output[0].to_plain_array_view::<f32>().map_err(failed)?;
        Embedding::from_values(values.iter().copied().collect())
            .ok_or_else(|| VoiceError::Inference("the embedding has no direction".into()))
    }
}

/// One fixed shape: tract plans it once, and a symbolic length costs up to ten times as much on some models.
fn plan(model: &[u8]) -> Result<Arc<TypedRunnableModel>, VoiceError> {
    let [frames, mels] = Window::SHAPE;
    onnx()
        .model_for_read(&mut &*model)
        .and_then(|graph| graph.with_input_fact(0, f32::fact([1, frames, mels]).into()))
        .and_then(|graph| graph.into_optimized())
        .and_then(|graph| graph.into_runnable())
        .map_err(|error| VoiceError::Model(format!("{error:#}")))
}

fn read(path: &Path) -> Result<Vec<u8>, VoiceError> {
    std::fs::read(path)
        .map_err(|error| VoiceError::Read { path: path.display().to_string(), reason: error.to_string() })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
