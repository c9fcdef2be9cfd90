//! Samples to windows, without the model.

#![allow(clippy::expect_used)] // a bench without its input has nothing to measure

use divan::counter::ItemsCount;
use regulars::speech::fbank::Fbank;
use regulars::speech::{Fingerprint, Fingerprinter, FrontEnd, KaldiOptions, MelScale, Normalise, Reading, Taper};

fn main() {
    divan::main();
}

const SECONDS: usize = 10;

/// A buzz with a voice's spectrum: enough for the detector to work as hard as on speech.
fn sound(rate: usize) -> Vec<f32> {
    (0..SECONDS * rate)
        .map(|n| {
            let t = n as f32 / rate as f32;
            (1..20).map(|h| (std::f32::consts::TAU * 140.0 * h as f32 * t).sin() / h as f32).sum::<f32>() * 0.05
        })
        .collect()
}

/// Ten seconds of sound to mels.
#[divan::bench(args = [8000, 16000])]
fn fbank(bencher: divan::Bencher, rate: usize) {
    let sound = sound(rate);
    bencher.counter(ItemsCount::new(SECONDS)).with_inputs(|| Fbank::new(rate as u32)).bench_local_values(
        |mut fbank| {
            let mut rest = &sound[..];
            std::iter::from_fn(|| fbank.next_frame(&mut rest)).map(|frame| frame.mels[10]).sum::<f32>()
        },
    );
}

/// Ten seconds through everything, in packets of 20 ms.
#[divan::bench(args = [8000, 16000, 48000])]
fn front_end(bencher: divan::Bencher, rate: usize) {
    windows(bencher, Reading::default(), rate);
}

/// The same with what an anti-spoofing model reads beside it.
#[divan::bench(args = [8000, 16000])]
fn front_end_against_spoofing(bencher: divan::Bencher, rate: usize) {
    let spoof = KaldiOptions {
        sample_rate_hz: 16000,
        bands: 80,
        mel_scale: MelScale::Kaldi,
        low_hz: 20.0,
        high_hz: 7600.0,
        taper: Taper::Povey,
        frame_ms: 25,
        full_scale: 1.0,
        remove_dc: true,
        snip_edges: false,
        normalise: Normalise::Mean,
    };
    windows(bencher, Reading { spoof: Some(spoof), ..Reading::default() }, rate);
}

fn windows(bencher: divan::Bencher, reading: Reading, rate: usize) {
    let sound = sound(rate);
    let fresh = || FrontEnd::reading(reading, rate as u32).expect("the rate is good");
    bencher.counter(ItemsCount::new(SECONDS)).with_inputs(fresh).bench_local_values(|mut front_end| {
        let mut windows = 0;
        for packet in sound.chunks(rate / 50) {
            front_end.push(packet);
            windows += std::iter::from_fn(|| front_end.next_window()).count();
        }
        windows
    });
}

/// Ten seconds of sound to a fingerprint, in packets of 20 ms.
#[divan::bench(args = [8000, 16000])]
fn fingerprint(bencher: divan::Bencher, rate: usize) {
    let sound = sound(rate);
    let fresh = || Fingerprinter::new(rate as u32).expect("the rate is good");
    bencher.counter(ItemsCount::new(SECONDS)).with_inputs(fresh).bench_local_values(|made| heard(made, &sound, rate));
}

/// The newest seconds of a call against as many calls of before as there are at most, each a full minute.
#[divan::bench]
fn replays(bencher: divan::Bencher) {
    let made = heard(Fingerprinter::new(8000).expect("the rate is good"), &sound(8000), 8000);
    let minute = |seed: u32| {
        let random = (0..512u32)
            .flat_map(|n| n.wrapping_mul(2_654_435_761).rotate_left(seed).wrapping_mul(seed | 1).to_le_bytes());
        Fingerprint::from_bytes(&random.collect::<Vec<u8>>()).expect("a minute")
    };
    let before: Vec<Fingerprint> = (0..56).map(minute).collect();
    bencher.bench_local(|| before.iter().filter(|before| made.replays(before)).count());
}

fn heard(mut made: Fingerprinter, sound: &[f32], rate: usize) -> Fingerprinter {
    for (n, packet) in (1..).zip(sound.chunks(rate / 50)) {
        made.push(packet, 20 * n);
        made.judge(20 * n, false);
    }
    made
}
