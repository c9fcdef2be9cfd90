//! Second-order filters for simulated lines (R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients").

pub struct Biquad {
    /// Of the input now, one and two samples before.
    b: [f64; 3],
    /// Of the output one and two samples before.
    a: [f64; 2],
    state: [f64; 2],
}

/// Butterworth of the fourth order as two stages of the second, whose poles have these Q.
const FOURTH_ORDER_Q: [f64; 2] = [0.541_196_1, 1.306_563];

pub fn high_pass(hz: f64, rate_hz: u32) -> [Biquad; 2] {
    FOURTH_ORDER_Q.map(|q| {
        let (cos, alpha) = angle(hz, q, rate_hz);
        let b = f64::midpoint(1.0, cos);
        Biquad::new([b, -2.0 * b, b], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    })
}

pub fn low_pass(hz: f64, rate_hz: u32) -> [Biquad; 2] {
    FOURTH_ORDER_Q.map(|q| {
        let (cos, alpha) = angle(hz, q, rate_hz);
        let b = (1.0 - cos) / 2.0;
        Biquad::new([b, 2.0 * b, b], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    })
}

fn angle(hz: f64, q: f64, rate_hz: u32) -> (f64, f64) {
    let (sin, cos) = (std::f64::consts::TAU * hz / f64::from(rate_hz)).sin_cos();
    (cos, sin / (2.0 * q))
}

impl Biquad {
    fn new(b: [f64; 3], a: [f64; 3]) -> Self {
        Self { b: b.map(|b| b / a[0]), a: [a[1] / a[0], a[2] / a[0]], state: [0.0; 2] }
    }

    /// A bump of `gain_db` around `hz`, or a dip.
    pub fn peak(hz: f64, q: f64, gain_db: f64, rate_hz: u32) -> Self {
        let ((cos, alpha), gain) = (angle(hz, q, rate_hz), 10f64.powf(gain_db / 40.0));
        let (up, down) = (alpha * gain, alpha / gain);
        Self::new([1.0 + up, -2.0 * cos, 1.0 - up], [1.0 + down, -2.0 * cos, 1.0 - down])
    }

    pub fn filter(&mut self, samples: &mut [f32]) {
        for sample in samples {
            let x = f64::from(*sample);
            let y = self.b[0] * x + self.state[0];
            self.state = [self.b[1] * x - self.a[0] * y + self.state[1], self.b[2] * x - self.a[1] * y];
            *sample = y as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In dB, of a tone of this frequency at 8 kHz.
    fn response_db(stages: &mut [Biquad], hz: f32) -> f32 {
        let mut tone: Vec<f32> = (0..16_000).map(|n| (std::f32::consts::TAU * hz * n as f32 / 8000.0).sin()).collect();
        stages.iter_mut().for_each(|stage| stage.filter(&mut tone));
        let power = tone[8000..].iter().map(|x| x * x).sum::<f32>() / 8000.0;
        10.0 * (2.0 * power).log10()
    }

    /// Butterworth of order n: -10 log10(1 + (f/fc)^2n), warped by the bilinear transform.
    #[test]
    fn the_edges_fall_as_a_fourth_order_butterworth_does() {
        let warped = |hz: f64| (std::f64::consts::PI * hz / 8000.0).tan();
        for hz in [100.0, 200.0, 300.0, 1000.0, 2000.0] {
            let wanted = -10.0 * (1.0 + (warped(300.0) / warped(hz)).powi(8)).log10();
            assert!((f64::from(response_db(&mut high_pass(300.0, 8000), hz as f32)) - wanted).abs() < 0.1, "{hz}");
        }
        for hz in [1000.0, 3000.0, 3400.0, 3600.0] {
            let wanted = -10.0 * (1.0 + (warped(hz) / warped(3400.0)).powi(8)).log10();
            assert!((f64::from(response_db(&mut low_pass(3400.0, 8000), hz as f32)) - wanted).abs() < 0.1, "{hz}");
        }
    }

    #[test]
    fn a_bump_has_its_gain_at_its_centre_and_none_far_away() {
        let bump = || [Biquad::peak(1000.0, 2.0, 6.0, 8000)];
        assert!((response_db(&mut bump(), 1000.0) - 6.0).abs() < 0.05);
        assert!(response_db(&mut bump(), 100.0).abs() < 0.2);
    }
}
