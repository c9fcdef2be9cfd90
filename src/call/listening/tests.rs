use super::*;
use crate::base::clock;
use crate::rtp::{Packetizer, ReceiverOptions};

fn listening(now: Instant) -> Listening {
    Listening::new(ReceiverOptions::default(), Reading::default(), now)
}

/// A voice from the fixtures, ten seconds at 8 kHz.
fn voice() -> Vec<f32> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/speech/slt/slt-1.wav");
    crate::speech::wav::parse(&std::fs::read(file).unwrap()).unwrap().samples
}

fn encoded(codec: Codec, samples: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    crate::speech::codec::encode(codec, samples, &mut bytes);
    bytes
}

#[test]
fn a_stream_of_payloads_is_heard_like_rtp() {
    let (now, bytes) = (clock::now(), encoded(Codec::Pcmu, &voice()));
    let (mut by_rtp, mut by_stream) = (listening(now), listening(now));
    let from = "127.0.0.1:4000".parse().unwrap();
    by_rtp.negotiated(now, &Negotiated::plain(from, vec![(0, Codec::Pcmu)]));
    let (mut sender, mut packet) = (Packetizer::new(1, 2, 3), Vec::new());
    for (n, payload) in (0u32..).zip(bytes.chunks(160)) {
        let now = now + Duration::from_millis(20) * n;
        sender.next(0, Codec::Pcmu, payload, &mut packet);
        by_rtp.receive(now, from, &packet);
        by_rtp.advance(now);
        by_stream.hear(now, Codec::Pcmu, payload);
    }
    let windows = |listening: &mut Listening| std::iter::from_fn(|| listening.next_window()).collect::<Vec<_>>();
    let (by_rtp, by_stream) = (windows(&mut by_rtp), windows(&mut by_stream));
    assert!(by_rtp.len() >= 2);
    assert!(by_rtp.iter().zip(&by_stream).all(|(a, b)| a.mels == b.mels), "to the last bit");
}

#[test]
fn speech_counts_on_when_the_codec_and_its_rate_change() {
    let now = clock::now();
    let mut line = listening(now);
    let narrow = voice();
    let wide: Vec<f32> = narrow.windows(2).flat_map(|pair| [pair[0], (pair[0] + pair[1]) / 2.0]).collect();
    let wideband = Codec::L16 { sample_rate_hz: 16_000 };
    let mut heard = Vec::new();
    for (codec, samples) in
        [(Codec::Pcma, &narrow[..40_000]), (wideband, &wide[80_000..]), (Codec::Pcmu, &narrow[..40_000])]
    {
        encoded(codec, samples).chunks(160).for_each(|payload| line.hear(now, codec, payload));
        heard.push(line.heard().net_speech_ms);
    }
    assert!(heard[0] > 2000 && heard[1] > heard[0] + 2000 && heard[2] > heard[1] + 2000, "{heard:?}");
    assert_eq!(line.heard().statistics.undecodable, 0);
}

#[test]
fn what_cannot_be_decoded_is_counted_and_the_call_goes_on() {
    let now = clock::now();
    let mut line = listening(now);
    line.hear(now, Codec::L16 { sample_rate_hz: 8000 }, &[0; 3]);
    line.hear(now, Codec::L16 { sample_rate_hz: 4000 }, &[0; 4]);
    line.hear(now, Codec::Opus, &[0x03, 0x3f, 1, 2]);
    line.hear(now, Codec::Opus, &[9 << 3]);
    encoded(Codec::Pcmu, &voice()).chunks(160).for_each(|payload| line.hear(now, Codec::Pcmu, payload));
    assert_eq!(line.heard().statistics.undecodable, 3);
    assert!(line.heard().net_speech_ms > 4000);
}

#[test]
fn keys_come_up_in_order_and_the_oldest_go_when_nobody_asks() {
    let now = clock::now();
    let mut line = listening(now);
    let keys = |line: &mut Listening| std::iter::from_fn(|| line.next_digit()).map(Digit::key).collect::<String>();
    "12#".chars().for_each(|key| line.digit(now, Digit::new(key).unwrap()));
    assert_eq!(keys(&mut line), "12#");
    (0..MAX_DIGITS).for_each(|_| line.digit(now, Digit::new('0').unwrap()));
    line.digit(now, Digit::new('1').unwrap());
    let kept = keys(&mut line);
    assert!(kept.len() == MAX_DIGITS && kept.ends_with("01"), "{kept}");
}
