//! The triangles that gather a spectrum into bands, on Kaldi's mel scale or on librosa's.

use super::fbank::{hz_to_mel, mel_to_hz};
use super::kaldi::KaldiOptions;

/// Which formula turns hertz into mels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MelScale {
    /// 1127 ln(1 + f / 700); triangles are straight in mels and have a peak of one.
    Kaldi,
    /// Slaney's, as librosa and NeMo use it; triangles are straight in hertz and have an area of one.
    Slaney,
}

/// Weights of every band, only where they are not zero.
pub struct Bank {
    bands: Vec<Band>,
}

struct Band {
    first_bin: usize,
    weights: Vec<f32>,
}

impl Bank {
    pub fn new(options: &KaldiOptions, n_fft: usize) -> Self {
        let scale = options.mel_scale;
        let (low, high) = (scale.mel(f64::from(options.low_hz)), scale.mel(f64::from(options.high_hz)));
        let edge = |n: usize| low + (high - low) * n as f64 / (options.bands + 1) as f64;
        // Kaldi leaves the Nyquist bin out, librosa does not.
        let bins = n_fft / 2 + usize::from(scale == MelScale::Slaney);
        let bin_hz = f64::from(options.sample_rate_hz) / n_fft as f64;
        let bands = (0..options.bands).map(|band| {
            let triangle = Triangle::new(scale, [edge(band), edge(band + 1), edge(band + 2)]);
            let weight = |bin: usize| triangle.at(bin as f64 * bin_hz);
            let inside = |bin: &usize| weight(*bin) > 0.0;
            let first_bin = (0..bins).find(inside).unwrap_or(0);
            let end = (0..bins).rfind(inside).map_or(first_bin, |last| last + 1);
            Band { first_bin, weights: (first_bin..end).map(|bin| weight(bin) as f32).collect() }
        });
        Self { bands: bands.collect() }
    }

    /// Logarithms of the bands' energies, never below that of [`f32::EPSILON`].
    pub fn apply(&self, power: &[f32], out: &mut [f32]) {
        for (Band { first_bin, weights }, out) in self.bands.iter().zip(out) {
            let energy: f32 = power[*first_bin..].iter().zip(weights).map(|(power, weight)| power * weight).sum();
            *out = energy.max(f32::EPSILON).ln();
        }
    }
}

struct Triangle {
    scale: MelScale,
    /// Where it begins, peaks and ends, in the unit in which it is straight.
    edges: [f64; 3],
    peak: f64,
}

impl Triangle {
    fn new(scale: MelScale, mels: [f64; 3]) -> Self {
        match scale {
            MelScale::Kaldi => Self { scale, edges: mels, peak: 1.0 },
            MelScale::Slaney => {
                let edges = mels.map(mel_to_hz);
                Self { scale, edges, peak: 2.0 / (edges[2] - edges[0]) }
            }
        }
    }

    fn at(&self, hz: f64) -> f64 {
        let x = if self.scale == MelScale::Kaldi { self.scale.mel(hz) } else { hz };
        let [low, peak, high] = self.edges;
        ((x - low) / (peak - low)).min((high - x) / (high - peak)).max(0.0) * self.peak
    }
}

impl MelScale {
    fn mel(self, hz: f64) -> f64 {
        match self {
            Self::Kaldi => 1127.0 * (1.0 + hz / 700.0).ln(),
            Self::Slaney => hz_to_mel(hz),
        }
    }
}
