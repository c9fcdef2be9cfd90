//! WAV files as telephone systems write them: PCM 16 bit or G.711, one channel, 8 or 16 kHz.
//!
//! Read here and not by hound, which does not know the G.711 formats (RFC 2361 gives their tags).

use super::SpeechError;
use super::codec::g711::{self, Law};

/// A recording. Samples have full scale 1.
#[derive(Clone, PartialEq)]
pub struct Wav {
    pub sample_rate_hz: u32,
    pub samples: Vec<f32>,
}

/// Reads a whole file. What follows the data chunk is not looked at.
pub fn parse(bytes: &[u8]) -> Result<Wav, SpeechError> {
    if bytes.len() < 12 || &bytes[..4] != b"RIFF" || &bytes[8..12] != b"WAVE" {
        return Err(SpeechError::NotWav);
    }
    let mut rest = &bytes[12..];
    let mut format = None;
    while let Some((id, length, body)) = chunk(rest) {
        let available = &body[..length.min(body.len())];
        match &id {
            b"fmt " => format = Some(Format::parse(available)?),
            b"data" => {
                let format = format.ok_or(SpeechError::WavChunkMissing("fmt"))?;
                // Programs that write to a pipe cannot go back and fill in the length.
                let open_ended = length == u32::MAX as usize;
                if length > body.len() && !open_ended {
                    return Err(cut_off(&id, length - body.len()));
                }
                return Ok(format.decode(available));
            }
            _ => {}
        }
        // Chunks start at even offsets (RIFF 1991, chapter 2).
        let step = length + length % 2;
        if step > body.len() {
            return Err(cut_off(&id, length.saturating_sub(body.len())));
        }
        rest = &body[step..];
    }
    Err(SpeechError::WavChunkMissing(if format.is_some() { "data" } else { "fmt" }))
}

#[derive(Clone, Copy)]
struct Format {
    encoding: Encoding,
    sample_rate_hz: u32,
}

#[derive(Clone, Copy)]
enum Encoding {
    Pcm16,
    G711(Law),
}

/// Format tags of RFC 2361, appendix A.
const TAG_PCM: u16 = 1;
const TAG_A_LAW: u16 = 6;
const TAG_MU_LAW: u16 = 7;
/// WAVE_FORMAT_EXTENSIBLE: the real tag is the start of the sub-format GUID at offset 24.
const TAG_EXTENSIBLE: u16 = 0xFFFE;

impl Format {
    fn parse(body: &[u8]) -> Result<Self, SpeechError> {
        if body.len() < 16 {
            return Err(cut_off(b"fmt ", 16 - body.len()));
        }
        let u16_at = |at: usize| body.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]));
        let (channels, bits) = (u16_at(2), u16_at(14));
        let sample_rate_hz = u32::from(u16_at(4)) | u32::from(u16_at(6)) << 16;
        let tag = if u16_at(0) == TAG_EXTENSIBLE { u16_at(24) } else { u16_at(0) };
        let encoding = match (tag, bits) {
            (TAG_PCM, 16) => Encoding::Pcm16,
            (TAG_A_LAW, 8) => Encoding::G711(Law::A),
            (TAG_MU_LAW, 8) => Encoding::G711(Law::Mu),
            _ => return Err(SpeechError::WavFormat { format: tag, bits }),
        };
        if channels != 1 {
            return Err(SpeechError::WavChannels(channels));
        }
        if ![8000, 16000].contains(&sample_rate_hz) {
            return Err(SpeechError::WavSampleRate(sample_rate_hz));
        }
        Ok(Self { encoding, sample_rate_hz })
    }

    fn decode(self, data: &[u8]) -> Wav {
        let mut samples = Vec::with_capacity(data.len());
        match self.encoding {
            Encoding::Pcm16 => {
                samples.extend(data.chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0));
            }
            Encoding::G711(law) => g711::decode(law, data, &mut samples),
        }
        Wav { sample_rate_hz: self.sample_rate_hz, samples }
    }
}

/// Identifier, announced length, and everything after the eight bytes of the chunk's header.
fn chunk(bytes: &[u8]) -> Option<([u8; 4], usize, &[u8])> {
    let (header, body) = bytes.split_at_checked(8)?;
    let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
    Some(([header[0], header[1], header[2], header[3]], length, body))
}

fn cut_off(id: &[u8; 4], missing: usize) -> SpeechError {
    SpeechError::WavCutOff { chunk: String::from_utf8_lossy(id).trim().to_owned(), missing }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wav(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut fmt = Vec::new();
        for part in [&tag.to_le_bytes()[..], &channels.to_le_bytes(), &rate.to_le_bytes(), &[0; 6], &bits.to_le_bytes()]
        {
            fmt.extend_from_slice(part);
        }
        let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        file.extend(fmt);
        file.extend(b"LIST\x03\0\0\0abc\0data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }

    #[test]
    fn pcm_and_both_laws_are_read_past_other_chunks() {
        let pcm = parse(&wav(1, 1, 16000, 16, &[0, 0x40, 0, 0xC0])).unwrap();
        assert_eq!((pcm.sample_rate_hz, pcm.samples), (16000, vec![0.5, -0.5]));
        assert_eq!(parse(&wav(7, 1, 8000, 8, &[0xff, 0x80])).unwrap().samples, [0.0, 32124.0 / 32768.0]);
        assert_eq!(parse(&wav(6, 1, 8000, 8, &[0xd5])).unwrap().samples, [8.0 / 32768.0]);
    }

    #[test]
    fn an_open_ended_data_chunk_is_read_to_the_end() {
        let mut file = wav(7, 1, 8000, 8, &[0xff; 5]);
        let at = file.len() - 9;
        file[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(parse(&file).unwrap().samples.len(), 5);
    }

    #[test]
    fn pcm_written_by_another_library_reads_the_same() {
        let written: Vec<i16> = (0..400).map(|n| (n * 163 % 65_521 - 32_760) as i16).collect();
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 16_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut file = std::io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
        written.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
        writer.finalize().unwrap();
        let read = parse(file.get_ref()).unwrap();
        assert_eq!(read.sample_rate_hz, 16_000);
        assert_eq!(read.samples, written.iter().map(|s| f32::from(*s) / 32768.0).collect::<Vec<_>>());
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_what_was_found() {
        let good = wav(7, 1, 8000, 8, &[0xff; 5]);
        let refused = |file: &[u8]| parse(file).err().unwrap();
        assert_eq!(refused(b"ID3 is what an MP3 starts with"), SpeechError::NotWav);
        assert_eq!(refused(&wav(1, 2, 8000, 16, &[0; 4])), SpeechError::WavChannels(2));
        assert_eq!(refused(&wav(1, 1, 44100, 16, &[0; 4])), SpeechError::WavSampleRate(44100));
        assert_eq!(refused(&wav(3, 1, 8000, 32, &[0; 4])), SpeechError::WavFormat { format: 3, bits: 32 });
        assert_eq!(refused(&good[..good.len() - 2]), SpeechError::WavCutOff { chunk: "data".into(), missing: 2 });
        assert_eq!(refused(&good[..36]), SpeechError::WavChunkMissing("data"));
        assert_eq!(refused(&good[..12]), SpeechError::WavChunkMissing("fmt"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(flips in prop::collection::vec((0usize..60, any::<u8>()), 0..12), cut in 0usize..80) {
            let mut file = wav(7, 1, 8000, 8, &[0x55; 20]);
            for (at, byte) in flips {
                file[at] = byte;
            }
            file.truncate(cut);
            if let Ok(wav) = parse(&file) {
                prop_assert!(wav.samples.len() <= 20);
            }
        }
    }
}
