//! One window of 1.6 s through each model inside the program: the goal is 15 ms on one core, and a new model no slower than
//! the original.
//!
//! `cargo bench --bench embed`. The models take turns window by window, forwards and then backwards, so that a machine that
//! slows down or does other work meanwhile hurts all of them alike: milliseconds are this machine's, the ratio is the model's.
//!
//! One core of a two-core x86-64 server, dev profile, November 2026, 500 rounds, before its LSTM became ours (benches/peers): 15.4 ms a window (median) for both
//! ge2e-telephone and ge2e, which have the same graph; ratio 1.000 [0.991 1.015]. A load with its golden check: 153 ms.

#![allow(clippy::expect_used, clippy::print_stdout)] // a bench without its input has nothing to measure

use std::hint::black_box;
use std::time::Duration;

use regulars::base::clock;
use regulars::speech::Window;
use regulars::voice::{Embedder, ModelSource};

fn main() {
    // `cargo test --benches` passes no `--bench`: then once is enough to see that it runs.
    let rounds = if std::env::args().any(|arg| arg == "--bench") { ROUNDS } else { 1 };
    let sources: Vec<ModelSource> = ModelSource::inside().collect();
    let embedders: Vec<Embedder> =
        sources.iter().map(|source| source.embedder().expect("it is inside the program")).collect();
    let window = window();
    let windows = take_turns(embedders.len(), rounds, |n| {
        black_box(embedders[n].embed(&window).expect("a window embeds"));
    });
    // What a start costs: loading, planning and the golden clips.
    let loads = take_turns(sources.len(), rounds.div_ceil(20), |n| {
        black_box(sources[n].embedder().expect("it is inside the program"));
    });
    let original = sources.len() - 1;
    println!("{rounds} rounds; median, and 5 to 95 % of the rounds");
    for (n, source) in sources.iter().enumerate() {
        println!("{:16} a window {} ms   a load {} ms", source.name(), spread(&windows[n]), spread(&loads[n]));
    }
    for n in 0..original {
        let ratios: Vec<f64> = windows[n].iter().zip(&windows[original]).map(|(new, old)| new / old).collect();
        println!("{:16} a window, times {}: {}", sources[n].name(), sources[original].name(), spread(&ratios));
    }
}

/// Half a minute for two models of 14 ms a window.
const ROUNDS: usize = 500;

fn window() -> Window {
    let [frames, mels] = Window::SHAPE;
    let mels = (0..frames * mels).map(|n| (n % 97) as f32 * 1e-4).collect();
    Window::of_features(mels, 1600)
}

/// Milliseconds of `deed(n)` for each `n` below `count`, one value a round: the mean of a turn forwards and one backwards.
fn take_turns(count: usize, rounds: usize, mut deed: impl FnMut(usize)) -> Vec<Vec<f64>> {
    (0..count).for_each(&mut deed); // caches and the clock of the core warm up
    let mut taken = vec![Vec::new(); count];
    for _ in 0..rounds {
        let mut round = vec![Duration::ZERO; count];
        for n in (0..count).chain((0..count).rev()) {
            let began = clock::now();
            deed(n);
            round[n] += began.elapsed();
        }
        for (all, this) in taken.iter_mut().zip(round) {
            all.push(this.as_secs_f64() * 1000.0 / 2.0);
        }
    }
    taken
}

fn spread(values: &[f64]) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[(share * (sorted.len() - 1) as f64).round() as usize];
    format!("{:.3} [{:.3} {:.3}]", at(0.5), at(0.05), at(0.95))
}
