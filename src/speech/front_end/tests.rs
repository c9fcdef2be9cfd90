//! The voice here is made by formula and proves plumbing alone; tests/accuracy has people.

use super::*;

/// Glottal pulses through three formants, in syllables of a quarter of a second.
fn voice(rate: u32, seconds: f32) -> Vec<f32> {
    let rate = rate as f32;
    let mut resonators = [(650.0f32, 80.0f32), (1150.0, 100.0), (2500.0, 140.0)].map(|(hz, width)| {
        let radius = (-std::f32::consts::PI * width / rate).exp();
        (2.0 * radius * (std::f32::consts::TAU * hz / rate).cos(), radius * radius, [0.0f32; 2])
    });
    let mut phase = 0.0f32;
    (0..(seconds * rate) as usize)
        .map(|n| {
            let t = n as f32 / rate;
            phase += (130.0 + 20.0 * (std::f32::consts::TAU * 0.7 * t).sin()) / rate;
            let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
            phase = phase.fract();
            let sum: f32 = resonators
                .iter_mut()
                .map(|(a, b, state)| {
                    let out = pulse + *a * state[0] - *b * state[1];
                    *state = [out, state[0]];
                    out
                })
                .sum();
            let syllable = (std::f32::consts::PI * 4.0 * t).sin().powi(2);
            0.02 * sum * (0.05 + syllable)
        })
        .collect()
}

fn noise(samples: usize, amplitude: f32) -> Vec<f32> {
    let mut state = 1u32;
    (0..samples)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            amplitude * (state as f32 / 2f32.powi(31) - 1.0)
        })
        .collect()
}

fn windows(front_end: &mut FrontEnd, samples: &[f32], packet: usize) -> Vec<Window> {
    let mut windows = Vec::new();
    for packet in samples.chunks(packet) {
        front_end.push(packet);
        windows.extend(std::iter::from_fn(|| front_end.next_window()));
    }
    windows
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// Sum of each band over a window.
fn spectrum(window: &Window) -> Vec<f32> {
    (0..MELS).map(|band| window.mels.iter().skip(band).step_by(MELS).sum()).collect()
}

#[test]
fn a_window_comes_at_one_point_six_seconds_of_speech_and_every_point_eight_after() {
    let mut front_end = FrontEnd::new(8000).unwrap();
    let windows = windows(&mut front_end, &voice(8000, 5.2), 160);
    let ends: Vec<u32> = windows.iter().map(|window| window.net_speech_ms).collect();
    assert_eq!(ends, [1600, 2400, 3200, 4000, 4800]);
    assert!(windows.iter().all(|window| window.mels.len() == WINDOW_FRAMES * MELS));
    assert!((4800..=5200).contains(&front_end.net_speech_ms()));
}

#[test]
fn silence_and_a_hum_are_no_speech() {
    let hum: Vec<f32> = (0..40_000).map(|n| 0.1 * (std::f32::consts::TAU * 50.0 * n as f32 / 8000.0).sin()).collect();
    for sound in [vec![0.0; 40_000], hum] {
        let mut front_end = FrontEnd::new(8000).unwrap();
        assert!(windows(&mut front_end, &sound, 160).is_empty());
        front_end.finish();
        assert!(front_end.next_window().is_none());
    }
}

#[test]
fn pauses_do_not_count() {
    let mut sound = voice(8000, 2.0);
    sound.extend(vec![0.0; 24_000]);
    sound.extend(voice(8000, 2.0));
    let mut front_end = FrontEnd::new(8000).unwrap();
    assert!(!windows(&mut front_end, &sound, 160).is_empty());
    assert!((3500..=4400).contains(&front_end.net_speech_ms()), "{} ms of seven seconds", front_end.net_speech_ms());
}

#[test]
fn the_size_of_packets_changes_nothing() {
    let sound = voice(8000, 4.0);
    let reference = windows(&mut FrontEnd::new(8000).unwrap(), &sound, 160);
    for packet in [1, 80, 333, sound.len()] {
        let other = windows(&mut FrontEnd::new(8000).unwrap(), &sound, packet);
        assert_eq!(other.len(), reference.len());
        assert!(other.iter().zip(&reference).all(|(a, b)| a.mels == b.mels), "packets of {packet}");
    }
}

#[test]
fn a_loud_caller_and_a_quiet_one_give_the_same_mels() {
    let loud = voice(8000, 2.5);
    let quiet: Vec<f32> = loud.iter().map(|sample| sample * 0.25).collect();
    let [loud, quiet] = [loud, quiet].map(|sound| windows(&mut FrontEnd::new(8000).unwrap(), &sound, 160).remove(0));
    let total = |window: &Window| window.mels.iter().sum::<f32>();
    assert!((total(&loud) / total(&quiet) - 1.0).abs() < 0.03, "{} {}", total(&loud), total(&quiet));
    // The detector may move a syllable's edge by a block of 16 ms, and what follows with it.
    assert!(cosine(&spectrum(&loud), &spectrum(&quiet)) > 0.999);
}

#[test]
fn a_steady_noise_is_taken_out() {
    let mut clean = noise(8000, 1e-3);
    clean.extend(voice(8000, 4.0));
    let hiss = noise(clean.len(), 0.03);
    let noisy: Vec<f32> = clean.iter().zip(&hiss).map(|(a, b)| a + b).collect();
    let mut front_end = FrontEnd::new(8000).unwrap();
    let window = windows(&mut front_end, &noisy, 160).pop().unwrap();
    let quiet = windows(&mut FrontEnd::new(8000).unwrap(), &clean, 160).pop().unwrap();
    assert!(window.snr_db + 6.0 < quiet.snr_db, "{} against {} dB", window.snr_db, quiet.snr_db);
    // Above the formants, in bands 26 to 30, there is little but noise.
    let high = |window: &Window| {
        window.mels.chunks_exact(MELS).map(|frame| frame[26..31].iter().sum::<f32>()).sum::<f32>()
            / window.mels.iter().sum::<f32>()
    };
    let floor = subtract(&front_end.features.floor.estimate(), &[1.0; MELS]);
    assert!(floor.iter().all(|left| (0.02..=1.0).contains(left)));
    let mut bare = Fbank::new(8000);
    let mut rest = &noisy[..];
    let frames: Vec<Frame> = std::iter::from_fn(|| bare.next_frame(&mut rest)).collect();
    let raw = frames.iter().map(|f| f.mels[26..31].iter().sum::<f32>()).sum::<f32>()
        / frames.iter().map(|f| f.mels.iter().sum::<f32>()).sum::<f32>();
    assert!(high(&window) < raw / 2.0, "{} of {raw} is left", high(&window));
}

#[test]
fn other_rates_have_the_spectrum_of_wideband() {
    let sound = voice(16000, 3.0);
    let reference = windows(&mut FrontEnd::new(16000).unwrap(), &sound, 320);
    // Three times the samples: each one held, whose images rubato's filter takes out.
    let tripled: Vec<f32> = sound.iter().flat_map(|sample| [*sample; 3]).collect();
    let windows = windows(&mut FrontEnd::new(48000).unwrap(), &tripled, 960);
    assert_eq!(windows.len(), reference.len());
    let cosine = cosine(&spectrum(&windows[0]), &spectrum(&reference[0]));
    assert!(cosine > 0.98, "{cosine}");
}

#[test]
fn lost_packets_are_not_counted_as_speech() {
    let sound = voice(8000, 4.0);
    let mut whole = FrontEnd::new(8000).unwrap();
    windows(&mut whole, &sound, 160);
    let mut lossy = FrontEnd::new(8000).unwrap();
    for (n, packet) in sound.chunks(160).enumerate() {
        if n % 10 == 9 { lossy.skip(160) } else { lossy.push(packet) }
    }
    let lost = whole.net_speech_ms() - lossy.net_speech_ms();
    // 20 packets of 20 ms are missing, and at each hole two or three frames span the splice.
    assert!((600..=1100).contains(&lost), "{lost} ms");
}

#[test]
fn the_end_of_a_short_recording_is_used_once() {
    let mut front_end = FrontEnd::new(8000).unwrap();
    assert!(windows(&mut front_end, &voice(8000, 1.2), 160).is_empty());
    front_end.finish();
    let window = front_end.next_window().unwrap();
    assert!((900..=1300).contains(&window.net_speech_ms), "{} ms", window.net_speech_ms);
    front_end.finish();
    assert!(front_end.next_window().is_none(), "nothing new since");
}

#[test]
fn buffers_do_not_grow_with_the_length_of_a_call() {
    let mut front_end = FrontEnd::new(8000).unwrap();
    let capacities =
        |f: &FrontEnd| (f.features.speech.capacity(), f.features.unjudged.capacity(), f.features.ready.capacity());
    let before = capacities(&front_end);
    let windows = windows(&mut front_end, &voice(8000, 60.0), 160);
    assert!(windows.len() > 60);
    assert_eq!(capacities(&front_end), before, "no buffer was allocated anew in a minute of speech");
}

#[test]
fn a_rate_that_no_telephone_has_is_refused() {
    for rate in [0, 4000, 8001, 384_000] {
        assert_eq!(FrontEnd::new(rate).err(), Some(SpeechError::SampleRate(rate)));
    }
}

#[test]
fn a_call_that_is_wide_from_its_first_sample_is_as_if_it_had_been_announced() {
    let sound = voice(16000, 3.0);
    let mut told = FrontEnd::new(16000).unwrap();
    let mut found = FrontEnd::new(8000).unwrap();
    found.set_sample_rate(16000).unwrap();
    let (told, found) = (windows(&mut told, &sound, 320), windows(&mut found, &sound, 320));
    assert_eq!(told.len(), 2);
    assert!(told.iter().zip(&found).all(|(a, b)| a.mels == b.mels));
}

#[test]
fn a_change_of_rate_costs_a_few_frames_and_speech_counts_on() {
    let (narrow, wide) = (voice(8000, 6.0), voice(16000, 6.0));
    let mut steady = FrontEnd::new(8000).unwrap();
    windows(&mut steady, &narrow, 160);
    // 37 samples: the change falls between two frames.
    let at = 24_037;
    let mut changing = FrontEnd::new(8000).unwrap();
    windows(&mut changing, &narrow[..at], 160);
    changing.set_sample_rate(16000).unwrap();
    let after = windows(&mut changing, &wide[2 * at..], 320);
    assert!(steady.net_speech_ms().abs_diff(changing.net_speech_ms()) <= 60, "{}", changing.net_speech_ms());
    assert!(!after.is_empty());
    assert_eq!(changing.set_sample_rate(11_000), Ok(()), "and on to a rate that needs a resampler");
    assert_eq!(changing.set_sample_rate(44_101), Err(SpeechError::SampleRate(44_101)));
}

fn fixture(file: &str) -> Vec<f32> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(file);
    crate::speech::wav::parse(&std::fs::read(path).unwrap()).unwrap().samples
}

#[test]
fn keys_and_beeps_between_words_leave_the_windows_as_they_were() {
    let sound = fixture("speech/slt/slt-1.wav");
    let beep = (0..4000).map(|n| 0.1 * (std::f32::consts::TAU * 1400.0 * n as f32 / 8000.0).sin());
    let keys = fixture("audio/dtmf-1234.wav");
    let signals: Vec<f32> = beep.chain(keys).collect();
    let with: Vec<f32> = [&sound[..24_000], &signals, &sound[24_000..]].concat();
    let mut alone = FrontEnd::new(8000).unwrap();
    let without = windows(&mut alone, &sound, 160);
    let mut front_end = FrontEnd::new(8000).unwrap();
    let found = windows(&mut front_end, &with, 160);
    assert_eq!(found.len(), without.len());
    let gained_ms = i64::from(front_end.net_speech_ms()) - i64::from(alone.net_speech_ms());
    // What the detector holds on to after each tone, less what the margins cut off.
    assert!((-300..=250).contains(&gained_ms), "{gained_ms} ms more speech with {} ms of tones", signals.len() / 8);
}

/// Net speech of a voice among six others at this ratio, as a share of what it is alone.
fn among_others(snr_db: f32) -> f32 {
    let voice = fixture("speech/slt/slt-1.wav");
    let others = ["kal16/kal16-1", "rms/rms-1", "nsh/nsh-1", "ked-180/ked-180-1", "kal16/kal16-3", "rms/rms-3"];
    let power = |samples: &[f32]| samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32;
    let mut babble = vec![0.0; voice.len()];
    for other in others {
        let samples = fixture(&format!("speech/{other}.wav"));
        let level = 1.0 / power(&samples).sqrt();
        babble.iter_mut().zip(samples.iter().cycle()).for_each(|(sum, sample)| *sum += level * sample);
    }
    let level = (power(&voice) / power(&babble)).sqrt() * 10f32.powf(-snr_db / 20.0);
    let mixed: Vec<f32> = voice.iter().zip(&babble).map(|(voice, babble)| voice + level * babble).collect();
    let net_ms = |sound: &[f32]| {
        let mut front_end = FrontEnd::new(8000).unwrap();
        windows(&mut front_end, sound, 160);
        front_end.net_speech_ms() as f32
    };
    net_ms(&mixed) / net_ms(&voice)
}

#[test]
fn a_voice_five_db_over_the_talk_of_six_others_is_heard() {
    let heard = among_others(5.0);
    assert!(heard > 0.8, "{heard} of the speech");
}

#[test]
fn a_window_holds_what_an_anti_spoofing_model_reads_beside_what_it_held_before() {
    let features = crate::speech::KaldiOptions {
        sample_rate_hz: 16000,
        bands: 80,
        mel_scale: crate::speech::MelScale::Kaldi,
        low_hz: 20.0,
        high_hz: 7600.0,
        taper: crate::speech::Taper::Povey,
        frame_ms: 25,
        full_scale: 1.0,
        remove_dc: true,
        snip_edges: false,
        normalise: crate::speech::Normalise::None,
    };
    let sound = fixture("speech/slt/slt-1.wav");
    let found = |reading: Reading| {
        let mut front_end = FrontEnd::reading(reading, 8000).unwrap();
        let mut found = windows(&mut front_end, &sound[..30_000], 160);
        front_end.skip(400);
        found.extend(windows(&mut front_end, &sound[30_400..], 160));
        found
    };
    let with = found(Reading { spoof: Some(features), ..Reading::default() });
    let without = found(Reading::default());
    assert!(with.len() > 4 && with.len() == without.len());
    for (with, without) in with.iter().zip(&without) {
        assert_eq!((&with.mels, with.net_speech_ms), (&without.mels, without.net_speech_ms));
        assert!(without.spoof.is_none());
        assert_eq!(with.spoof.as_ref().unwrap().len(), WINDOW_FRAMES * 80);
    }
    // Two windows in a row share half of their frames, row by row.
    let rows = |n: usize| with[n].spoof.as_ref().unwrap();
    assert_eq!(rows(0)[WINDOW_STEP * 80..], rows(1)[..(WINDOW_FRAMES - WINDOW_STEP) * 80]);
    // As a speaker model's that reads the same; before the gap nothing sets them apart.
    let speaker = found(FeatureKind::Kaldi(features).into());
    assert_eq!(with[0].spoof.as_ref(), Some(&speaker[0].mels));
}
