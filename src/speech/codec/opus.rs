//! Opus (RFC 6716) to 16 kHz in one channel.

use std::panic::{AssertUnwindSafe, catch_unwind};

use opus_decoder::OpusDecoder;

use crate::speech::SpeechError;
use crate::speech::resample::Resampler;

pub(super) struct Opus {
    decoder: OpusDecoder,
    /// One packet at [`RATE_HZ`].
    pcm: Vec<f32>,
    resampler: Resampler,
}

/// What opus-decoder 0.1.1 gets right: asked for 16 kHz it makes noise of narrow-band SILK (cosine to libopus .02).
const RATE_HZ: u32 = 48_000;

/// A packet this short holds no sound (RFC 6716 §2.1.9, DTX): what a decoder makes of it is invented.
const DTX_BYTES: usize = 2;

impl Opus {
    pub(super) fn new() -> Result<Self, SpeechError> {
        let decoder = decoder()?;
        let pcm = vec![0.0; decoder.max_frame_size_per_channel()];
        Ok(Self { decoder, pcm, resampler: Resampler::new(RATE_HZ)? })
    }

    pub(super) fn decode(&mut self, payload: &[u8], samples: &mut Vec<f32>) -> Result<(), SpeechError> {
        // To the crate an empty packet is a lost one, whose sound it would invent.
        if payload.is_empty() {
            return Err(SpeechError::Undecodable("Opus"));
        }
        if payload.len() <= DTX_BYTES {
            return Ok(());
        }
        // With overflow checks the crate panics on some packets that are no Opus (a shift in its vq.rs).
        let decoded = catch_unwind(AssertUnwindSafe(|| self.decoder.decode_float(payload, &mut self.pcm, false)));
        match decoded {
            Ok(Ok(length)) => {
                let mut rest = &self.pcm[..length.min(self.pcm.len())];
                while let Some(block) = self.resampler.next_block(&mut rest) {
                    samples.extend_from_slice(block);
                }
                Ok(())
            }
            Ok(Err(_)) => Err(SpeechError::Undecodable("Opus")),
            Err(_) => {
                self.decoder = decoder()?;
                Err(SpeechError::Undecodable("Opus"))
            }
        }
    }
}

fn decoder() -> Result<OpusDecoder, SpeechError> {
    OpusDecoder::new(RATE_HZ, 1).map_err(|_| SpeechError::SampleRate(RATE_HZ))
}
