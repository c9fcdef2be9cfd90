use super::*;
use crate::voice::ModelSource;

/// The part of a golden file that no start reads: what onnxruntime makes of inputs that are no speech at all.
#[derive(Deserialize)]
struct WithOnnxRuntime {
    onnxruntime: OnnxRuntime,
}

#[derive(Deserialize)]
struct OnnxRuntime {
    version: String,
    inputs: Vec<Input>,
    embeddings: Vec<Vec<f32>>,
    /// Of each value.
    tolerance: f32,
}

#[derive(Deserialize)]
struct Input {
    seed: u32,
    scale: f64,
}

impl Input {
    /// `[160, 40]`: many small values and a few large ones, as mels have.
    fn window(&self) -> Window {
        let mut x = self.seed;
        let mels = (0..WINDOW_FRAMES * MELS).map(|_| {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let u = f64::from(x) / 2f64.powi(32);
            (self.scale * u.powi(4)) as f32
        });
        Window::of_features(mels.collect(), 1600)
    }
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn tract_and_onnxruntime_give_the_same_numbers_for_every_model_inside_the_program() {
    for source in ModelSource::inside() {
        let golden: WithOnnxRuntime = serde_json::from_slice(&source.golden().unwrap()).unwrap();
        let OnnxRuntime { version, inputs, embeddings, tolerance } = golden.onnxruntime;
        assert_eq!(inputs.len(), embeddings.len(), "{source}");
        assert!(inputs.len() >= 2 && tolerance <= 1e-4, "{source}: too little to tell anything");
        let network = source.network().unwrap();
        let found: Vec<_> = inputs.iter().map(|input| network.embed(&input.window()).unwrap()).collect();
        for (n, found) in found.iter().enumerate() {
            let difference = largest_difference(found.values(), &embeddings[n]);
            println!("{source}, input {n}: at most {difference:.1e} from onnxruntime {version}");
            assert!(difference <= tolerance, "{source}, input {n}: {difference} from onnxruntime {version}");
            let other = largest_difference(found.values(), &embeddings[(n + 1) % embeddings.len()]);
            assert!(other > 100.0 * tolerance, "{source}, input {n}: it would pass for another input's");
        }
    }
}
