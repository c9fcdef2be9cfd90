use std::path::Path;

use super::*;
use crate::rtp::Codec;
use crate::speech::{FrontEnd, codec, wav};

fn sound(file: &str) -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(file);
    wav::parse(&std::fs::read(path).unwrap()).unwrap().samples
}

/// The recordings of a synthetic voice, one after the other.
fn voice(name: &str, numbers: std::ops::RangeInclusive<u32>) -> Vec<f32> {
    numbers.flat_map(|n| sound(&format!("speech/{name}/{name}-{n}.wav"))).collect()
}

/// In packets of 20 ms, as a call gives them; an empty one is lost. Says too whether `before` was heard in it.
fn heard(packets: &[&[f32]], before: Option<&Fingerprint>) -> (Option<Fingerprint>, bool) {
    let (mut front_end, mut made) = (FrontEnd::new(8000).unwrap(), Fingerprinter::new(8000).unwrap());
    let mut replayed = false;
    for packet in packets {
        if packet.is_empty() {
            front_end.skip(160);
            made.skip(160, 8000, front_end.net_speech_ms());
        } else {
            front_end.push(packet);
            made.push(packet, front_end.net_speech_ms());
        }
        while let Some(window) = front_end.next_window() {
            made.judge(window.net_speech_ms, window.steady);
            replayed |= before.is_some_and(|before| made.replays(before));
        }
    }
    (made.finish(), replayed)
}

fn packets(samples: &[f32]) -> Vec<&[f32]> {
    samples.chunks_exact(160).collect()
}

fn of(samples: &[f32]) -> Fingerprint {
    heard(&packets(samples), None).0.unwrap()
}

fn is_replay(samples: &[f32], before: &Fingerprint) -> bool {
    heard(&packets(samples), Some(before)).1
}

#[test]
fn a_recording_is_known_again_from_anywhere_louder_coded_and_with_losses() {
    let said = voice("rms", 1..=4);
    let before = of(&said);
    assert!(is_replay(&said, &before));
    let later: Vec<f32> = said[7_321..].iter().map(|sample| 0.3 * sample).collect();
    assert!(is_replay(&later, &before), "begun later, ten decibels lower");
    let (mut payload, mut coded) = (Vec::new(), Vec::new());
    codec::encode(Codec::Pcma, &later, &mut payload);
    codec::Decoder::new(Codec::Pcma).unwrap().decode(&payload, &mut coded).unwrap();
    let mut lossy = packets(&coded);
    lossy.iter_mut().skip(13).step_by(20).for_each(|packet| *packet = &[]);
    assert!(heard(&lossy, Some(&before)).1, "over A-law, each twentieth packet lost");
    let wrapped = [voice("slt", 3..=3), said[40_000..120_000].to_vec(), voice("slt", 4..=4)].concat();
    assert!(is_replay(&wrapped, &before), "ten seconds of it amid another voice");
}

#[test]
fn other_words_of_the_same_voice_and_the_same_words_of_others_are_new() {
    let before = of(&voice("rms", 1..=3));
    assert!(!is_replay(&voice("rms", 4..=5), &before));
    for name in ["slt", "kal16", "nsh"] {
        assert!(!is_replay(&voice(name, 1..=3), &before), "{name}");
    }
}

#[test]
fn music_tones_and_silence_leave_nothing() {
    for file in ["audio/music-like.wav", "audio/tone-1k.wav", "audio/silence.wav"] {
        let minute: Vec<f32> = sound(file).into_iter().cycle().take(60 * 8000).collect();
        assert!(heard(&packets(&minute), None).0.is_none(), "{file}");
    }
}

#[test]
fn two_calls_with_the_same_music_between_other_words_are_two_calls() {
    let music: Vec<f32> = sound("audio/music-like.wav").into_iter().cycle().take(20 * 8000).collect();
    let before = of(&[voice("rms", 1..=2), music.clone(), voice("rms", 3..=3)].concat());
    assert!(!is_replay(&[voice("slt", 4..=4), music, voice("slt", 5..=5)].concat(), &before));
}

#[test]
fn a_long_call_is_bounded_and_comes_back_from_its_bytes() {
    let long: Vec<f32> = voice("rms", 1..=5).into_iter().cycle().take(200 * 8000).collect();
    let made = of(&long);
    assert_eq!(made.0.len(), MAX_ITEMS);
    assert!(Fingerprint::from_bytes(&made.to_bytes()).unwrap() == made);
    assert!(Fingerprint::from_bytes(&[1, 2, 3]).is_none());
    assert!(Fingerprint::from_bytes(&[0; 4 * MAX_ITEMS + 4]).is_none());
    assert_eq!(format!("{made:?}"), "Fingerprint(512 items)");
}

#[test]
fn hours_of_waiting_hold_little() {
    let mut made = Fingerprinter::new(8000).unwrap();
    made.skip(usize::MAX, 8000, 0);
    for _ in 0..30 * 60 * 50 {
        made.push(&[0.0; 160], 0);
    }
    let ear = made.ear.as_ref().unwrap();
    assert!(made.unjudged.len() <= PAUSE && ear.pcm.len() <= BATCH_SAMPLES && ear.marks.len() <= SPAN + BATCH);
}

#[test]
fn numbers_made_in_batches_are_those_that_the_library_makes_of_the_whole() {
    let said = voice("rms", 1..=2);
    let mut ear = Ear::new(8000).unwrap();
    let (mut whole, mut in_batches) = (Vec::new(), Vec::new());
    for (n, packet) in (1..).zip(packets(&said)) {
        let before = ear.pcm.len();
        ear.push(packet, 20 * n);
        whole.extend_from_slice(&ear.pcm[before..]);
        in_batches.extend(std::iter::from_fn(|| ear.next_batch()).flatten().map(|(_, item)| item));
    }
    let mut chromaprint = Chromaprint::new(&Configuration::preset_test2());
    chromaprint.start(CHROMAPRINT_HZ, 1).unwrap();
    chromaprint.consume(&whole);
    chromaprint.finish();
    assert!(in_batches.len() > 5 * BATCH && chromaprint.fingerprint()[..in_batches.len()] == in_batches);
}
