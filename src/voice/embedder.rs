//! A window of speech becomes a point in the model's space; one person's points lie together.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use tract_onnx::prelude::*;
use zeroize::Zeroizing;

use super::ecosystem::{self, Description, Fidelity};
use super::ecosystem_golden::EcosystemGolden;
use super::ecosystem_network::EcosystemNetwork;
use super::golden::Golden;
use super::{Embedding, ModelId, VoiceError, Wccn, lstm};
use crate::speech::kaldi::KALDI_VERSION;
use crate::speech::{FRONT_END_VERSION, FeatureKind, Window};

/// Log targets that must stay silent: tract writes the values that it computes, embeddings among them, at TRACE. A prefix.
pub const QUIET_LOG_TARGETS: &[&str] = &["tract_"];

/// A loaded and checked model. Cheap to clone; every clone runs the same plan.
#[derive(Clone)]
pub struct Embedder {
    network: Network,
    wccn: Option<Arc<Wccn>>,
    model_sha256: [u8; 32],
    id: ModelId,
}

#[derive(Clone)]
enum Network {
    /// Planned for one window, and for two at once.
    Ge2e {
        one: Arc<TypedRunnableModel>,
        two: Arc<TypedRunnableModel>,
    },
    Ecosystem(Arc<EcosystemNetwork>),
}

impl Embedder {
    /// The network alone. Refuses a model that cannot be loaded, and one that does not give the golden embeddings with
    /// our front-end.
    pub fn from_bytes(model: &[u8], golden: &[u8]) -> Result<Self, VoiceError> {
        let model_sha256: [u8; 32] = Sha256::digest(model).into();
        if let Some(golden) = EcosystemGolden::recognise(golden) {
            golden.must_be_for(&hex(&model_sha256))?;
            let embedder = Self::untried(model, golden.features)?;
            golden.check(&embedder)?;
            return Ok(embedder);
        }
        let golden = Golden::parse(golden)?;
        golden.must_be_for(&hex(&model_sha256))?;
        let network = Network::Ge2e { one: plan(model, 1)?, two: plan(model, 2)? };
        let embedder = Self { network, wccn: None, model_sha256, id: network_id(&model_sha256, None) };
        golden.check(&embedder)?;
        Ok(embedder)
    }

    /// A published model, which its own metadata describe and no golden clips vouch for yet. Refuses what is no speaker
    /// model of a known framework.
    pub fn untried(model: &[u8], fidelity: Fidelity) -> Result<Self, VoiceError> {
        let model_sha256: [u8; 32] = Sha256::digest(model).into();
        let graph = onnx().model_for_read(&mut &*model).map_err(|error| VoiceError::Model(format!("{error:#}")))?;
        let description = Description::new(&ecosystem::metadata(&graph), fidelity)?;
        if description.framework == ecosystem::Framework::AntiSpoofing {
            return Err(VoiceError::Unusable(
                "it is an anti-spoofing model and tells nobody from anybody; its place is voice.spoof_model".into(),
            ));
        }
        let network = Network::Ecosystem(Arc::new(EcosystemNetwork::new(graph, description)?));
        Ok(Self { network, wccn: None, model_sha256, id: network_id(&model_sha256, Some(fidelity)) })
    }

    /// The content of model.golden.json for a model that was not tried yet.
    pub fn new_golden(&self, fidelity: Fidelity) -> Result<String, VoiceError> {
        EcosystemGolden::make(self, &hex(&self.model_sha256), fidelity)?.to_json()
    }

    /// The same network with its channel normalisation, which makes it another model: its name gains the first eight hex
    /// digits of the file's SHA-256.
    pub fn with_wccn(self, wccn: &[u8]) -> Result<Self, VoiceError> {
        let parsed = Wccn::parse(wccn, &self.model_sha256)?;
        Ok(Self { wccn: Some(Arc::new(parsed)), id: normalised_id(&self.id, wccn), ..self })
    }

    pub fn model(&self) -> &ModelId {
        &self.id
    }

    pub fn model_sha256(&self) -> [u8; 32] {
        self.model_sha256
    }

    /// What its windows must hold.
    pub fn features(&self) -> FeatureKind {
        self.description().map_or(FeatureKind::Ge2e, |description| FeatureKind::Kaldi(description.features))
    }

    /// Of a published model.
    pub fn description(&self) -> Option<&Description> {
        match &self.network {
            Network::Ge2e { .. } => None,
            Network::Ecosystem(network) => Some(network.description()),
        }
    }

    /// About 10 ms of one core for the default model.
    pub fn embed(&self, window: &Window) -> Result<Embedding, VoiceError> {
        readable(window)?;
        let values = match &self.network {
            Network::Ge2e { one, .. } => {
                let [values] = run(one, [window])?;
                values
            }
            Network::Ecosystem(network) => network.run(&window.mels)?,
        };
        self.embedding(values)
    }

    /// Two callers' windows, by the default model in three quarters of the time that they take one after the other; the
    /// same bits.
    pub fn embed_two(&self, windows: [&Window; 2]) -> [Result<Embedding, VoiceError>; 2] {
        match &self.network {
            Network::Ge2e { two, .. } if windows.iter().all(|window| readable(window).is_ok()) => {
                match run(two, windows) {
                    Ok(values) => values.map(|values| self.embedding(values)),
                    Err(error) => [Err(error.clone()), Err(error)],
                }
            }
            _ => windows.map(|window| self.embed(window)),
        }
    }

    fn embedding(&self, values: Zeroizing<Vec<f32>>) -> Result<Embedding, VoiceError> {
        // Before the normalisation, which gives a direction to anything.
        if !values.iter().all(|value| value.is_finite()) || values.iter().all(|value| *value == 0.0) {
            return Err(VoiceError::Inference("the network gave nothing".into()));
        }
        let values = match &self.wccn {
            None => values.to_vec(),
            Some(wccn) => wccn.apply(&values).ok_or_else(|| VoiceError::Wccn("it has another dimension".into()))?,
        };
        Embedding::from_values(values).ok_or_else(|| VoiceError::Inference("the embedding has no direction".into()))
    }
}

/// tract's activations clamp what is no number, and the network would answer as if it had heard somebody.
fn readable(window: &Window) -> Result<(), VoiceError> {
    let sound = window.mels.iter().all(|mel| mel.is_finite());
    if sound { Ok(()) } else { Err(VoiceError::Inference("the window holds what is no number".into())) }
}

/// What the network says of each window.
fn run<const N: usize>(
    plan: &Arc<TypedRunnableModel>,
    windows: [&Window; N],
) -> Result<[Zeroizing<Vec<f32>>; N], VoiceError> {
    let failed = |error: TractError| VoiceError::Inference(format!("{error:#}"));
    let [frames, mels] = Window::SHAPE;
    let values = Zeroizing::new(windows.iter().flat_map(|window| window.mels.iter().copied()).collect::<Vec<f32>>());
    let input = Tensor::from_shape(&[N, frames, mels], &values).map_err(failed)?;
    // `run` spawns a new state. A kept one would go on from the last LSTM state, which is another caller's.
    let output = plan.run(tvec!(input.into())).map_err(failed)?;
    let network = output[0].to_plain_array_view::<f32>().map_err(failed)?;
    let values = Zeroizing::new(network.iter().copied().collect::<Vec<f32>>());
    let dimension = values.len() / N;
    Ok(std::array::from_fn(|n| Zeroizing::new(values[n * dimension..][..dimension].to_vec())))
}

/// One fixed shape: tract plans it once, and a symbolic length costs up to ten times as much on some models.
fn plan(model: &[u8], windows: usize) -> Result<Arc<TypedRunnableModel>, VoiceError> {
    let [frames, mels] = Window::SHAPE;
    lstm::onnx()
        .model_for_read(&mut &*model)
        .and_then(|graph| graph.with_input_fact(0, f32::fact([windows, frames, mels]).into()))
        .and_then(|graph| graph.into_optimized())
        .and_then(|graph| graph.into_runnable())
        .map_err(|error| VoiceError::Model(format!("{error:#}")))
}

/// The id of a network with its normalisation, by their files.
pub fn model_id(model: &[u8], golden: &[u8], wccn: Option<&[u8]>) -> ModelId {
    let fidelity = EcosystemGolden::recognise(golden).map(|golden| golden.features);
    let network = network_id(&Sha256::digest(model).into(), fidelity);
    wccn.map_or_else(|| network.clone(), |wccn| normalised_id(&network, wccn))
}

/// `fidelity` is of a published model, whose features have a version of their own.
fn network_id(model_sha256: &[u8; 32], fidelity: Option<Fidelity>) -> ModelId {
    let features = match fidelity {
        None => String::new(),
        Some(Fidelity::Compat) => format!("k{KALDI_VERSION}"),
        Some(Fidelity::Faithful) => format!("t{KALDI_VERSION}"),
    };
    ModelId::new(format!("{}-{FRONT_END_VERSION}{features}", hex(&model_sha256[..8])))
}

fn normalised_id(network: &ModelId, wccn: &[u8]) -> ModelId {
    ModelId::new(format!("{network}-{}", hex(&Sha256::digest(wccn)[..4])))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voice::ModelSource;

    const MODEL: &str = "model.onnx";
    const GOLDEN: &str = "model.golden.json";

    fn bytes(file: &str) -> Vec<u8> {
        std::fs::read(format!("{}/models/ge2e/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn refusal(model: &[u8], golden: &[u8]) -> String {
        Embedder::from_bytes(model, golden).err().map(|error| error.to_string()).unwrap()
    }

    #[test]
    fn the_model_in_the_repository_passes_its_golden_clips_and_has_a_name() {
        let embedder = ModelSource::default().embedder().unwrap();
        let parts: Vec<&str> = embedder.model().as_str().split('-').collect();
        assert_eq!((parts[0].len(), parts[1], parts[2].len()), (16, FRONT_END_VERSION, 8));
        assert_ne!(embedder.model(), ModelSource::default().network().unwrap().model());
    }

    #[test]
    fn a_window_embeds_the_same_whatever_was_embedded_before_it() {
        let embedder = ModelSource::default().embedder().unwrap();
        let window = |seed: usize| {
            let mels = (0..Window::SHAPE[0] * Window::SHAPE[1]).map(|n| ((n * seed) % 101) as f32 * 1e-4).collect();
            Window::of_features(mels, 1600)
        };
        let alone = embedder.embed(&window(7)).unwrap();
        let other = embedder.embed(&window(31)).unwrap();
        assert_eq!(embedder.embed(&window(7)).unwrap(), alone, "no state is left behind by another caller's window");
        assert_ne!(other, alone);
        for order in [[7, 31], [31, 7], [7, 7]] {
            let both = embedder.embed_two([&window(order[0]), &window(order[1])]).map(Result::unwrap);
            let wanted = order.map(|seed| if seed == 7 { alone.clone() } else { other.clone() });
            assert_eq!(both, wanted, "nor does company change anybody");
        }
    }

    #[test]
    fn a_damaged_model_is_refused_even_with_a_golden_file_that_names_it() {
        let mut damaged = bytes(MODEL);
        damaged.truncate(damaged.len() / 2);
        assert!(refusal(&damaged, &bytes(GOLDEN)).contains("made for another model file"));
        assert!(refusal(&damaged, &golden_for(&damaged)).contains("cannot be loaded"));
        let mut flipped = bytes(MODEL);
        // In the middle lie weights: exponents of a thousand of them change.
        let middle = flipped.len() / 2;
        flipped[middle..middle + 4000].iter_mut().for_each(|byte| *byte ^= 0x40);
        let sentence = refusal(&flipped, &golden_for(&flipped));
        assert!(sentence.contains("disagree") || sentence.contains("cannot be loaded"), "{sentence}");
        assert!(refusal(b"this is no model", &golden_for(b"this is no model")).contains("cannot be loaded"));
    }

    #[test]
    fn a_front_end_that_gives_other_mels_is_refused_with_the_place() {
        let mut golden: serde_json::Value = serde_json::from_slice(&bytes(GOLDEN)).unwrap();
        let mel = &mut golden["clips"][1]["mel_frames"][2]["mels"][5];
        *mel = (mel.as_f64().unwrap() * 1.01).into();
        let sentence = refusal(&bytes(MODEL), golden.to_string().as_bytes());
        assert!(sentence.contains("disagree") && sentence.contains("mel 5"), "{sentence}");
    }

    #[test]
    fn a_model_that_gives_other_embeddings_is_refused() {
        let mut golden: serde_json::Value = serde_json::from_slice(&bytes(GOLDEN)).unwrap();
        golden["clips"][0]["embedding"] = golden["clips"][1]["embedding"].take();
        golden["clips"].as_array_mut().unwrap().truncate(1);
        let sentence = refusal(&bytes(MODEL), golden.to_string().as_bytes());
        assert!(sentence.contains("disagree") && sentence.contains("cosine"), "{sentence}");
    }

    #[test]
    fn what_is_no_golden_file_is_refused() {
        let model = bytes(MODEL);
        assert!(refusal(&model, b"{}").contains("golden file cannot be understood"));
        let empty = String::from_utf8(bytes(GOLDEN)).unwrap().replace("\"format\": 1", "\"format\": 9");
        assert!(refusal(&model, empty.as_bytes()).contains("format 9"));
    }

    fn golden_for(model: &[u8]) -> Vec<u8> {
        let mut golden: serde_json::Value = serde_json::from_slice(&bytes(GOLDEN)).unwrap();
        golden["model_sha256"] = hex(&Sha256::digest(model)).into();
        golden.to_string().into_bytes()
    }
}
