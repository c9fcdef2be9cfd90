//! Samples to mels: 25 ms Hann windows every 10 ms, power spectrum, 40 triangles.
//!
//! One filter bank serves 8 and 16 kHz, since both have 40 Hz between FFT bins; at 8 kHz the bands above 4 kHz stay
//! empty. That agrees with upsampling first (cosine of the embeddings 0.99996) and saves the resampler.

use std::sync::Arc;

use pulp::{Arch, Simd, WithSimd};
use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use super::Overload;

/// Bands of the default model (resemblyzer 0.1.4, hparams.py).
pub const MELS: usize = 40;

/// Frames a second, at any sample rate.
pub const FRAMES_PER_S: usize = 100;
pub const FRAME_MS: usize = 1000 / FRAMES_PER_S;

/// One frame: 25 ms of sound around its centre.
#[derive(Clone, Copy)]
pub struct Frame {
    /// Linear power a band, on the scale of 16 kHz sound.
    pub mels: [f32; MELS],
    /// Mean square of the samples under the Hann window, full scale 1.
    pub power: f32,
    /// Of the 10 ms around its centre.
    pub overload: Overload,
    /// The frame spans a hole in the stream: its spectrum is that of the splice.
    pub spliced: bool,
}

/// Cuts a stream into frames. Frame k is centred on sample `k * hop`; before the first sample there is silence.
pub struct Fbank {
    arch: Arch,
    fft: Arc<dyn RealToComplex<f32>>,
    /// A Hann window, times `amplitude`.
    taper: Vec<f32>,
    bank: FilterBank,
    /// The last `n_fft` samples; the first `filled` are valid.
    samples: Vec<f32>,
    filled: usize,
    hop: usize,
    amplitude: f32,
    windowed: Vec<f32>,
    spectrum: Vec<Complex32>,
    /// Of `spectrum`, and zeros behind it for the last band's vectors.
    power: Vec<f32>,
    scratch: Vec<Complex32>,
    /// Samples that must still pass until a frame is free of the last splice.
    splice_left: usize,
}

impl Fbank {
    /// `sample_rate_hz` is 8000 or 16000.
    pub fn new(sample_rate_hz: u32) -> Self {
        let n_fft = (sample_rate_hz / BIN_SPACING_HZ) as usize;
        let fft = RealFftPlanner::new().plan_fft_forward(n_fft);
        let angle = std::f64::consts::TAU / n_fft as f64;
        // A window of half the samples gathers half the amplitude; the model knows the scale of 16 kHz. Both factors are
        // powers of two.
        let amplitude = 16000.0 / sample_rate_hz as f32;
        let arch = Arch::new();
        let bank = FilterBank::new(n_fft / 2 + 1, arch.dispatch(Lanes));
        Self {
            arch,
            taper: (0..n_fft).map(|n| (0.5 - 0.5 * (angle * n as f64).cos()) as f32 * amplitude).collect(),
            power: vec![0.0; bank.longest_input],
            bank,
            samples: vec![0.0; n_fft],
            filled: n_fft / 2,
            hop: sample_rate_hz as usize / FRAMES_PER_S,
            amplitude,
            windowed: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
            splice_left: 0,
        }
    }

    /// Takes samples from the front of `samples` up to the end of the next frame. `None`: all were taken and no frame
    /// is full. Call it until then.
    pub fn next_frame(&mut self, samples: &mut &[f32]) -> Option<Frame> {
        let wanted = self.samples.len() - self.filled;
        let (taken, rest) = samples.split_at(wanted.min(samples.len()));
        self.samples[self.filled..self.filled + taken.len()].copy_from_slice(taken);
        self.filled += taken.len();
        *samples = rest;
        if self.filled < self.samples.len() {
            return None;
        }
        let frame = self.frame();
        self.samples.copy_within(self.hop.., 0);
        self.filled -= self.hop;
        self.splice_left = self.splice_left.saturating_sub(self.hop);
        Some(frame)
    }

    /// The same place in the stream at another rate, for samples from here on; frames that reach back are marked.
    pub fn at_rate(&self, sample_rate_hz: u32) -> Self {
        let mut fbank = Self::new(sample_rate_hz);
        // Both lie on the same grid of 10 ms; an odd sample at 16 kHz is half of one at 8, 60 us.
        fbank.filled = self.filled * fbank.hop / self.hop;
        fbank.splice();
        fbank
    }

    /// Samples are missing here: frames that reach over this point are marked.
    pub fn splice(&mut self) {
        self.splice_left = self.filled;
    }

    /// Samples from one frame to the next: 10 ms.
    pub fn hop(&self) -> usize {
        self.hop
    }

    /// Of the newest frame, [`BIN_HZ`] from bin to bin, on the scale of 16 kHz sound.
    pub fn power_spectrum(&self) -> &[f32] {
        &self.power[..self.spectrum.len()]
    }

    fn frame(&mut self) -> Frame {
        let tapering = Tapering { samples: &self.samples, taper: &self.taper, out: &mut self.windowed };
        let energy = self.arch.dispatch(tapering) / self.amplitude;
        // It fails only on buffers of a wrong length, and these are the plan's own.
        let _ = self.fft.process_with_scratch(&mut self.windowed, &mut self.spectrum, &mut self.scratch);
        self.power.iter_mut().zip(&self.spectrum).for_each(|(power, bin)| *power = bin.norm_sqr());
        let mut mels = [0.0; MELS];
        self.arch.dispatch(Banding { bank: &self.bank, power: &self.power, mels: &mut mels });
        let mut overload = Overload::default();
        overload.push(&self.samples[(self.samples.len() - self.hop) / 2..][..self.hop]);
        // A periodic Hann window sums to half its length.
        let power = 2.0 * energy / self.samples.len() as f32;
        Frame { mels, power, overload, spliced: self.splice_left > 0 }
    }
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

/// Puts the tapered samples into `out`, all three of one length; gives the sum of the samples' squares under the taper.
struct Tapering<'a> {
    samples: &'a [f32],
    taper: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Tapering<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let (samples, last_samples) = S::as_simd_f32s(self.samples);
        let (taper, last_taper) = S::as_simd_f32s(self.taper);
        let (out, last_out) = S::as_mut_simd_f32s(self.out);
        // Two sums, so that one addition need not wait for another.
        let mut sums = [simd.splat_f32s(0.0); 2];
        for (n, ((out, sample), weight)) in out.iter_mut().zip(samples).zip(taper).enumerate() {
            *out = simd.mul_f32s(*sample, *weight);
            sums[n % 2] = simd.mul_add_f32s(*out, *sample, sums[n % 2]);
        }
        let mut energy = simd.reduce_sum_f32s(simd.add_f32s(sums[0], sums[1]));
        for ((out, sample), weight) in last_out.iter_mut().zip(last_samples).zip(last_taper) {
            *out = sample * weight;
            energy += *out * sample;
        }
        energy
    }
}

/// 16000 / 400 and 8000 / 200 alike.
const BIN_SPACING_HZ: u32 = 40;
pub const BIN_HZ: f32 = BIN_SPACING_HZ as f32;
/// Upper edge of the last band: the Nyquist frequency of 16 kHz sound.
const HIGH_HZ: f64 = 8000.0;

/// Triangles over the bins, evenly spaced in mel, each with an area of one (Slaney, Auditory Toolbox, 1998).
struct FilterBank {
    /// All bands' weights, one band behind the other, each filled up to whole vectors.
    weights: Vec<f32>,
    bands: [Band; MELS],
    /// Bins that a band's vectors may reach into.
    longest_input: usize,
}

#[derive(Clone, Copy, Default)]
struct Band {
    first_bin: usize,
    /// Weights, with those that are only there to fill up.
    len: usize,
}

impl FilterBank {
    /// `lanes` numbers make a vector.
    fn new(bins: usize, lanes: usize) -> Self {
        let edge_hz = |n: usize| mel_to_hz(hz_to_mel(HIGH_HZ) * n as f64 / (MELS + 1) as f64);
        let mut weights = Vec::new();
        let mut longest_input = bins;
        let bands = std::array::from_fn(|band| {
            let (low, peak, high) = (edge_hz(band), edge_hz(band + 1), edge_hz(band + 2));
            let weight = |bin: usize| {
                let hz = bin as f64 * f64::from(BIN_SPACING_HZ);
                let triangle = ((hz - low) / (peak - low)).min((high - hz) / (high - peak)).max(0.0);
                (triangle * 2.0 / (high - low)) as f32
            };
            let inside = |bin: &usize| weight(*bin) > 0.0;
            let first_bin = (0..bins).find(inside).unwrap_or(0);
            let end = (0..bins).rfind(inside).map_or(first_bin, |last| last + 1);
            let len = (end - first_bin).next_multiple_of(lanes);
            weights.extend((first_bin..end).map(weight));
            weights.resize(weights.len() + len - (end - first_bin), 0.0);
            longest_input = longest_input.max(first_bin + len);
            Band { first_bin, len }
        });
        Self { weights, bands, longest_input }
    }
}

struct Banding<'a> {
    bank: &'a FilterBank,
    /// As long as the bank's `longest_input`.
    power: &'a [f32],
    mels: &'a mut [f32; MELS],
}

impl WithSimd for Banding<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut weights = &self.bank.weights[..];
        for (mel, band) in self.mels.iter_mut().zip(&self.bank.bands) {
            let (of_band, rest) = weights.split_at(band.len);
            weights = rest;
            let (power, _) = S::as_simd_f32s(&self.power[band.first_bin..][..band.len]);
            let (of_band, _) = S::as_simd_f32s(of_band);
            let mut sum = simd.splat_f32s(0.0);
            for (power, weight) in power.iter().zip(of_band) {
                sum = simd.mul_add_f32s(*power, *weight, sum);
            }
            *mel = simd.reduce_sum_f32s(sum);
        }
    }
}

/// Slaney's scale: linear up to 1 kHz at 200/3 Hz a mel, then 27 mels for every factor of 6.4.
const LINEAR_HZ: f64 = 200.0 / 3.0;
const BREAK_HZ: f64 = 1000.0;

fn log_step() -> f64 {
    6.4f64.ln() / 27.0
}

pub(super) fn hz_to_mel(hz: f64) -> f64 {
    if hz < BREAK_HZ { hz / LINEAR_HZ } else { BREAK_HZ / LINEAR_HZ + (hz / BREAK_HZ).ln() / log_step() }
}

pub(super) fn mel_to_hz(mel: f64) -> f64 {
    let knee = BREAK_HZ / LINEAR_HZ;
    if mel < knee { mel * LINEAR_HZ } else { BREAK_HZ * ((mel - knee) * log_step()).exp() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(fbank: &mut Fbank, mut samples: &[f32]) -> Vec<Frame> {
        std::iter::from_fn(|| fbank.next_frame(&mut samples)).collect()
    }

    fn tone(hz: f32, rate: u32, samples: usize) -> Vec<f32> {
        (0..samples).map(|n| 0.5 * (std::f32::consts::TAU * hz * n as f32 / rate as f32).sin()).collect()
    }

    #[test]
    fn a_tone_lands_in_the_band_around_its_frequency_at_both_rates() {
        for rate in [8000, 16000] {
            let frame = frames(&mut Fbank::new(rate), &tone(1000.0, rate, 4000))[20];
            let loudest = (0..MELS).max_by(|a, b| frame.mels[*a].total_cmp(&frame.mels[*b])).unwrap();
            let centre_hz = mel_to_hz(hz_to_mel(8000.0) * (loudest + 1) as f64 / 41.0);
            assert!((centre_hz - 1000.0).abs() < 80.0, "band {loudest} at {centre_hz} Hz");
            assert!((frame.power - 0.125).abs() < 1e-3, "a sine of amplitude 0.5 has a mean square of 1/8");
        }
    }

    #[test]
    fn both_rates_give_the_same_mels_below_four_kilohertz() {
        let narrow = frames(&mut Fbank::new(8000), &tone(700.0, 8000, 2000))[10];
        let wide = frames(&mut Fbank::new(16000), &tone(700.0, 16000, 4000))[10];
        for (a, b) in narrow.mels.iter().zip(&wide.mels).take(30) {
            assert!((a - b).abs() <= 1e-3 * b.max(1e-3), "{a} {b}");
        }
    }

    #[test]
    fn pieces_of_any_size_give_the_frames_of_the_whole() {
        let sound: Vec<f32> =
            tone(300.0, 8000, 1601).iter().zip(tone(1700.0, 8000, 1601)).map(|(a, b)| a * b).collect();
        let whole = frames(&mut Fbank::new(8000), &sound);
        let mut fbank = Fbank::new(8000);
        let pieces: Vec<Frame> = sound.chunks(37).flat_map(|piece| frames(&mut fbank, piece)).collect();
        assert_eq!(whole.len(), 1 + (1601 - 100) / 80);
        assert_eq!(pieces.len(), whole.len());
        assert!(pieces.iter().zip(&whole).all(|(a, b)| a.mels == b.mels));
    }

    #[test]
    fn frames_over_a_splice_are_marked_and_no_others() {
        let mut fbank = Fbank::new(8000);
        let before = frames(&mut fbank, &tone(300.0, 8000, 800));
        fbank.splice();
        let after = frames(&mut fbank, &tone(300.0, 8000, 800));
        assert!(before.iter().all(|f| !f.spliced));
        // Sample 800 is the first behind the splice; frames k*80 +- 100 that hold both sides: centres 720 to 880.
        let marked: Vec<usize> = (before.len()..).zip(&after).filter(|(_, f)| f.spliced).map(|(k, _)| k * 80).collect();
        assert_eq!(marked, [720, 800, 880]);
    }
}
