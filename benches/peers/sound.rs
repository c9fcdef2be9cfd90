//! A buzz with a voice's spectrum: enough for the detector to work as hard as on speech.

pub fn buzz(rate_hz: usize, seconds: usize) -> Vec<f32> {
    (0..seconds * rate_hz)
        .map(|n| {
            let t = n as f32 / rate_hz as f32;
            (1..20).map(|h| (std::f32::consts::TAU * 140.0 * h as f32 * t).sin() / h as f32).sum::<f32>() * 0.05
        })
        .collect()
}
