//! Samples to payloads, for the softphone and tests: the codecs whose payloads do not depend on those before.

use super::FULL_SCALE;
use super::g711::{self, Law};
use crate::rtp::Codec;

/// Appends to `payload` (full scale 1; what lies beyond is clipped). Nothing for G.722 and Opus, which we never speak.
pub fn encode(codec: Codec, samples: &[f32], payload: &mut Vec<u8>) {
    match codec {
        Codec::Pcmu => g711::encode(Law::Mu, samples, payload),
        Codec::Pcma => g711::encode(Law::A, samples, payload),
        Codec::L16 { .. } => {
            // `as` stops at the ends.
            payload.extend(samples.iter().flat_map(|sample| ((sample * FULL_SCALE).round() as i16).to_be_bytes()));
        }
        Codec::G722 | Codec::Opus => {}
    }
}
