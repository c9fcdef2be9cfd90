//! Searching everyone. The memory can be read in 0.51 ms for 10,000 prints of 256 numbers and 8.1 ms for 100,000.

#![allow(clippy::expect_used)] // a bench without its input has nothing to measure

use divan::counter::ItemsCount;
use regulars::base::UnixMillis;
use regulars::voice::{Centroid, Embedding, Gallery, ModelId, Voiceprint};

fn main() {
    divan::main();
}

fn embedding(seed: u32) -> Embedding {
    let mut state = seed;
    let mut draw = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state as f32 / 2f32.powi(31) - 1.0
    };
    Embedding::from_values((0..256).map(|_| draw()).collect()).expect("it has a direction")
}

#[divan::bench(args = [5, 200, 10_000, 100_000])]
fn search(bencher: divan::Bencher, people: u32) {
    let model = ModelId::new("bench");
    let mut gallery = Gallery::new(model.clone());
    for n in 0..people {
        let call = Centroid::enrolled(embedding(n), 20_000, UnixMillis(0));
        let print = Voiceprint::new(model.clone(), vec![call]).expect("it has a call");
        gallery.insert(n, print).expect("it is of the same model");
    }
    let probe = embedding(u32::MAX);
    bencher.counter(ItemsCount::new(people)).bench_local(|| gallery.search(&probe, 20));
}
