//! 8 to 16 kHz for the voice activity detector, which only knows 16 kHz. The model's features do without it.

/// Half-band interpolator: every input sample is passed through, and one is computed between each two.
pub struct Doubler {
    /// The last `2 * HALF` samples, oldest first.
    history: [f32; 2 * HALF],
    taps: [f32; HALF],
}

/// Neighbours on each side. With 12 the image of a telephone band (above 4.6 kHz) lies 60 dB down; the detector looks
/// at log energies, so that with linear interpolation (image 10 to 20 dB down) it would see fricatives everywhere.
const HALF: usize = 12;

impl Default for Doubler {
    fn default() -> Self {
        // sin(x)/x at the half sample, tapered by a Hann window; scaled so that a constant stays what it is.
        let mut taps: [f32; HALF] = std::array::from_fn(|n| {
            let at = n as f32 + 0.5;
            let taper = (std::f32::consts::FRAC_PI_2 * at / (HALF as f32 + 0.5)).cos().powi(2);
            let sign = if n % 2 == 0 { 1.0 } else { -1.0 };
            sign * taper / (std::f32::consts::PI * at)
        });
        let sum: f32 = taps.iter().sum();
        taps.iter_mut().for_each(|tap| *tap *= 0.5 / sum);
        Self { history: [0.0; 2 * HALF], taps }
    }
}

impl Doubler {
    /// Two output samples for one input sample, [`HALF`] input samples late.
    pub fn push(&mut self, sample: f32) -> [f32; 2] {
        self.history.copy_within(1.., 0);
        self.history[2 * HALF - 1] = sample;
        let between =
            (0..HALF).map(|n| self.taps[n] * (self.history[HALF - 1 - n] + self.history[HALF + n])).sum::<f32>();
        [self.history[HALF - 1], between]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_keeps_its_shape_and_its_image_is_gone() {
        for hz in [300.0f32, 1000.0, 3300.0] {
            let mut doubler = Doubler::default();
            let omega = std::f32::consts::TAU * hz / 8000.0;
            let out: Vec<f32> = (0..800).flat_map(|n| doubler.push((omega * n as f32).sin())).collect();
            let worst = (100..1500)
                .map(|n| (out[n] - (omega * (n as f32 / 2.0 - (HALF as f32))).sin()).abs())
                .fold(0.0, f32::max);
            assert!(worst < 0.02, "{hz} Hz: {worst}");
        }
    }
}
