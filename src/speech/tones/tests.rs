use std::f32::consts::TAU;
use std::path::Path;

use super::*;
use crate::speech::fbank::Fbank;
use crate::speech::wav;

const RATE: u32 = 8000;

/// One verdict for every 10 ms.
fn verdicts(rate: u32, samples: &[f32]) -> Vec<bool> {
    let (mut fbank, mut tones) = (Fbank::new(rate), Tones::new());
    let (mut rest, mut verdicts) = (samples, Vec::new());
    while fbank.next_frame(&mut rest).is_some() {
        tones.push(fbank.power_spectrum());
        verdicts.extend(std::iter::from_fn(|| tones.next_verdict()));
    }
    tones.end();
    verdicts.extend(std::iter::from_fn(|| tones.next_verdict()));
    verdicts
}

fn share(verdicts: &[bool]) -> f32 {
    verdicts.iter().filter(|verdict| **verdict).count() as f32 / verdicts.len() as f32
}

fn tone(hz: &[f32], level: f32, ms: usize) -> Vec<f32> {
    let at = |n: usize| hz.iter().map(|hz| level * (TAU * hz * n as f32 / RATE as f32).sin()).sum();
    (0..ms * RATE as usize / 1000).map(at).collect()
}

fn noise(samples: usize, amplitude: f32) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        amplitude * (state as f32 / 2f32.powi(31) - 1.0)
    };
    (0..samples).map(|_| next()).collect()
}

fn speech(file: &str) -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/speech").join(file);
    wav::parse(&std::fs::read(path).unwrap()).unwrap().samples
}

/// A tone of half a second laid into speech at three seconds, in its place or over it.
fn within_speech(tone: &[f32], over: bool) -> Vec<f32> {
    let mut sound = speech("slt/slt-1.wav");
    for (sample, tone) in sound[24_000..].iter_mut().zip(tone) {
        *sample = if over { *sample + tone } else { *tone };
    }
    sound
}

/// Signals of ITU-T E.180 (supplement 2) and T.30, and beeps, that may stand on a caller's line.
const SIGNALS: [(&str, &[f32]); 7] = [
    ("busy, Europe", &[425.0]),
    ("busy, North America", &[480.0, 620.0]),
    ("call waiting", &[440.0]),
    ("an answering machine", &[1000.0]),
    ("a recorder", &[1400.0]),
    ("a fax calls", &[1100.0]),
    ("a fax answers", &[2100.0]),
];

#[test]
fn signals_in_the_middle_of_speech_are_found_whole_and_the_speech_is_left() {
    for (what, hz) in SIGNALS {
        for level in [0.02, 0.2] {
            let verdicts = verdicts(RATE, &within_speech(&tone(hz, level, 500), false));
            assert!(verdicts[300..350].iter().all(|verdict| *verdict), "{what}: {:?}", &verdicts[295..355]);
            let others = [&verdicts[..297], &verdicts[353..]].concat();
            assert!(share(&others) < 0.01, "{what}");
        }
    }
}

#[test]
fn every_key_is_found_also_short_skewed_and_over_noise() {
    for row in ROWS_HZ {
        for column in COLUMNS_HZ {
            // Q.24: 1.5 % off, 40 ms long, one 6 dB louder.
            let (low, high) = (tone(&[row * 1.015], 0.2, 40), tone(&[column * 0.985], 0.1, 40));
            let mut sound = noise(4000, 0.02);
            sound[2000..].iter_mut().zip(low.iter().zip(&high)).for_each(|(s, (low, high))| *s += low + high);
            let verdicts = verdicts(RATE, &sound);
            // The key lasts from 250 to 290 ms.
            assert!(verdicts[25..29].iter().all(|verdict| *verdict), "{row} {column}: {verdicts:?}");
            assert!(share(&verdicts) < 0.25, "{row} {column}");
        }
    }
}

#[test]
fn a_key_as_loud_as_the_voice_behind_it_is_found() {
    let verdicts = verdicts(RATE, &within_speech(&tone(&[770.0, 1336.0], 0.25, 500), true));
    assert!(share(&verdicts[300..350]) > 0.9, "{:?}", &verdicts[295..355]);
}

#[test]
fn the_fixture_of_four_keys_holds_nothing_else() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audio/dtmf-1234.wav");
    let samples = wav::parse(&std::fs::read(path).unwrap()).unwrap().samples;
    let loud = samples.chunks(80).map(|ten_ms| ten_ms.iter().any(|sample| sample.abs() > 0.05));
    let missed = loud.zip(verdicts(RATE, &samples)).filter(|(loud, verdict)| *loud && !verdict).count();
    assert_eq!(missed, 0);
}

#[test]
fn a_beep_is_the_same_at_sixteen_kilohertz() {
    let wide = |ms: usize| (0..ms * 16).map(|n| 0.2 * (TAU * 1400.0 * n as f32 / 16_000.0).sin());
    let sound: Vec<f32> =
        std::iter::repeat_n(0.0, 3200).chain(wide(300)).chain(std::iter::repeat_n(0.0, 3200)).collect();
    let verdicts = verdicts(16_000, &sound);
    assert!(verdicts[20..50].iter().all(|verdict| *verdict) && share(&verdicts) < 0.55, "{verdicts:?}");
}

#[test]
fn voices_are_no_tones() {
    let files =
        ["slt/slt-1.wav", "kal16/kal16-2.wav", "noisy/rms-5-noisy.wav", "nsh/nsh-1.wav", "ked-180/ked-180-1.wav"];
    for file in files {
        let share = share(&verdicts(RATE, &speech(file)));
        assert!(share < 0.01, "{file}: {share}");
    }
}

/// A vowel held on one note: harmonics through two formants, a singer's vibrato of 5.5 Hz, and the one per cent that a
/// healthy voice wavers by.
fn sung(pitch_hz: f32, formants_hz: [f32; 2], vibrato: f32) -> Vec<f32> {
    let (mut phase, mut waver) = (0.0f32, 0.0f32);
    let unrest = noise(2 * RATE as usize, 1.0);
    let gain = |hz: f32| -> f32 {
        let resonance = |f: f32| f * f / ((f * f - hz * hz).powi(2) + (80.0 * hz).powi(2)).sqrt();
        formants_hz.iter().map(|formant| resonance(*formant)).sum::<f32>()
    };
    let one = |(n, unrest): (usize, &f32)| {
        let t = n as f32 / RATE as f32;
        // Below 4 Hz, with a deviation of one per cent.
        waver = 0.997 * waver + 0.003 * unrest;
        let hz = pitch_hz * (1.0 + vibrato * (TAU * 5.5 * t).sin() + 0.44 * waver);
        phase = (phase + hz / RATE as f32).fract();
        let harmonics = (1..).take_while(|h| *h as f32 * pitch_hz < 3400.0);
        0.1 * harmonics.map(|h| gain(h as f32 * pitch_hz) / h as f32 * (TAU * h as f32 * phase).sin()).sum::<f32>()
    };
    unrest.iter().enumerate().map(one).collect()
}

#[test]
fn a_high_sustained_vowel_is_a_voice() {
    // Formants of /u/, /o/, /a/ and /i/ (Peterson and Barney, 1952).
    for formants in [[370.0, 950.0], [460.0, 1105.0], [850.0, 1220.0], [310.0, 2790.0]] {
        for pitch in [180.0, 260.0, 350.0, 440.0] {
            for vibrato in [0.0, 0.02] {
                let share = share(&verdicts(RATE, &sung(pitch, formants, vibrato)));
                assert!(share < 0.05, "{pitch} Hz, {formants:?}, vibrato {vibrato}: {share}");
            }
        }
    }
}

#[test]
fn a_voice_goes_on_being_judged_in_step() {
    let (mut fbank, mut tones) = (Fbank::new(RATE), Tones::new());
    let sound = speech("slt/slt-1.wav");
    let (mut rest, mut pushed, mut judged) = (&sound[..], 0, 0);
    while fbank.next_frame(&mut rest).is_some() {
        tones.push(fbank.power_spectrum());
        pushed += 1;
        judged += std::iter::from_fn(|| tones.next_verdict()).count();
        assert!(pushed - judged <= TONE_FRAMES + EDGE, "{pushed} {judged}");
    }
}
