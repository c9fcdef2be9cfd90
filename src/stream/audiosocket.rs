//! Asterisk's AudioSocket: messages of one byte kind, two bytes length (high byte first) and a payload, over TCP.
//!
//! Written to docs.asterisk.org, "AudioSocket" channel driver. A call is named by a UUID and nothing else, so the dialplan
//! announces number and line for that UUID beforehand (`announced.rs`).

use super::dialect::{Event, Goodbye, Refused, digit};
use super::samples::Layout;
use crate::rtp::Codec;

/// Cuts a stream of bytes into messages. Holds at most one message and what came with it.
#[derive(Default)]
pub struct Framer {
    bytes: Vec<u8>,
    /// Of `bytes`, those already cut.
    cut: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub kind: u8,
    pub payload: &'a [u8],
}

/// The name of a call.
pub type Uuid = [u8; 16];

/// What one message of a call means.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The call that this connection belongs to.
    Call(Uuid),
    /// As the dialects of WebSockets have them, of which AudioSocket knows audio, keys and the end.
    Events(Vec<Event>),
}

/// The protocol of one connection.
#[derive(Default)]
pub struct AudioSocket {
    named: bool,
}

/// "Types" of the specification.
const HANG_UP: u8 = 0x00;
const UUID: u8 = 0x01;
const DTMF: u8 = 0x03;
const AUDIO_8_KHZ: u8 = 0x10;
const AUDIO_16_KHZ: u8 = 0x12;
/// 12, 24, 32, 44.1, 48, 96 and 192 kHz.
const AUDIO_OTHER: [u8; 7] = [0x11, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18];
const ERROR: u8 = 0xff;
/// Application-specific (the specification leaves the codes to us): what came was not understood.
const NOT_UNDERSTOOD: u8 = 0x01;
const HEADER_BYTES: usize = 3;

impl Framer {
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..std::mem::take(&mut self.cut));
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message.
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        let &[kind, high, low, ..] = &self.bytes[self.cut..] else { return None };
        let start = self.cut + HEADER_BYTES;
        let end = start + usize::from(u16::from_be_bytes([high, low]));
        if end > self.bytes.len() {
            return None;
        }
        self.cut = end;
        Some(Frame { kind, payload: &self.bytes[start..end] })
    }

    /// Bytes wait for the rest of their message.
    pub fn is_midway(&self) -> bool {
        self.cut < self.bytes.len()
    }
}

impl AudioSocket {
    pub fn message(&mut self, frame: Frame<'_>) -> Result<Heard, Refused> {
        let mut events = Vec::new();
        match frame.kind {
            UUID if !self.named => {
                let uuid = frame.payload.try_into().map_err(|_| Refused::malformed("a UUID has 16 bytes"))?;
                self.named = true;
                return Ok(Heard::Call(uuid));
            }
            HANG_UP | ERROR => events.push(Event::Ended),
            _ if !self.named => return Err(Refused::protocol("the first message must be the UUID")),
            AUDIO_8_KHZ => linear(8000).hear(frame.payload, &mut events)?,
            AUDIO_16_KHZ => linear(16000).hear(frame.payload, &mut events)?,
            kind if AUDIO_OTHER.contains(&kind) => {
                return Err(Refused::unsupported("the audio is slin or slin16"));
            }
            DTMF => {
                let key = std::str::from_utf8(frame.payload).ok().and_then(digit);
                events.extend(key.map(Event::Digit));
            }
            _ => return Err(Refused::protocol("a kind of message that is not known")),
        }
        Ok(Heard::Events(events))
    }

    /// The last bytes to the peer.
    pub fn farewell(goodbye: Goodbye) -> &'static [u8] {
        match goodbye {
            Goodbye::Refused(_) => &[ERROR, 0, 1, NOT_UNDERSTOOD, HANG_UP, 0, 0],
            _ => &[HANG_UP, 0, 0],
        }
    }
}

fn linear(sample_rate_hz: u32) -> Layout {
    Layout::mono(Codec::L16 { sample_rate_hz })
}

/// `30b0e395-84d3-4570-ac13-9a62d8f514c0`, or the same without dashes (RFC 9562 §4).
pub fn uuid(text: &str) -> Option<Uuid> {
    let digits: Vec<u8> =
        text.chars().filter(|c| *c != '-').map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    if digits.len() != 32 {
        return None;
    }
    let mut uuid = [0; 16];
    for (byte, pair) in uuid.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    Some(uuid)
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Fault;
    use super::super::tests::pressed;
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "30b0e395-84d3-4570-ac13-9a62d8f514c0";

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind];
        bytes.extend((payload.len() as u16).to_be_bytes());
        bytes.extend(payload);
        bytes
    }

    /// What comes of a whole connection, however it was cut into segments.
    fn heard(bytes: &[u8], segment: usize) -> Vec<Result<Heard, Fault>> {
        let (mut framer, mut protocol, mut heard) = (Framer::default(), AudioSocket::default(), Vec::new());
        for part in bytes.chunks(segment) {
            framer.push(part);
            while let Some(frame) = framer.next_frame() {
                heard.push(protocol.message(frame).map_err(|refused| refused.fault));
            }
        }
        heard
    }

    fn audio(sample_rate_hz: u32, bytes: &[u8]) -> Result<Heard, Fault> {
        let codec = Codec::L16 { sample_rate_hz };
        Ok(Heard::Events(vec![Event::Audio { codec, bytes: bytes.to_vec() }]))
    }

    #[test]
    fn a_call_from_its_uuid_to_its_end_in_segments_of_any_size() {
        let id = uuid(ID).unwrap();
        let parts = [frame(1, &id), frame(0x10, &[1, 2, 3, 4]), frame(3, b"1"), frame(0x12, &[5, 6]), frame(0, &[])];
        let expected = [
            Ok(Heard::Call(id)),
            audio(8000, &[2, 1, 4, 3]),
            Ok(Heard::Events(vec![pressed('1')])),
            audio(16000, &[6, 5]),
            Ok(Heard::Events(vec![Event::Ended])),
        ];
        for segment in 1..=64 {
            assert_eq!(heard(&parts.concat(), segment), expected, "segments of {segment}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let id = frame(1, &uuid(ID).unwrap());
        let after = |more: &[u8]| heard(&[id.clone(), more.to_vec()].concat(), 99).pop().unwrap();
        assert_eq!(heard(&frame(0x10, &[0, 0]), 99), [Err(Fault::Protocol)], "audio before the UUID");
        assert_eq!(heard(&frame(1, &[0; 15]), 99), [Err(Fault::Malformed)]);
        assert_eq!(after(&frame(0x16, &[0, 0])), Err(Fault::Unsupported), "48 kHz");
        assert_eq!(after(&frame(0x10, &[0])), Err(Fault::Malformed), "half a sample");
        assert_eq!(after(&frame(0x42, &[])), Err(Fault::Protocol));
        assert_eq!(after(&id), Err(Fault::Protocol), "a second UUID");
        assert_eq!(heard(b"GET / HTTP/1.1\r\n", 99), [], "waits for 17748 bytes that never come");
    }

    #[test]
    fn a_uuid_is_read_with_and_without_dashes() {
        assert_eq!(uuid(ID), uuid("30B0E39584D34570AC139A62D8F514C0"));
        assert_eq!(uuid(ID).unwrap()[..2], [0x30, 0xb0]);
        for odd in ["", "30b0e395", "30b0e395-84d3-4570-ac13-9a62d8f514cg", &format!("{ID}0")] {
            assert_eq!(uuid(odd), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..400), segment in 1usize..50) {
            heard(&bytes, segment);
        }
    }
}
