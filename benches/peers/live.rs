//! A call as it comes in, against starting anew with everything heard so far whenever the card may change.

use std::path::{Path, PathBuf};

use regulars::speech::{FrontEnd, wav};
use regulars::voice::{Embedder, Embedding, ModelSource, Pooled};

use crate::turns::{Runner, compare, cpu_ms};

/// Seconds of the call before somebody is settled on.
const SECONDS: usize = 10;
/// How often whoever recomputes everything does so: a card that moves twice a second.
const EVERY_MS: usize = 500;
/// Speakers whose calls are tried.
const SPEAKERS: usize = 20;

pub fn run(rounds: usize) {
    let embedder = ModelSource::default().embedder().expect("it is inside the program");
    let calls = development_calls(if rounds == 1 { 1 } else { SPEAKERS });
    if calls.is_empty() {
        println!("\nSKIPPED: no development speakers in ../shared/data/voice: no live call");
        return;
    }
    // Equal accuracy is equal embeddings: what both ways know at the end of each call has the same bits.
    let mut windows = 0;
    for call in &calls {
        let all = streamed(&embedder, call);
        windows += all.len();
        assert!(all.last() == anew(&embedder, &call.samples, call.rate_hz).as_ref(), "both ways end alike");
    }
    println!(
        "\n{} calls of development speakers: both ways end with the same bits, so at the same accuracy; {:.1} windows a call",
        calls.len(),
        windows as f64 / calls.len() as f64
    );
    // Each way goes through the same calls in the same order, one a round.
    let way = |run: fn(&Embedder, &Call)| {
        let (mut order, embedder) = (calls.iter().cycle(), &embedder);
        move || Ok(order.next().map_or(0.0, |call| cpu_ms(|| run(embedder, call))))
    };
    let runners: Vec<Runner> = vec![
        ("each window once, as it comes", Box::new(way(|embedder, call| drop(streamed(embedder, call))))),
        ("everything, at every new window", Box::new(way(at_every_window))),
        ("everything, every 0.5 s", Box::new(way(every_half_second))),
    ];
    compare(&format!("a live call of {SECONDS} s, front-end included"), rounds, runners);
}

struct Call {
    samples: Vec<f32>,
    rate_hz: u32,
}

/// The embedding that is known after each window.
fn streamed(embedder: &Embedder, call: &Call) -> Vec<Embedding> {
    let mut front_end = FrontEnd::new(call.rate_hz).expect("the rate is good");
    let (mut pooled, mut known) = (Pooled::new(), Vec::new());
    for packet in call.samples.chunks(call.rate_hz as usize / 50) {
        front_end.push(packet);
        while let Some(window) = front_end.next_window() {
            pooled.add(&embedder.embed(&window).expect("a window embeds"));
            known.extend(pooled.embedding());
        }
    }
    known
}

/// What is known of these samples, from their beginning.
fn anew(embedder: &Embedder, samples: &[f32], rate_hz: u32) -> Option<Embedding> {
    streamed(embedder, &Call { samples: samples.to_vec(), rate_hz }).pop()
}

fn every_half_second(embedder: &Embedder, call: &Call) {
    let step = call.rate_hz as usize * EVERY_MS / 1000;
    for end in (step..=call.samples.len()).step_by(step) {
        anew(embedder, &call.samples[..end], call.rate_hz);
    }
}

fn at_every_window(embedder: &Embedder, call: &Call) {
    let mut front_end = FrontEnd::new(call.rate_hz).expect("the rate is good");
    let packet = call.rate_hz as usize / 50;
    for (n, samples) in call.samples.chunks(packet).enumerate() {
        front_end.push(samples);
        let mut fresh = false;
        while front_end.next_window().is_some() {
            fresh = true;
        }
        if fresh {
            anew(embedder, &call.samples[..n * packet + samples.len()], call.rate_hz);
        }
    }
}

/// The first ten seconds of what each speaker says, recordings end to end.
fn development_calls(most: usize) -> Vec<Call> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/voice");
    let manifest = std::fs::read_to_string(folder.join("tn.csv")).unwrap_or_default();
    let mut speakers: Vec<(&str, Vec<PathBuf>)> = Vec::new();
    for line in manifest.lines().skip(1) {
        let (Some(speaker), Some(file)) = (line.split(',').next(), line.rsplit(',').next()) else { continue };
        match speakers.last_mut() {
            Some((last, files)) if *last == speaker => files.push(folder.join(file)),
            _ => speakers.push((speaker, vec![folder.join(file)])),
        }
    }
    let call = |files: &Vec<PathBuf>| {
        let wavs =
            files.iter().map(|file| wav::parse(&std::fs::read(file).expect("it can be read")).expect("it is a WAV"));
        let (mut samples, mut rate_hz) = (Vec::new(), 8000);
        for wav in wavs {
            rate_hz = wav.sample_rate_hz;
            samples.extend(wav.samples);
        }
        samples.truncate(SECONDS * rate_hz as usize);
        (samples.len() == SECONDS * rate_hz as usize).then_some(Call { samples, rate_hz })
    };
    speakers.iter().filter_map(|(_, files)| call(files)).take(most).collect()
}
