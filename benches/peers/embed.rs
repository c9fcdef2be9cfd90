//! Networks: the default model, and whatever others there are.

use std::cell::RefCell;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use regulars::speech::Window;
use regulars::voice::{Embedder, ModelSource};
use serde_json::json;
use tract_onnx::prelude::*;

use crate::peer::Peer;
use crate::turns::{Runner, compare, cpu_ms};

pub fn ask(peer: &RefCell<Option<Peer>>, request: serde_json::Value) -> Result<f64, String> {
    peer.borrow_mut().as_mut().map_or_else(|| Err("no peers".into()), |peer| peer.run(request))
}

pub fn the_default_model(peer: &RefCell<Option<Peer>>, rounds: usize) {
    let embedder = ModelSource::default().embedder().expect("it is inside the program");
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("models")
        .join(ModelSource::default().name().as_ref())
        .join("model.onnx");
    let [frames, mels] = Window::SHAPE;
    let tract = plan(&file, &[1, frames, mels]).expect("tract loads it");
    let window = window();
    let runners: Vec<Runner> = vec![
        ("regulars", Box::new(|| Ok(cpu_ms(|| drop(black_box(embed(&embedder, &window))))))),
        ("tract's own LSTM", Box::new(|| Ok(cpu_ms(|| run(&tract, &[1, frames, mels]))))),
        ("onnxruntime", Box::new(|| ask(peer, json!({"do": "onnx", "path": file, "shape": [1, frames, mels]})))),
    ];
    compare(&format!("a window of 1.6 s through {}", ModelSource::default().name()), rounds, runners);
}

fn embed(embedder: &Embedder, window: &Window) -> regulars::voice::Embedding {
    embedder.embed(window).expect("a window embeds")
}

fn window() -> Window {
    let [frames, mels] = Window::SHAPE;
    Window::of_features((0..frames * mels).map(|n| (n % 97) as f32 * 1e-4).collect(), 1600)
}

/// Engines on other architectures, 3 s each, and the whole way from the sound in sherpa-onnx beside it.
pub fn other_models(peer: &RefCell<Option<Peer>>, rounds: usize) {
    let folder = std::env::var_os("REGULARS_BENCH_MODELS")
        .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle"), PathBuf::from);
    let files = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "onnx")).collect();
    files.sort();
    if files.is_empty() {
        println!("\nSKIPPED: no other models in {}", folder.display());
    }
    for file in files {
        let name = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        // NeMo's files have the bands before the frames.
        let shape = if name.contains("nemo") { [1, 80, FRAMES] } else { [1, FRAMES, 80] };
        let tract = plan(&file, &shape);
        let runners: Vec<Runner> = vec![
            (
                "tract",
                Box::new(|| match &tract {
                    Ok(tract) => Ok(cpu_ms(|| run(tract, &shape))),
                    Err(why) => Err(format!("{why:#}").lines().next().unwrap_or_default().to_owned()),
                }),
            ),
            ("onnxruntime", Box::new(|| ask(peer, json!({"do": "onnx", "path": file, "shape": shape})))),
            (
                "sherpa-onnx, audio to embedding",
                Box::new(|| ask(peer, json!({"do": "audio_to_embedding", "path": file, "seconds": FRAMES / 100}))),
            ),
        ];
        compare(&format!("{name}: {} s", FRAMES / 100), rounds, runners);
    }
}

const FRAMES: usize = 300;

/// tract's plan, with its own operations alone.
fn plan(file: &Path, shape: &[usize]) -> TractResult<Arc<TypedRunnableModel>> {
    let mut graph = onnx().model_for_path(file)?.with_input_fact(0, f32::fact(shape).into())?;
    // A second input is the number of frames (NeMo).
    if graph.input_outlets()?.len() > 1 {
        graph = graph.with_input_fact(1, i64::fact([1]).into())?;
    }
    graph.into_optimized()?.into_runnable()
}

fn run(plan: &Arc<TypedRunnableModel>, shape: &[usize]) {
    let values: Vec<f32> = (0..shape.iter().product()).map(|n: usize| (n % 97) as f32 * 1e-4).collect();
    let mut inputs = tvec!(Tensor::from_shape(shape, &values).expect("it fits").into());
    if plan.model().input_outlets().is_ok_and(|inputs| inputs.len() > 1) {
        inputs.push(tensor1(&[shape[shape.len() - 1] as i64]).into());
    }
    black_box(plan.run(inputs).expect("it runs"));
}
