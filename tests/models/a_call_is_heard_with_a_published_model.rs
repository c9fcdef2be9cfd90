use regulars::speech::{FrontEnd, KaldiFbank, WINDOW_FRAMES, Wav, Window, wav};
use regulars::voice::{Embedder, Embedding, Fidelity};

use crate::oracle::options;
use crate::tiny::Tiny;

fn embedder() -> Embedder {
    Embedder::untried(&Tiny::default().bytes(), Fidelity::Compat).unwrap()
}

fn recording(name: &str) -> Wav {
    wav::parse(&std::fs::read(format!("{}/fixtures/speech/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()).unwrap()
}

/// In packets of 20 ms.
fn windows(embedder: &Embedder, wav: &Wav) -> Vec<Window> {
    let mut front_end = FrontEnd::reading(embedder.features(), wav.sample_rate_hz).unwrap();
    let mut windows = Vec::new();
    for packet in wav.samples.chunks(wav.sample_rate_hz as usize / 50) {
        front_end.push(packet);
        windows.extend(std::iter::from_fn(|| front_end.next_window()));
    }
    front_end.finish();
    windows.extend(std::iter::from_fn(|| front_end.next_window()));
    windows
}

fn mean(embedder: &Embedder, windows: &[Window]) -> Embedding {
    let mut sum = vec![0.0; 80];
    for window in windows {
        sum.iter_mut().zip(embedder.embed(window).unwrap().values()).for_each(|(sum, value)| *sum += value);
    }
    Embedding::from_values(sum).unwrap()
}

#[test]
fn telephone_sound_becomes_windows_as_the_model_reads_them_and_the_same_ones_as_for_any_model() {
    let (embedder, wav) = (embedder(), recording("slt/slt-1.wav"));
    assert_eq!(wav.sample_rate_hz, 8000);
    let found = windows(&embedder, &wav);
    let mut other = FrontEnd::new(8000).unwrap();
    other.push(&wav.samples);
    other.finish();
    let told = |window: &Window| (window.net_speech_ms, window.steady);
    let others: Vec<_> = std::iter::from_fn(|| other.next_window()).map(|window| told(&window)).collect();
    assert_eq!(found.iter().map(told).collect::<Vec<_>>(), others);
    assert!(found.iter().filter(|window| window.steady).count() <= 1, "speech is no music to any model");
    for window in &found {
        assert_eq!(window.mels.len(), WINDOW_FRAMES * 80);
        let of_band_17 = window.mels.iter().skip(17).step_by(80).sum::<f32>() / WINDOW_FRAMES as f32;
        assert!(of_band_17.abs() < 1e-3, "the mean is taken away: {of_band_17}");
    }
}

#[test]
fn a_voice_is_nearer_to_itself_than_to_another_over_the_telephone() {
    let embedder = embedder();
    let heard = |name: &str| mean(&embedder, &windows(&embedder, &recording(name)));
    let (slt, again, rms) = (heard("slt/slt-1.wav"), heard("slt/slt-2.wav"), heard("rms/rms-1.wav"));
    assert!(slt.cosine(&again) > slt.cosine(&rms), "{:?} and {:?}", slt.cosine(&again), slt.cosine(&rms));
}

#[test]
fn telephone_and_wideband_sound_of_one_voice_agree_below_four_kilohertz() {
    let embedder = embedder();
    let options = options(&embedder);
    // All of it is speech, or none: so both front-ends choose the same frames.
    let tone = |hz: f32, t: f32| (std::f32::consts::TAU * hz * t).sin();
    let sound = |rate: usize| -> Vec<f32> {
        let at = |n: usize| n as f32 / rate as f32;
        (0..2 * rate)
            .map(|n| 0.1 * tone(500.0, at(n)) * (1.2 + tone(3.0, at(n))) + 0.02 * tone(1900.0, at(n)))
            .collect()
    };
    let mut doubler = regulars::speech::upsample::Doubler::default();
    let doubled: Vec<f32> = sound(8000).iter().flat_map(|sample| doubler.push(*sample)).collect();
    let narrow = KaldiFbank::of_recording(options, &doubled);
    let wide = KaldiFbank::of_recording(options, &sound(16000));
    for band in [14, 15, 38, 39] {
        let at = |rows: &[f32]| rows[100 * 80 + band];
        // The doubler is 12 samples late, in which the tone of 3 Hz moves by a few hundredths.
        assert!((at(&narrow) - at(&wide)).abs() < 0.1, "band {band}: {} and {}", at(&narrow), at(&wide));
    }
}
