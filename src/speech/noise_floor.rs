//! What the line sounds like while nobody speaks, band by band, and its subtraction from speech.
//!
//! The steady noise of a line, a kitchen or a car costs more recognition than anything else: with it subtracted the
//! equal error rate at 15 dB falls from 4.2 to 1.1 % (docs/decisions/0004-front-end.md). The floor is a low quantile over
//! the recent past, so nothing has to decide what is a pause.

use super::MELS;
use super::fbank::{FRAMES_PER_S, Frame};

/// Holds the last [`HISTORY_S`] seconds; its size never changes.
pub struct NoiseFloor {
    /// The last frames, whose mean is the smoothed power. `[SMOOTHING, MELS]`, a ring.
    recent: Box<[[f32; MELS]]>,
    seen: usize,
    sum: [f64; MELS],
    /// Smoothed power, one entry every [`STRIDE`] frames; a ring, band by band: `[MELS, HISTORY]`.
    history: Box<[f32]>,
    kept: usize,
    scratch: Vec<f32>,
}

/// 150 ms: shorter, and the quantile finds the gaps between single noise peaks; longer, and no pause fits in.
const SMOOTHING: usize = 150 * FRAMES_PER_S / 1000;
/// Neighbours share most of their 150 ms, so every fifth (50 ms) says as much as all.
const STRIDE: usize = 5;
/// How far back the floor looks: long enough for several pauses, short enough to follow a caller who walks outside.
const HISTORY_S: usize = 20;
const HISTORY: usize = HISTORY_S * FRAMES_PER_S / STRIDE;
/// The floor is the power that 5 % of the time lies below.
const QUANTILE: f32 = 0.05;
/// A low quantile of a fluctuating noise lies below its mean; this brings it back.
const OVER_SUBTRACTION: f32 = 1.5;
/// What always remains of a band: holes in the spectrum are as foreign to the model as the noise.
const KEPT: f32 = 0.02;
/// Digital silence (a gateway that suppresses silence, an endpoint on mute) is not the noise of the line: -80 dBFS,
/// half a step of 16-bit sound. Counted in, a twentieth of the time on mute would set the floor to nothing.
const DIGITAL_SILENCE: f32 = 1e-8;

impl Default for NoiseFloor {
    fn default() -> Self {
        Self {
            recent: vec![[0.0; MELS]; SMOOTHING].into(),
            seen: 0,
            sum: [0.0; MELS],
            history: vec![0.0; MELS * HISTORY].into(),
            kept: 0,
            scratch: Vec::with_capacity(HISTORY),
        }
    }
}

impl NoiseFloor {
    /// Takes every frame of the call, speech or not.
    pub fn push(&mut self, frame: &Frame) {
        if frame.spliced || frame.power < DIGITAL_SILENCE {
            return;
        }
        let oldest = &mut self.recent[self.seen % SMOOTHING];
        for ((sum, new), old) in self.sum.iter_mut().zip(&frame.mels).zip(oldest.iter()) {
            *sum += f64::from(*new) - f64::from(*old);
        }
        *oldest = frame.mels;
        self.seen += 1;
        if self.seen >= SMOOTHING && self.seen.is_multiple_of(STRIDE) {
            let at = self.kept % HISTORY;
            for (band, sum) in self.sum.iter().enumerate() {
                self.history[band * HISTORY + at] = (sum.max(0.0) / SMOOTHING as f64) as f32;
            }
            self.kept += 1;
        }
    }

    /// Linear power a band. Zero, which subtracts nothing, before there is anything to tell from.
    pub fn estimate(&mut self) -> [f32; MELS] {
        let kept = self.kept.min(HISTORY);
        let rank = (QUANTILE * kept.saturating_sub(1) as f32).round() as usize;
        std::array::from_fn(|band| {
            self.scratch.clear();
            self.scratch.extend_from_slice(&self.history[band * HISTORY..][..kept]);
            if kept == 0 { 0.0 } else { *self.scratch.select_nth_unstable_by(rank, f32::total_cmp).1 }
        })
    }
}

/// Takes the noise out of one frame of linear power mels.
pub fn subtract(floor: &[f32; MELS], mels: &[f32; MELS]) -> [f32; MELS] {
    std::array::from_fn(|band| (mels[band] - OVER_SUBTRACTION * floor[band]).max(KEPT * mels[band]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::Overload;

    fn frame(power: f32) -> Frame {
        Frame { mels: [power; MELS], power, overload: Overload::default(), spliced: false }
    }

    #[test]
    fn the_floor_is_the_noise_between_the_words() {
        let mut floor = NoiseFloor::default();
        // A tenth of the time pauses of half a second with noise at 1, words at 100 in between.
        for n in 0..1000 {
            floor.push(&frame(if n % 500 < 50 { 1.0 } else { 100.0 }));
        }
        assert!(floor.estimate().iter().all(|power| (1.0..2.0).contains(power)), "{:?}", floor.estimate());
    }

    #[test]
    fn before_anything_is_known_nothing_is_subtracted() {
        let mut floor = NoiseFloor::default();
        assert_eq!(subtract(&floor.estimate(), &[3.0; MELS]), [3.0; MELS]);
        (0..SMOOTHING - 1).for_each(|_| floor.push(&frame(1.0)));
        assert_eq!(floor.estimate(), [0.0; MELS], "less than 150 ms");
    }

    #[test]
    fn a_muted_line_and_a_splice_do_not_lower_the_floor() {
        let mut floor = NoiseFloor::default();
        for _ in 0..500 {
            floor.push(&frame(0.5));
            floor.push(&frame(0.0));
            floor.push(&Frame { spliced: true, ..frame(0.001) });
        }
        assert!(floor.estimate().iter().all(|power| (power - 0.5).abs() < 1e-5));
    }

    #[test]
    fn a_noise_that_came_later_is_the_floor_once_the_history_has_passed() {
        let mut floor = NoiseFloor::default();
        (0..500).for_each(|_| floor.push(&frame(0.1)));
        (0..HISTORY_S * FRAMES_PER_S).for_each(|_| floor.push(&frame(2.0)));
        assert!(floor.estimate().iter().all(|power| *power > 1.9));
    }

    #[test]
    fn subtraction_leaves_a_fiftieth_of_what_is_noise_and_most_of_what_is_not() {
        let left = subtract(&[1.0; MELS], &std::array::from_fn(|band| if band == 0 { 1.0 } else { 100.0 }));
        assert_eq!((left[0], left[1]), (0.02, 98.5));
    }
}
