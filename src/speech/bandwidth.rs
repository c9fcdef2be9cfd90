//! How much of a voice comes through, by what is heard: a wideband codec often carries what a telephone network has cut at
//! 3.4 kHz.

use super::MELS;
use super::fbank::Frame;

/// How much of a voice the line lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bandwidth {
    /// 300 to 3400 Hz: G.711, or whatever came through it.
    Narrow,
    /// To 7 kHz and beyond: G.722, Opus, a recording at 16 kHz.
    Wide,
}

/// Mean spectrum of the speech so far, in two parts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spread {
    low: f64,
    high: f64,
    frames: u32,
}

/// Bands that lie above 5 kHz: the filters of telephone networks, and images of 8 kHz sound, end below.
const HIGH: usize = 35;
/// Bands of the telephone: 200 Hz to 3.4 kHz.
const LOW: std::ops::Range<usize> = 3..28;
/// Of the mean power a hertz in the telephone's band, that above it: -38 dB. Of wideband recordings of readers 1 % have less
/// after 1.6 s of speech (-35 dB; half have -20), of the same ones cut at 3.4 kHz 2 % have more, from hiss.
const WIDE: f64 = 1.6e-4;

impl Spread {
    pub(super) fn push(&mut self, frame: &Frame) {
        let mean = |bands: &[f32]| f64::from(bands.iter().sum::<f32>()) / bands.len() as f64;
        self.low += mean(&frame.mels[LOW]);
        self.high += mean(&frame.mels[HIGH..]);
        self.frames += 1;
    }

    /// `floor` is the noise, a band. Sound of 8 kHz has nothing in the upper bands.
    pub(super) fn bandwidth(&self, floor: &[f32; MELS]) -> Bandwidth {
        let noise = |bands: &[f32]| f64::from(bands.iter().sum::<f32>()) / bands.len() as f64;
        let frames = f64::from(self.frames.max(1));
        let low = (self.low / frames - noise(&floor[LOW])).max(0.0);
        let high = (self.high / frames - noise(&floor[HIGH..])).max(0.0);
        if high > WIDE * low { Bandwidth::Wide } else { Bandwidth::Narrow }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::speech::upsample::Doubler;
    use crate::speech::{FrontEnd, wav};

    fn fixture(file: &str) -> Vec<f32> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/speech").join(file);
        wav::parse(&std::fs::read(path).unwrap()).unwrap().samples
    }

    fn doubled(narrow: &[f32]) -> Vec<f32> {
        let mut doubler = Doubler::default();
        narrow.iter().flat_map(|sample| doubler.push(*sample)).collect()
    }

    fn bandwidths(front_end: &mut FrontEnd, samples: &[f32]) -> Vec<Bandwidth> {
        let mut bandwidths = Vec::new();
        for packet in samples.chunks(320) {
            front_end.push(packet);
            bandwidths.extend(std::iter::from_fn(|| front_end.next_window()).map(|window| window.bandwidth));
        }
        bandwidths
    }

    #[test]
    fn a_telephone_call_in_a_wideband_codec_is_narrowband() {
        for file in ["slt/slt-1.wav", "kal16/kal16-2.wav", "nsh/nsh-1.wav", "noisy/rms-5-noisy.wav"] {
            let heard = bandwidths(&mut FrontEnd::new(16_000).unwrap(), &doubled(&fixture(file)));
            assert!(heard.len() >= 4 && heard.iter().all(|b| *b == Bandwidth::Narrow), "{file}: {heard:?}");
        }
    }

    #[test]
    fn a_wideband_recording_is_wideband_and_narrowband_at_half_the_rate() {
        let wide = fixture("wide/slt-1.wav");
        let heard = bandwidths(&mut FrontEnd::new(16_000).unwrap(), &wide);
        assert!(heard.len() >= 4 && heard.iter().all(|b| *b == Bandwidth::Wide), "{heard:?}");
        let heard = bandwidths(&mut FrontEnd::new(8000).unwrap(), &fixture("slt/slt-1.wav"));
        assert!(heard.len() >= 4 && heard.iter().all(|b| *b == Bandwidth::Narrow), "{heard:?}");
    }

    #[test]
    fn a_change_of_codec_is_heard() {
        let mut front_end = FrontEnd::new(8000).unwrap();
        assert_eq!(bandwidths(&mut front_end, &fixture("slt/slt-1.wav")).last(), Some(&Bandwidth::Narrow));
        front_end.set_sample_rate(16_000).unwrap();
        assert_eq!(bandwidths(&mut front_end, &fixture("wide/slt-1.wav")).last(), Some(&Bandwidth::Wide));
    }
}
