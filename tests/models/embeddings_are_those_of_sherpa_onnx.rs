use regulars::speech::{KaldiFbank, Window};
use regulars::voice::{Embedder, Fidelity};

use crate::oracle::{options, oracle};

const COSINE: f32 = 0.9999;
/// Networks with drawn weights say nearly the same of everybody. So an answer must also be far nearer to its own clip's
/// than the clips are to each other.
const OF_THE_DISTANCE: f32 = 0.02;

#[test]
fn each_architecture_embeds_each_length_alike() {
    let Some(oracle) = oracle() else { return };
    for model in ["wespeaker-resnet34", "3d-speaker-campplus", "nemo-titanet"] {
        let embedder = oracle.embedder(model, Fidelity::Compat);
        let (mut found, mut wanted) = (Vec::new(), Vec::new());
        for answer in oracle.answers["embeddings"].as_array().unwrap().iter().filter(|answer| answer["model"] == model)
        {
            let samples = oracle.floats(answer["clip"].as_str().unwrap());
            let frames = answer["frames"].as_u64().unwrap() as usize;
            found.push(embed(&embedder, &samples[..answer["samples"].as_u64().unwrap() as usize], frames));
            wanted
                .push(unit(answer["values"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap() as f32).collect()));
        }
        assert_eq!(found.len(), 4, "{model}");
        for (n, (found, own)) in found.iter().zip(&wanted).enumerate() {
            let nearest = (0..4).filter(|m| *m != n).map(|m| distance(own, &wanted[m])).fold(f32::MAX, f32::min);
            let cosine: f32 = found.iter().zip(own).map(|(a, b)| a * b).sum();
            let share = distance(found, own) / nearest;
            eprintln!("{model}, clip {n}: cosine {cosine:.7}, {share:.5} of the distance to the nearest other clip");
            assert!(cosine >= COSINE && share < OF_THE_DISTANCE, "{model}, clip {n}: cosine {cosine}, {share}");
        }
    }
}

fn embed(embedder: &Embedder, samples: &[f32], frames: usize) -> Vec<f32> {
    let options = options(embedder);
    let mut rows = KaldiFbank::of_recording(options, samples);
    assert_eq!(rows.len(), frames * options.bands);
    options.normalise.apply(&mut rows, options.bands);
    let window = Window::of_features(rows.into(), 10 * frames as u32);
    embedder.embed(&window).unwrap().values().to_vec()
}

fn unit(values: Vec<f32>) -> Vec<f32> {
    let length = values.iter().map(|v| v * v).sum::<f32>().sqrt();
    values.iter().map(|v| v / length).collect()
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt()
}
