use ezk_g722::libg722::encoder::Encoder;
use proptest::prelude::*;

use super::*;
use crate::speech::codec::encode;

/// 440 Hz, `seconds` long.
fn tone(rate: u32, seconds: f32, amplitude: f32) -> Vec<f32> {
    let step = std::f32::consts::TAU * 440.0 / rate as f32;
    (0..(rate as f32 * seconds) as usize).map(|n| amplitude * (step * n as f32).sin()).collect()
}

/// Amplitude of what is 440 Hz in `samples`, and of all the rest.
fn tone_and_rest(samples: &[f32], rate: u32) -> (f32, f32) {
    let step = std::f32::consts::TAU * 440.0 / rate as f32;
    let sum = |f: fn(f32) -> f32| samples.iter().enumerate().map(|(n, s)| s * f(step * n as f32)).sum::<f32>();
    let scale = 2.0 / samples.len() as f32;
    let amplitude = (sum(f32::sin) * scale).hypot(sum(f32::cos) * scale);
    let power = samples.iter().map(|s| s * s).sum::<f32>() * scale;
    (amplitude, (power - amplitude * amplitude).max(0.0).sqrt())
}

fn decode_all(codec: Codec, payloads: &[Vec<u8>]) -> Vec<f32> {
    let mut decoder = Decoder::new(codec).unwrap();
    let mut samples = Vec::new();
    payloads.iter().for_each(|payload| decoder.decode(payload, &mut samples).unwrap());
    samples
}

#[test]
fn every_codec_that_we_encode_ourselves_brings_a_tone_through() {
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::L16 { sample_rate_hz: 16_000 }] {
        let mut bytes = Vec::new();
        let sent = tone(codec.sample_rate_hz(), 0.1, 0.5);
        encode(codec, &sent, &mut bytes);
        let heard = decode_all(codec, &[bytes]);
        assert_eq!(heard.len(), sent.len());
        assert!(sent.iter().zip(&heard).all(|(a, b)| (a - b).abs() < 0.02), "{codec:?}");
    }
}

#[test]
fn g722_gives_sixteen_thousand_samples_a_second_and_keeps_its_state_over_packets() {
    let pcm: Vec<i16> = tone(16_000, 1.0, 0.5).iter().map(|sample| (sample * FULL_SCALE) as i16).collect();
    let bytes = Encoder::new(Bitrate::Mode1_64000, false, false).encode(&pcm);
    assert_eq!(bytes.len(), 8000, "64 kbit/s");
    let packets: Vec<_> = bytes.chunks(160).map(<[u8]>::to_vec).collect();
    let heard = decode_all(Codec::G722, &packets);
    assert_eq!(heard.len(), 16_000);
    let (tone, rest) = tone_and_rest(&heard[1600..14_400], 16_000);
    assert!((0.48..0.52).contains(&tone) && rest < 0.02, "{tone} {rest}");
    assert_eq!(heard, decode_all(Codec::G722, &[bytes]), "however it is cut into packets");
}

/// Packets made by libopus 1.3.1: each has its length before it, in two bytes.
fn opus(file: &str) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(format!("{}/fixtures/rtp/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut rest = &bytes[..];
    std::iter::from_fn(|| {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (packet, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
        rest = after;
        Some(packet.to_vec())
    })
    .collect()
}

/// One second of 440 Hz at an amplitude of 0.25 each; of the stereo one, half of that on the right.
#[test]
fn opus_of_every_mode_is_sixteen_khz_in_one_channel() {
    for (file, expected) in [
        ("opus-silk-wide-mono.bin", 0.25),
        ("opus-silk-narrow-mono.bin", 0.25),
        ("opus-silk-stereo.bin", 0.1875),
        ("opus-celt-stereo.bin", 0.1875),
    ] {
        let heard = decode_all(Codec::Opus, &opus(file));
        assert!((15_500..=16_000).contains(&heard.len()), "{file}: {}", heard.len());
        let (tone, rest) = tone_and_rest(&heard[3200..14_400], 16_000);
        assert!((tone / expected - 1.0).abs() < 0.1 && rest < 0.03, "{file}: {tone} {rest}");
    }
}

#[test]
fn a_lost_opus_packet_is_not_made_up_and_the_next_ones_are_heard() {
    let mut packets = opus("opus-silk-wide-mono.bin");
    let whole = decode_all(Codec::Opus, &packets).len();
    packets.drain(20..25);
    let heard = decode_all(Codec::Opus, &packets);
    assert_eq!(whole - heard.len(), 5 * 320);
    let (tone, rest) = tone_and_rest(&heard[8000..14_000], 16_000);
    assert!(tone > 0.2 && rest < 0.05, "{tone} {rest}");
}

#[test]
fn our_own_silence_is_silent() {
    for codec in Codec::ALL {
        let mut payload = Vec::new();
        codec.silence(20, &mut payload);
        let heard = decode_all(codec, &vec![payload; 50]);
        let loudest = heard.iter().fold(0.0f32, |loudest, sample| loudest.max(sample.abs()));
        assert!(heard.len() >= codec.sample_rate_hz() as usize / 2, "{codec:?}: {}", heard.len());
        assert!(loudest <= 8.0 / FULL_SCALE, "{codec:?}: {loudest}");
    }
}

#[test]
fn what_is_no_payload_is_an_error_and_harms_nothing() {
    let packets = opus("opus-silk-wide-mono.bin");
    let mut decoder = Decoder::new(Codec::Opus).unwrap();
    let mut samples = Vec::new();
    for bad in [&[][..], &[0x03, 0x3f, 1, 2]] {
        assert_eq!(decoder.decode(bad, &mut samples), Err(SpeechError::Undecodable("Opus")), "{bad:?}");
    }
    decoder.decode(&[9 << 3], &mut samples).expect("a pause, by DTX");
    assert!(samples.is_empty());
    packets.iter().for_each(|packet| decoder.decode(packet, &mut samples).unwrap());
    assert!(tone_and_rest(&samples[3200..14_400], 16_000).0 > 0.2);
    let mut words = Decoder::new(Codec::L16 { sample_rate_hz: 8000 }).unwrap();
    assert!(words.decode(&[0; 3], &mut samples).is_err(), "half a sample");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_bring_a_decoder_down(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 1..8),
        codec in prop::sample::select(Codec::ALL.to_vec()),
    ) {
        let mut decoder = Decoder::new(codec).unwrap();
        let mut samples = Vec::new();
        for payload in payloads {
            let _ = decoder.decode(&payload, &mut samples);
        }
        prop_assert!(samples.iter().all(|sample| sample.is_finite()));
    }
}
