//! Opus (RFC 6716) to 16 kHz in one channel; two channels are mixed by the decoder.

use rusty_opus::OpusDecoder;

use crate::speech::SpeechError;

pub(super) struct Opus {
    decoder: OpusDecoder,
    /// One packet.
    pcm: Vec<f32>,
}

const RATE_HZ: u16 = 16_000;
/// 120 ms, the longest packet (RFC 6716 §3.2.5, R5).
const MAX_SAMPLES: usize = RATE_HZ as usize / 1000 * 120;

/// A packet this short holds no sound (RFC 6716 §2.1.9, DTX): what a decoder makes of it is invented.
const DTX_BYTES: usize = 2;

impl Opus {
    pub(super) fn new() -> Result<Self, SpeechError> {
        let decoder = OpusDecoder::new(RATE_HZ.into(), 1).map_err(|_| SpeechError::SampleRate(RATE_HZ.into()))?;
        Ok(Self { decoder, pcm: vec![0.0; MAX_SAMPLES] })
    }

    pub(super) fn decode(&mut self, payload: &[u8], samples: &mut Vec<f32>) -> Result<(), SpeechError> {
        // To the crate an empty packet is a lost one, whose sound it would invent.
        if payload.is_empty() {
            return Err(SpeechError::Undecodable("Opus"));
        }
        if payload.len() <= DTX_BYTES {
            return Ok(());
        }
        let decoded = self.decoder.decode(payload, MAX_SAMPLES, &mut self.pcm);
        let length = decoded.map_err(|_| SpeechError::Undecodable("Opus"))?;
        samples.extend_from_slice(&self.pcm[..length.min(MAX_SAMPLES)]);
        Ok(())
    }
}
