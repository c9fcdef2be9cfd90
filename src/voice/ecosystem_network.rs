//! A published model at work: one plan of fixed shape for each length that is asked for.
//!
//! tract plans a known number of frames up to ten times better than an unknown one, so there are a few lengths, each
//! planned when it is first needed.

use std::sync::{Arc, OnceLock};

use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::Factoid;
use zeroize::Zeroizing;

use super::VoiceError;
use super::ecosystem::{Description, Framework};

pub struct EcosystemNetwork {
    description: Description,
    graph: InferenceModel,
    plans: [OnceLock<Result<Arc<TypedRunnableModel>, VoiceError>>; LENGTHS.len()],
}

/// Lengths in frames of 10 ms. The first is the window of a live call; the others are those that such models were trained
/// and are compared on.
pub const LENGTHS: [usize; 4] = [160, 200, 300, 400];

impl EcosystemNetwork {
    /// Refuses a graph with other inputs and outputs than its framework has, and one that gives what is no number.
    pub fn new(graph: InferenceModel, description: Description) -> Result<Self, VoiceError> {
        let network = Self { description, graph, plans: std::array::from_fn(|_| OnceLock::new()) };
        network.check_ends()?;
        // A ramp is no speech, but a network that is in order gives numbers for it.
        let ramp: Vec<f32> = (0..LENGTHS[0] * network.bands()).map(|n| (n % 97) as f32 / 97.0).collect();
        if network.run(&ramp)?.iter().all(|value| value.is_finite()) {
            return Ok(network);
        }
        Err(VoiceError::Unusable("it gives what is no number (NaN or infinite) for a plain input".into()))
    }

    pub fn description(&self) -> &Description {
        &self.description
    }

    /// `rows` are features `[frames, bands]`, with as many frames as one of [`LENGTHS`].
    pub fn run(&self, rows: &[f32]) -> Result<Zeroizing<Vec<f32>>, VoiceError> {
        let failed = |error: TractError| VoiceError::Inference(format!("{error:#}"));
        let frames = rows.len() / self.bands();
        let known = LENGTHS.iter().position(|length| *length == frames).filter(|_| rows.len() == frames * self.bands());
        let Some(n) = known else {
            return Err(VoiceError::Inference(format!(
                "{} numbers are no window of {} bands",
                rows.len(),
                self.bands()
            )));
        };
        let plan = self.plans[n].get_or_init(|| self.plan(frames)).as_ref().map_err(VoiceError::clone)?;
        let rows = Tensor::from_shape(&[1, frames, self.bands()], rows).map_err(failed)?;
        let inputs = match self.description.framework {
            Framework::NeMo => {
                let rows = rows.permute_axes(&[0, 2, 1]).map_err(failed)?;
                tvec!(rows.into(), tensor1(&[frames as i64]).into())
            }
            _ => tvec!(rows.into()),
        };
        let output = plan.run(inputs).map_err(failed)?;
        let values = output[0].to_plain_array_view::<f32>().map_err(failed)?;
        Ok(Zeroizing::new(values.iter().copied().collect()))
    }

    fn bands(&self) -> usize {
        self.description.features.bands
    }

    fn check_ends(&self) -> Result<(), VoiceError> {
        let nemo = self.description.framework == Framework::NeMo;
        let (inputs, outputs) = (self.graph.inputs.len(), self.graph.outputs.len());
        let wanted = if nemo { 2 } else { 1 };
        let framework = self.description.framework;
        if inputs != wanted || outputs <= self.description.output {
            return Err(VoiceError::Unusable(format!(
                "it has {inputs} inputs and {outputs} outputs; a model of {framework} has {wanted} and at least {}",
                self.description.output + 1
            )));
        }
        let shape = &self.graph.input_fact(0).map_err(unusable)?.shape;
        let dims: Vec<Option<i64>> =
            shape.dims().map(|dim| dim.concretize().and_then(|dim| dim.to_i64().ok())).collect();
        let of_bands = if nemo { 1 } else { 2 };
        let bands = dims.get(of_bands).copied().flatten();
        // A file may leave its dimensions open.
        if !dims.is_empty() && (dims.len() != 3 || bands.is_some_and(|bands| bands != self.bands() as i64)) {
            let shape: Vec<String> = dims.iter().map(|dim| dim.map_or("?".to_owned(), |dim| dim.to_string())).collect();
            return Err(VoiceError::Unusable(format!(
                "its input has the shape [{}]; {framework} with {} bands is read as {}",
                shape.join(", "),
                self.bands(),
                if nemo { "[batch, bands, frames]" } else { "[batch, frames, bands]" }
            )));
        }
        Ok(())
    }

    fn plan(&self, frames: usize) -> Result<Arc<TypedRunnableModel>, VoiceError> {
        let bands = self.bands();
        let mut graph = self.graph.clone();
        let output = graph.outputs[self.description.output];
        graph.select_output_outlets(&[output]).map_err(unusable)?;
        let graph = if self.description.framework == Framework::NeMo {
            graph
                .with_input_fact(0, f32::fact([1, bands, frames]).into())
                .and_then(|graph| graph.with_input_fact(1, i64::fact([1]).into()))
        } else {
            graph.with_input_fact(0, f32::fact([1, frames, bands]).into())
        };
        let graph = graph.and_then(|graph| graph.into_optimized()).map_err(unusable)?;
        let fact = graph.output_fact(0).map_err(unusable)?;
        let wanted = self.description.dimension;
        if fact.shape.as_concrete() != Some(&[1, wanted]) || fact.datum_type != f32::datum_type() {
            return Err(VoiceError::Unusable(format!(
                "it gives {:?} {:?} for one clip, and its metadata promise [1, {wanted}] (output_dim)",
                fact.datum_type, fact.shape
            )));
        }
        graph.into_runnable().map_err(unusable)
    }
}

fn unusable(error: TractError) -> VoiceError {
    VoiceError::Model(format!("{error:#}"))
}
