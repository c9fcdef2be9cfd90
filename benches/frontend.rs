//! Samples to windows, without the model.

#![allow(clippy::expect_used)] // a bench without its input has nothing to measure

use divan::counter::ItemsCount;
use regulars::speech::FrontEnd;
use regulars::speech::fbank::Fbank;

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
    let sound = sound(rate);
    let fresh = || FrontEnd::new(rate as u32).expect("the rate is good");
    bencher.counter(ItemsCount::new(SECONDS)).with_inputs(fresh).bench_local_values(|mut front_end| {
        let mut windows = 0;
        for packet in sound.chunks(rate / 50) {
            front_end.push(packet);
            windows += std::iter::from_fn(|| front_end.next_window()).count();
        }
        windows
    });
}
