//! Log mels as Kaldi makes them, which is what most published speaker models were trained on.
//!
//! The numbers are those of kaldi-native-fbank, with which sherpa-onnx feeds its models: 25 ms every 10 ms, DC and
//! pre-emphasis frame by frame, power of two FFT, logarithm with a floor (tests/models holds both to each other).
//! NeMo's models get the same with other triangles and another window.

use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use super::kaldi_bank::{Bank, MelScale};

/// What distinguishes one model's log mels from another's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KaldiOptions {
    pub sample_rate_hz: u32,
    /// At most [`MAX_BANDS`].
    pub bands: usize,
    pub mel_scale: MelScale,
    pub low_hz: f32,
    pub high_hz: f32,
    pub taper: Taper,
    pub frame_ms: u32,
    /// What full scale is: 1, or 32768 for models that read 16-bit numbers.
    pub full_scale: f32,
    pub remove_dc: bool,
    /// Frame 0 begins with the first sample. Otherwise its middle lies 5 ms in, and what lies before is mirrored.
    pub snip_edges: bool,
    pub normalise: Normalise,
}

/// The window over a frame of N samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taper {
    /// (0.5 - 0.5 cos(2 pi n / (N - 1)))^0.85, Kaldi's own.
    Povey,
    Hamming,
    /// 0.5 - 0.5 cos(2 pi n / N).
    HannPeriodic,
    /// 0.5 - 0.5 cos(2 pi n / (N - 1)).
    Hann,
}

/// Over all frames that the model reads at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalise {
    None,
    /// Each band's mean is taken away (cepstral mean normalisation).
    Mean,
    /// That, and each band is brought to a deviation of one.
    MeanAndDeviation,
}

/// Part of the identity of every model that reads log mels; raise it whenever they would differ.
pub const KALDI_VERSION: u32 = 1;

/// One hop: 10 ms, as everywhere in here.
const HOP_MS: u32 = 10;
/// No published model reads more; it bounds what a frame takes in memory.
pub const MAX_BANDS: usize = 128;
/// Kaldi's default (feature-window.h): lifts what lies high in a voice.
const PRE_EMPHASIS: f32 = 0.97;
/// NeMo's guard against flat bands (preprocessing/features.py), which sherpa-onnx keeps.
const DEVIATION_FLOOR: f32 = 1e-5;

/// Cuts a stream into frames of log mels.
pub struct KaldiFbank {
    options: KaldiOptions,
    fft: Arc<dyn RealToComplex<f32>>,
    taper: Vec<f32>,
    bank: Bank,
    /// The last samples from the present frame's first on.
    samples: Vec<f32>,
    filled: usize,
    hop: usize,
    /// Before the first frame there may be samples to mirror.
    begun: bool,
    windowed: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    power: Vec<f32>,
    /// Samples that must still pass until a frame is free of the last splice.
    splice_left: usize,
}

/// One frame of a stream.
#[derive(Clone, Copy)]
pub struct KaldiFrame {
    /// The first [`KaldiOptions::bands`] are in use.
    pub bands: [f32; MAX_BANDS],
    /// It spans a hole in the stream.
    pub spliced: bool,
}

impl KaldiFbank {
    pub fn new(options: KaldiOptions) -> Self {
        let length = samples_of(options.sample_rate_hz, options.frame_ms);
        let fft = RealFftPlanner::new().plan_fft_forward(length.next_power_of_two());
        let spectrum = fft.make_output_vec();
        Self {
            taper: (0..length).map(|n| options.taper.at(n, length)).collect(),
            bank: Bank::new(&options, fft.len()),
            samples: vec![0.0; length],
            filled: 0,
            hop: samples_of(options.sample_rate_hz, HOP_MS),
            begun: options.snip_edges,
            windowed: fft.make_input_vec(),
            scratch: fft.make_scratch_vec(),
            power: vec![0.0; spectrum.len()],
            spectrum,
            splice_left: 0,
            fft,
            options,
        }
    }

    /// Takes samples (full scale 1) from the front of `samples` up to the end of the next frame. `None`: all were taken
    /// and no frame is full. Call it until then.
    pub fn next_frame(&mut self, samples: &mut &[f32]) -> Option<KaldiFrame> {
        let mirrored = self.mirrored();
        // The mirror needs the sound that follows, so it is put in front once the rest of the frame is there.
        let end = if self.begun { self.samples.len() } else { self.samples.len() - mirrored };
        let (taken, rest) = samples.split_at((end - self.filled).min(samples.len()));
        self.samples[self.filled..self.filled + taken.len()].copy_from_slice(taken);
        self.filled += taken.len();
        *samples = rest;
        if self.filled < end {
            return None;
        }
        if !self.begun {
            self.samples.copy_within(..end, mirrored);
            self.samples.copy_within(mirrored..2 * mirrored, 0);
            self.samples[..mirrored].reverse();
            self.begun = true;
        }
        let mut frame = KaldiFrame { bands: [0.0; MAX_BANDS], spliced: self.splice_left > 0 };
        self.windowed[..self.taper.len()].copy_from_slice(&self.samples);
        self.transform(&mut frame.bands);
        self.samples.copy_within(self.hop.., 0);
        self.filled = self.samples.len() - self.hop;
        self.splice_left = self.splice_left.saturating_sub(self.hop);
        Some(frame)
    }

    /// Samples are missing here: frames that reach over this point are marked.
    pub fn splice(&mut self) {
        self.splice_left = self.filled;
    }

    /// Every frame of a whole recording, row by row `[frames, bands]`, not normalised. With mirrored edges that is as
    /// many as there are hops, else as many as fit.
    pub fn of_recording(options: KaldiOptions, samples: &[f32]) -> Vec<f32> {
        let mut fbank = Self::new(options);
        let (length, hop) = (fbank.taper.len(), fbank.hop);
        let frames = match (options.snip_edges, samples.len()) {
            (_, 0) => 0,
            (true, n) => (n + hop).saturating_sub(length) / hop,
            (false, n) => (n + hop / 2) / hop,
        };
        let mut rows = vec![0.0; frames * options.bands];
        for (frame, row) in rows.chunks_exact_mut(options.bands).enumerate() {
            let first = (frame * hop) as isize - fbank.mirrored() as isize;
            match usize::try_from(first).ok().and_then(|first| samples.get(first..first + length)) {
                Some(inside) => fbank.windowed[..length].copy_from_slice(inside),
                None => {
                    for (n, sample) in fbank.windowed[..length].iter_mut().enumerate() {
                        *sample = samples[mirror(first + n as isize, samples.len())];
                    }
                }
            }
            fbank.transform(row);
        }
        rows
    }

    /// Samples of the first frame that lie before the sound.
    fn mirrored(&self) -> usize {
        if self.options.snip_edges { 0 } else { self.taper.len() / 2 - self.hop / 2 }
    }

    /// From the samples in `windowed` to logarithms in `bands`.
    fn transform(&mut self, bands: &mut [f32]) {
        let length = self.taper.len();
        let (frame, padding) = self.windowed.split_at_mut(length);
        let mean = if self.options.remove_dc { frame.iter().sum::<f32>() / length as f32 } else { 0.0 };
        // Before its first sample a frame has that sample again.
        let mut before = frame[0] - mean;
        for (sample, weight) in frame.iter_mut().zip(&self.taper) {
            let now = *sample - mean;
            *sample = (now - PRE_EMPHASIS * before) * weight * self.options.full_scale;
            before = now;
        }
        padding.fill(0.0);
        // It fails only on buffers of a wrong length, and these are the plan's own.
        let _ = self.fft.process_with_scratch(&mut self.windowed, &mut self.spectrum, &mut self.scratch);
        self.power.iter_mut().zip(&self.spectrum).for_each(|(power, bin)| *power = bin.norm_sqr());
        self.bank.apply(&self.power, bands);
    }
}

impl Normalise {
    /// `rows` are `[frames, bands]`.
    pub fn apply(self, rows: &mut [f32], bands: usize) {
        if self == Self::None || rows.is_empty() {
            return;
        }
        let frames = (rows.len() / bands) as f64;
        for band in 0..bands {
            let column = || rows.iter().skip(band).step_by(bands).map(|value| f64::from(*value));
            let mean = column().sum::<f64>() / frames;
            let scale = match self {
                Self::MeanAndDeviation => {
                    let variance = column().map(|value| (value - mean).powi(2)).sum::<f64>() / frames;
                    1.0 / (variance.sqrt() as f32 + DEVIATION_FLOOR)
                }
                _ => 1.0,
            };
            rows.iter_mut().skip(band).step_by(bands).for_each(|value| *value = (*value - mean as f32) * scale);
        }
    }
}

impl Taper {
    fn at(self, n: usize, length: usize) -> f32 {
        let turn = |period: usize| (std::f64::consts::TAU * n as f64 / period as f64).cos();
        let value = match self {
            Self::Povey => (0.5 - 0.5 * turn(length - 1)).powf(0.85),
            Self::Hamming => 0.54 - 0.46 * turn(length - 1),
            Self::HannPeriodic => 0.5 - 0.5 * turn(length),
            Self::Hann => 0.5 - 0.5 * turn(length - 1),
        };
        value as f32
    }
}

fn samples_of(sample_rate_hz: u32, ms: u32) -> usize {
    (sample_rate_hz * ms / 1000) as usize
}

/// -1 is 0 again, -2 is 1; behind the end likewise.
fn mirror(at: isize, length: usize) -> usize {
    let period = 2 * length as isize;
    let at = at.rem_euclid(period);
    (if at < length as isize { at } else { period - 1 - at }) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(snip_edges: bool) -> KaldiOptions {
        KaldiOptions {
            sample_rate_hz: 16000,
            bands: 80,
            mel_scale: MelScale::Kaldi,
            low_hz: 20.0,
            high_hz: 7600.0,
            taper: Taper::Povey,
            frame_ms: 25,
            full_scale: 32768.0,
            remove_dc: true,
            snip_edges,
            normalise: Normalise::Mean,
        }
    }

    fn sound() -> Vec<f32> {
        let tone = |hz: f32, n: usize| (std::f32::consts::TAU * hz * n as f32 / 16000.0).sin();
        (0..8123).map(|n| 0.1 + 0.2 * tone(310.0, n) * tone(4.0, n) + 0.05 * tone(2500.0, n)).collect()
    }

    #[test]
    fn a_stream_in_pieces_gives_the_frames_of_the_recording_but_for_those_that_reach_behind_its_end() {
        for (snip_edges, streamed) in [(true, 49), (false, 50)] {
            let whole = KaldiFbank::of_recording(options(snip_edges), &sound());
            // 8123 samples: 1 + (8123 - 400) / 160 = 49 frames fit; mirrored, there are 51, the last over the end.
            assert_eq!(whole.len() / 80, if snip_edges { 49 } else { 51 });
            let mut fbank = KaldiFbank::new(options(snip_edges));
            let mut rows = Vec::new();
            for mut piece in sound().chunks(37) {
                while let Some(frame) = fbank.next_frame(&mut piece) {
                    rows.extend_from_slice(&frame.bands[..80]);
                }
            }
            assert_eq!(rows.len() / 80, streamed);
            assert!(rows.iter().zip(&whole).all(|(a, b)| a == b));
        }
    }

    #[test]
    fn louder_sound_is_higher_by_a_constant_which_the_normalisation_takes_away() {
        let rows = |gain: f32| {
            let sound: Vec<f32> = sound().iter().map(|sample| sample * gain).collect();
            KaldiFbank::of_recording(options(false), &sound)
        };
        let (mut soft, mut loud) = (rows(0.125), rows(1.0));
        // A factor of eight is one of 64 in power.
        assert!(soft.iter().zip(&loud).all(|(a, b)| (b - a - 64f32.ln()).abs() < 2e-3));
        Normalise::Mean.apply(&mut soft, 80);
        Normalise::Mean.apply(&mut loud, 80);
        assert!(soft.iter().zip(&loud).all(|(a, b)| (a - b).abs() < 2e-3));
        let mean = loud.iter().skip(17).step_by(80).sum::<f32>() / 51.0;
        assert!(mean.abs() < 1e-4, "{mean}");
    }

    #[test]
    fn every_band_has_a_deviation_of_one_and_a_flat_one_stays_flat() {
        let mut rows = vec![3.0, 7.0, 5.0, 7.0, 7.0, 7.0];
        Normalise::MeanAndDeviation.apply(&mut rows, 2);
        let wanted = [-1.224_74, 0.0, 0.0, 0.0, 1.224_74, 0.0];
        assert!(rows.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-4), "{rows:?}");
    }

    #[test]
    fn silence_ends_at_the_floor_and_frames_over_a_hole_are_marked() {
        let mut fbank = KaldiFbank::new(options(true));
        let silence = [0.0; 1600];
        let frames = |samples: &[f32], fbank: &mut KaldiFbank| {
            let mut rest = samples;
            std::iter::from_fn(|| fbank.next_frame(&mut rest)).collect::<Vec<_>>()
        };
        let before = frames(&silence, &mut fbank);
        assert!(before.iter().all(|frame| !frame.spliced && frame.bands[..80].iter().all(|b| *b == f32::EPSILON.ln())));
        fbank.splice();
        let after: Vec<bool> = frames(&silence, &mut fbank).iter().map(|frame| frame.spliced).collect();
        // Frames begin every 160 samples; 1280 and 1440 reach over sample 1600 (frame 8 and 9), 1600 does not.
        assert_eq!((before.len(), after.iter().filter(|spliced| **spliced).count()), (8, 2));
        assert!(after[0] && after[1]);
    }
}
