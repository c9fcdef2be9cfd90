//! What can be wrong with sound that is handed to us.

use crate::base::ErrorKind;

/// The text names what was found and what is wanted; the caller adds which file or call it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpeechError {
    #[error("this is not a WAV file: it does not start with RIFF and WAVE")]
    NotWav,
    #[error("the WAV file ends within its {chunk} chunk, {missing} bytes short: it was probably cut off")]
    WavCutOff { chunk: String, missing: usize },
    #[error("the WAV file has no {0} chunk")]
    WavChunkMissing(&'static str),
    #[error("the WAV file holds format {format} with {bits} bits; PCM 16 bit, A-law and mu-law 8 bit can be read")]
    WavFormat { format: u16, bits: u16 },
    #[error("the WAV file has {0} channels; one is wanted, so split or mix it first")]
    WavChannels(u16),
    #[error("the WAV file has {0} samples a second; 8000 and 16000 can be read")]
    WavSampleRate(u32),
    #[error("sound with {0} samples a second cannot be used; multiples of 25 from 8000 to 192000 can")]
    SampleRate(u32),
    #[error("a payload is no {0}")]
    Undecodable(&'static str),
}

impl SpeechError {
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }
}
