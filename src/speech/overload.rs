//! Whether a line is overdriven: samples pile up at full scale, and what stood above it is gone.

use std::ops::AddAssign;

/// What was heard of one call so far, or of a part. Only full scale is looked at: a telephone that clips below it is not
/// noticed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overload {
    /// Samples that carry sound.
    loud: u32,
    at_full_scale: u32,
}

/// Below this a sample is a pause: -34 dBFS, under any speech at the level of ITU-T P.56 fixtures.
const LOUD: f32 = 0.02;
/// The largest values of mu-law and A-law are .980 and .984 of full scale (ITU-T G.711, tables 1 and 2).
const FULL_SCALE: f32 = 0.97;
/// Speech at -26 dBov touches full scale in less than one sample in a thousand; 20 dB louder, in one of five.
pub const CLIPPED_SHARE: f32 = 0.05;
/// A second of sound at 8 kHz; less is a click.
const ENOUGH: u32 = 8_000;

impl Overload {
    /// Full scale is 1.
    pub fn push(&mut self, samples: &[f32]) {
        for sample in samples {
            self.loud = self.loud.saturating_add(u32::from(sample.abs() >= LOUD));
            self.at_full_scale = self.at_full_scale.saturating_add(u32::from(sample.abs() >= FULL_SCALE));
        }
    }

    /// Of the samples that carry sound, those at full scale.
    pub fn share(&self) -> f32 {
        self.at_full_scale as f32 / self.loud.max(1) as f32
    }

    pub fn is_clipped(&self) -> bool {
        self.loud >= ENOUGH && self.share() >= CLIPPED_SHARE
    }
}

impl AddAssign for Overload {
    fn add_assign(&mut self, other: Self) {
        self.loud = self.loud.saturating_add(other.loud);
        self.at_full_scale = self.at_full_scale.saturating_add(other.at_full_scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::codec::Decoder;
    use crate::{rtp::Codec, speech::codec, speech::wav};

    /// A fixture's speech so much louder, over a line of this codec.
    fn over_the_line(gain: f32, line: Codec) -> Overload {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/speech/slt/slt-1.wav");
        let speech = wav::parse(&std::fs::read(file).unwrap()).unwrap();
        let louder: Vec<f32> = speech.samples.iter().map(|sample| (gain * sample).clamp(-1.0, 1.0)).collect();
        let (mut bytes, mut heard, mut overload) = (Vec::new(), Vec::new(), Overload::default());
        codec::encode(line, &louder, &mut bytes);
        Decoder::new(line).unwrap().decode(&bytes, &mut heard).unwrap();
        overload.push(&heard);
        overload
    }

    #[test]
    fn an_overdriven_line_is_noticed_and_a_loud_one_is_not() {
        for line in [Codec::Pcmu, Codec::Pcma] {
            assert!(!over_the_line(1.0, line).is_clipped());
            assert!(!over_the_line(2.0, line).is_clipped(), "6 dB more is loud");
            assert!(over_the_line(20.0, line).is_clipped(), "26 dB more");
        }
    }

    #[test]
    fn a_click_at_full_scale_is_no_overdriven_line() {
        let mut overload = Overload::default();
        overload.push(&[1.0; 400]);
        assert!(!overload.is_clipped());
    }
}
