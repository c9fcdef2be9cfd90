//! A stream of payloads in one codec becomes samples. G.722 and Opus carry state from packet to packet.

use ezk_g722::libg722::{Bitrate, decoder::Decoder as Subbands};

use super::FULL_SCALE;
use super::g711::{self, Law};
use super::opus::Opus;
use crate::rtp::Codec;
use crate::speech::SpeechError;

/// What is lost is reported by the receiver and never concealed: the state simply goes on with the next payload.
pub struct Decoder {
    codec: Codec,
    state: State,
}

enum State {
    G711(Law),
    G722(Box<Subbands>),
    Opus(Box<Opus>),
    L16,
}

impl Decoder {
    pub fn new(codec: Codec) -> Result<Self, SpeechError> {
        let state = match codec {
            Codec::Pcmu => State::G711(Law::Mu),
            Codec::Pcma => State::G711(Law::A),
            // RFC 3551 §4.5.2: 64 kbit/s, one byte for two samples.
            Codec::G722 => State::G722(Box::new(Subbands::new(Bitrate::Mode1_64000, false, false))),
            Codec::Opus => State::Opus(Box::new(Opus::new()?)),
            Codec::L16 { .. } => State::L16,
        };
        Ok(Self { codec, state })
    }

    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Appends the samples of a payload (full scale 1) at [`Codec::sample_rate_hz`]; none for a packet that stands for a
    /// pause (Opus DTX). No allocation for G.711 and L16 while `samples` has room. An error leaves `samples` as it was, and
    /// the decoder ready for the next payload.
    pub fn decode(&mut self, payload: &[u8], samples: &mut Vec<f32>) -> Result<(), SpeechError> {
        match &mut self.state {
            State::G711(law) => g711::decode(*law, payload, samples),
            State::G722(subbands) => {
                samples.extend(subbands.decode(payload).into_iter().map(|sample| f32::from(sample) / FULL_SCALE));
            }
            State::Opus(opus) => opus.decode(payload, samples)?,
            State::L16 => {
                let (words, rest) = payload.as_chunks::<2>();
                if !rest.is_empty() {
                    return Err(SpeechError::Undecodable("L16"));
                }
                samples.extend(words.iter().map(|word| f32::from(i16::from_be_bytes(*word)) / FULL_SCALE));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
