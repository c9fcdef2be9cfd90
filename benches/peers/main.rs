//! The voice side against the programs that one would take instead, side by side in one run, one thread each.
//!
//! `cargo bench --bench peers [embed|models|live|search|mels]`. The others come from PyPI (requirements.txt) and run in a child
//! process; where they cannot be had, their lines say so and ours are printed. What counts is CPU time, taken in turns: ratios
//! are of runs next to each other. `REGULARS_BENCH_MODELS` names a folder of ONNX speaker models with sherpa-onnx's metadata
//! to compare as well; without it the folder is taken that `cargo test --test models` leaves behind.
//!
//! Two-core x86-64 server (AVX2, 512 kB of second-level cache), dev profile, November 2026; how many times as long the others take:
//! a window through the default model: onnxruntime 1.17, tract's own LSTM 1.50 (ours 9.6 ms); a live call of 10 s: everything anew at every
//! window 5.2, every 0.5 s 9.4, with the same bits at the end; 40 mels of 10 s: kaldi-native-fbank 5.7 on a core with AVX-512 (4.9 before the vectors); the best 20
//! of 100,000 and of 1,000,000 prints: f32 in 1.03 and 1.02 times the memory's reading, faiss 1.3 times as long; eight probes in one pass: faiss 5.2 and
//! 5.4 times as long (of 10,000, which the cache holds: 2.2 to 3.7); i8 with a second look in half the time of f32. tract on other architectures is slower than
//! onnxruntime: CAM++ 2.3 times, a TitaNet-like graph 1.4, ResNet34 3.1.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::print_stdout)] // a bench without its input has nothing to measure

mod embed;
mod live;
mod mels;
mod peer;
mod search;
mod sound;
mod turns;

use std::cell::RefCell;

fn main() {
    // `cargo test --benches` passes no `--bench`: then once of each, and small, is enough to see that it runs.
    let whole = std::env::args().any(|arg| arg == "--bench");
    let only = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let wanted = |name: &str| only.as_deref().is_none_or(|only| name.contains(only));
    let peer = RefCell::new(whole.then(peer::Peer::start).flatten());
    let rounds = |count: usize| if whole { count } else { 1 };
    if wanted("embed") {
        embed::the_default_model(&peer, rounds(60));
    }
    if wanted("models") {
        embed::other_models(&peer, rounds(10));
    }
    if wanted("live") {
        live::run(rounds(10));
    }
    if wanted("search") {
        let galleries: &[(usize, usize)] =
            if whole { &[(10_000, 60), (100_000, 20), (1_000_000, 5)] } else { &[(1000, 1)] };
        galleries.iter().for_each(|(rows, rounds)| search::run(&peer, *rows, *rounds));
    }
    if wanted("mels") {
        mels::run(&peer, rounds(40));
    }
}
