//! Sound at other rates than 8 and 16 kHz becomes 16 kHz, by rubato.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _};

use super::SpeechError;

/// A stream of one channel. Its output is late by half an FFT block (about 10 ms), which nothing here minds.
pub struct Resampler {
    fft: Fft<f32>,
    input: Vec<f32>,
    output: Vec<f32>,
}

/// What the features are made from at most.
pub const WIDEBAND_HZ: u32 = 16000;

impl Resampler {
    pub fn new(sample_rate_hz: u32) -> Result<Self, SpeechError> {
        Self::to(WIDEBAND_HZ, sample_rate_hz)
    }

    /// The same to another rate than 16 kHz.
    pub fn to(target_hz: u32, sample_rate_hz: u32) -> Result<Self, SpeechError> {
        let refused = |_| SpeechError::SampleRate(sample_rate_hz);
        // 20 ms at once: the packet time of telephony; shorter blocks would blunt the filter's edge.
        let (rate, chunk) = (sample_rate_hz as usize, sample_rate_hz as usize / 50);
        let fft = Fft::new(rate, target_hz as usize, chunk, 1, FixedSync::Input).map_err(refused)?;
        let output = vec![0.0; fft.output_frames_max()];
        Ok(Self { input: Vec::with_capacity(fft.input_frames_max()), output, fft })
    }

    /// Takes samples from the front of `samples`; gives a block at the new rate as soon as one is full. Call it until `None`.
    pub fn next_block(&mut self, samples: &mut &[f32]) -> Option<&[f32]> {
        let wanted = self.fft.input_frames_next();
        let (taken, rest) = samples.split_at((wanted - self.input.len()).min(samples.len()));
        self.input.extend_from_slice(taken);
        *samples = rest;
        if self.input.len() < wanted {
            return None;
        }
        let frames = self.output.len();
        let block = SequentialSlice::new(&self.input, 1, wanted)
            .ok()
            .zip(SequentialSlice::new_mut(&mut self.output, 1, frames).ok())
            .and_then(|(input, mut output)| self.fft.process_into_buffer(&input, &mut output, None).ok());
        self.input.clear();
        // The buffers have the lengths that rubato asked for, so there is always a result.
        block.map(|(_, written)| &self.output[..written])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_at_48_khz_is_the_same_tone_at_16_khz() {
        let mut resampler = Resampler::new(48000).unwrap();
        let sound: Vec<f32> = (0..48000).map(|n| (std::f32::consts::TAU * 440.0 * n as f32 / 48000.0).sin()).collect();
        let (mut rest, mut out) = (&sound[..], Vec::new());
        while let Some(block) = resampler.next_block(&mut rest) {
            out.extend_from_slice(block);
        }
        assert!((15000..=16000).contains(&out.len()), "{}", out.len());
        let crossings = out[1000..9000].windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
        assert_eq!(crossings, 220, "half a second of 440 Hz");
        let power = out[1000..9000].iter().map(|s| s * s).sum::<f32>() / 8000.0;
        assert!((power - 0.5).abs() < 0.005, "{power}");
    }
}
