//! One window of 1.6 s through the model: the goal is 15 ms on one core.
//!
//! One core of a two-core x86-64 server, dev profile, November 2026: 13.7 ms a window (median), 154 ms a load with its golden check.

#![allow(clippy::expect_used)] // a bench without its input has nothing to measure

use std::path::Path;

use regulars::speech::Window;
use regulars::voice::Embedder;

fn main() {
    divan::main();
}

fn embedder() -> Embedder {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/ge2e.onnx");
    Embedder::load(&model).expect("the model is in the repository")
}

#[divan::bench(sample_count = 200)]
fn one_window(bencher: divan::Bencher) {
    let embedder = embedder();
    let [frames, mels] = Window::SHAPE;
    let mels = (0..frames * mels).map(|n| (n % 97) as f32 * 1e-4).collect();
    let window = Window { mels, net_speech_ms: 1600, snr_db: 20.0 };
    bencher.bench_local(|| embedder.embed(&window));
}

/// What a start costs: loading, planning and the golden clips.
#[divan::bench(sample_count = 10)]
fn load() -> Embedder {
    embedder()
}
