//! The caller's channel of what a peer sends, as payloads of a bounded size.

use super::dialect::{Event, MAX_PIECE_BYTES, Refused};
use crate::rtp::Codec;

/// How samples lie in a message: interleaved channels, one of them the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) codec: Codec,
    pub(super) channels: usize,
    /// Which channel is the caller's, from 0.
    pub(super) caller: usize,
}

/// Of what the dialects send: G.711, or 16 bits.
const NOT_WHOLE: Refused =
    Refused { fault: super::dialect::Fault::Malformed, reason: "the audio does not consist of whole samples" };

impl Layout {
    pub(super) fn mono(codec: Codec) -> Self {
        Self { codec, channels: 1, caller: 0 }
    }

    fn sample_bytes(&self) -> usize {
        match self.codec {
            Codec::L16 { .. } => 2,
            _ => 1,
        }
    }

    /// Samples of each channel.
    pub(super) fn samples(&self, bytes: &[u8]) -> Result<usize, Refused> {
        let frame = self.sample_bytes() * self.channels;
        if bytes.is_empty() || !bytes.len().is_multiple_of(frame) { Err(NOT_WHOLE) } else { Ok(bytes.len() / frame) }
    }

    /// The caller's samples. L16 comes with the low byte first, as every peer of ours runs on such a machine, and leaves
    /// with the high byte first, as RFC 3551 §4.5.11 wants it.
    pub(super) fn hear(&self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Refused> {
        self.samples(bytes)?;
        let width = self.sample_bytes();
        let (frame, from) = (width * self.channels, width * self.caller);
        for part in bytes.chunks(MAX_PIECE_BYTES / width * frame) {
            let caller = part.chunks_exact(frame).map(|frame| &frame[from..from + width]);
            let mut bytes = Vec::with_capacity(part.len() / self.channels);
            caller.for_each(|sample| bytes.extend(sample.iter().rev()));
            events.push(Event::Audio { codec: self.codec, bytes });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_channel_is_taken_out_and_turned_to_network_order() {
        let codec = Codec::L16 { sample_rate_hz: 8000 };
        let mut events = Vec::new();
        let right = Layout { codec, channels: 2, caller: 1 };
        right.hear(&[1, 2, 3, 4, 5, 6, 7, 8], &mut events).unwrap();
        assert_eq!(events, [Event::Audio { codec, bytes: vec![4, 3, 8, 7] }]);
    }

    #[test]
    fn a_long_message_becomes_bounded_pieces_in_order() {
        for (codec, channels) in [(Codec::Pcmu, 1), (Codec::Pcmu, 2), (Codec::L16 { sample_rate_hz: 16000 }, 2)] {
            let layout = Layout { codec, channels, caller: 0 };
            let width = layout.sample_bytes();
            let sent: Vec<u8> = (0..60_000u32).map(|n| (n / (width * channels) as u32 % 251) as u8).collect();
            let mut events = Vec::new();
            layout.hear(&sent, &mut events).unwrap();
            let mut heard = Vec::new();
            for event in events {
                let Event::Audio { bytes, .. } = event else { panic!("{event:?}") };
                assert!(bytes.len() <= MAX_PIECE_BYTES);
                heard.extend(bytes);
            }
            let expected: Vec<u8> = sent.chunks(width * channels).flat_map(|frame| frame[..width].to_vec()).collect();
            assert_eq!(heard, expected);
        }
    }

    #[test]
    fn half_a_sample_is_refused() {
        let stereo = Layout { codec: Codec::L16 { sample_rate_hz: 8000 }, channels: 2, caller: 0 };
        for bytes in [&[][..], &[1], &[1, 2], &[1, 2, 3, 4, 5, 6]] {
            assert_eq!(stereo.hear(bytes, &mut Vec::new()), Err(NOT_WHOLE), "{bytes:?}");
        }
    }
}
