//! Frames that hold a signalling tone instead of a voice: a key press, a recorder's beep, a call waiting, busy, a fax.
//!
//! The voice detector takes many of them for speech. A tone is one sinusoid or two, and they stay where they are; a voice
//! has harmonics, and its pitch moves all the time. A tone is only known once it has lasted a while, so the verdict on
//! a frame waits for as long as it may belong to one. Two tones less than 100 Hz apart, as in a ringing tone, beat and are
//! found only now and then; a caller's line does not carry them.

use std::collections::VecDeque;

use super::fbank::BIN_HZ;

/// One stream. Spectra go in; one verdict for every frame comes out, in order.
#[derive(Default)]
pub struct Tones {
    run: Run,
    /// Whether each frame not asked for yet holds a tone.
    verdicts: VecDeque<bool>,
    /// Frames that are still marked though the tone has ended.
    fading: usize,
    /// No frame follows.
    ended: bool,
}

/// Frames in a row that hold the same.
#[derive(Default)]
struct Run {
    shape: Option<Shape>,
    frames: usize,
    /// Where the sinusoids were lowest and highest so far, in Hz.
    range: [[f32; 2]; 2],
    /// It has lasted long enough.
    is_tone: bool,
}

/// What a frame's spectrum may be.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    /// Row and column on the keypad.
    Key(usize, usize),
    /// One sinusoid, at this many Hz.
    One(f32),
    /// Two, that are no harmonics of each other; the lower first.
    Two([f32; 2]),
}

/// A stretch of spectrum around its highest bin.
struct Peak {
    hz: f32,
    power: f32,
    bins: [usize; 2],
}

/// In Hz (ITU-T Q.23).
const ROWS_HZ: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS_HZ: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
/// A receiver takes 1.5 % and refuses 3.5 % (ITU-T Q.24, table A-1).
const KEY_OFF_BY: f32 = 0.02;
/// One of the two may be so much louder: 12 dB, more than any administration of Q.24 asks for; a handset's slope comes on
/// top.
const KEY_TWIST: f32 = 16.0;
/// Least share of a frame's power in the two tones of a key, so that one counts that is as loud as the voice behind it, and
/// the frames of 10 ms it must last; Q.24 has keys of 40 ms. In 3.4 hours of speech of 2,400 people 34 such runs were found.
const KEY_SHARE: f32 = 0.6;
const KEY_FRAMES: usize = 3;
/// The same of one sinusoid and of two, and of those without a name the frames they must last. At 8 frames a minute of
/// speech has .4 such runs (of 0.1 s), at 6 two and a half; a beep has 0.1 s and more (ITU-T E.180).
const ONE_SHARE: f32 = 0.8;
const TWO_SHARE: f32 = 0.9;
const TONE_FRAMES: usize = 8;
/// By so many Hz a tone may seem to move within these frames: noise 10 dB below it makes as much. A voice moves more.
const MOVES_HZ: f32 = 3.0;
/// What is known for a tone may move so far with what else is on the line.
const STAYS_WITHIN_HZ: f32 = 5.0;
/// The weaker of two has at least a twentieth of the stronger one's power; what is less comes from noise.
const SECOND: f32 = 0.05;
/// A second peak in harmony with the first is that of a voice from 20 dB below on.
const HARMONIC: f32 = 0.01;
const HARMONIC_OFF_BY: f32 = 0.03;
/// A voice held on a note at its lowest formant is a sinusoid but for its overtones. They lie 27 dB below at most, those of
/// a tone in G.711 40 dB; and they stand out of what is beside them by 9 dB, which noise does not.
const OVERTONE: f32 = 0.002;
const STANDS_OUT: f32 = 8.0;
/// Below is the hum of the mains: 160 Hz.
const FIRST_BIN: usize = 4;
/// Half the width of a sinusoid under a Hann window, in bins.
const HALF_WIDTH: usize = 2;
/// Of a telephone; what lies above counts against a tone.
const LAST_BIN: usize = 100;
/// Frames before and after a tone that it reaches into (25 ms around their middle), and in which it is not yet clear.
const EDGE: usize = 3;
/// Enough for the detector's look-ahead and for a tone that is not known yet.
const WAITING: usize = 64;

impl Tones {
    pub fn new() -> Self {
        Self { verdicts: VecDeque::with_capacity(WAITING), ..Self::default() }
    }

    /// Takes the power spectrum of the next frame, with [`BIN_HZ`] from bin to bin.
    pub fn push(&mut self, power: &[f32]) {
        let was_tone = self.run.is_tone;
        self.run.take(shape(power));
        let is_tone = self.run.is_tone;
        self.verdicts.push_back(is_tone || self.fading > 0);
        self.fading = if is_tone { EDGE } else { self.fading.saturating_sub(1) };
        if is_tone && !was_tone {
            let begun = self.run.frames + EDGE;
            self.verdicts.iter_mut().rev().take(begun).for_each(|verdict| *verdict = true);
        }
    }

    /// Nothing follows: what has not lasted long enough is no tone.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Whether the next frame holds a tone. `None`: not known yet.
    pub fn next_verdict(&mut self) -> Option<bool> {
        if self.is_known() { self.verdicts.pop_front() } else { None }
    }

    /// Whether [`Tones::next_verdict`] has one.
    pub fn is_known(&self) -> bool {
        let open = if self.run.is_tone || self.ended { 0 } else { self.run.frames + EDGE };
        self.verdicts.len() > open
    }
}

impl Run {
    fn take(&mut self, shape: Option<Shape>) {
        let goes_on = match (self.shape, shape) {
            (Some(Shape::Key(row, column)), Some(Shape::Key(r, c))) => (row, column) == (r, c),
            (Some(Shape::One(_)), Some(Shape::One(hz))) => self.widen([hz, hz]),
            (Some(Shape::Two(_)), Some(Shape::Two(hz))) => self.widen(hz),
            _ => false,
        };
        if goes_on {
            self.frames += 1;
        } else {
            let hz = match shape {
                Some(Shape::One(hz)) => [hz, hz],
                Some(Shape::Two(hz)) => hz,
                Some(Shape::Key(..)) | None => [0.0; 2],
            };
            *self = Self { shape, frames: usize::from(shape.is_some()), range: hz.map(|hz| [hz, hz]), is_tone: false };
        }
        let enough = if matches!(shape, Some(Shape::Key(..))) { KEY_FRAMES } else { TONE_FRAMES };
        self.is_tone |= self.frames >= enough;
    }

    /// Whether these sinusoids are those of the run.
    fn widen(&mut self, hz: [f32; 2]) -> bool {
        let most = if self.is_tone { STAYS_WITHIN_HZ } else { MOVES_HZ };
        let wider: [[f32; 2]; 2] = std::array::from_fn(|n| [self.range[n][0].min(hz[n]), self.range[n][1].max(hz[n])]);
        let same = wider.iter().all(|[low, high]| high - low <= most);
        if same && !self.is_tone {
            self.range = wider;
        }
        same
    }
}

fn shape(power: &[f32]) -> Option<Shape> {
    let total: f32 = sum(power.get(FIRST_BIN..)?);
    let first = peak(power, [0, 0])?;
    // Most frames of a voice end here.
    if first.power < 0.5 * KEY_SHARE * total || total <= 0.0 {
        return None;
    }
    let second = peak(power, first.bins)?;
    let both = first.power + second.power;
    let (low, high) = if first.hz < second.hz { (&first, &second) } else { (&second, &first) };
    if both >= KEY_SHARE * total
        && low.power <= KEY_TWIST * high.power
        && high.power <= KEY_TWIST * low.power
        && let (Some(row), Some(column)) = (nearest(&ROWS_HZ, low.hz), nearest(&COLUMNS_HZ, high.hz))
    {
        return Some(Shape::Key(row, column));
    }
    if second.power >= HARMONIC * first.power && are_harmonics(low.hz, high.hz) {
        None
    } else if first.power >= ONE_SHARE * total && !has_overtones(power, &first) {
        Some(Shape::One(first.hz))
    } else if both >= TWO_SHARE * total && second.power >= SECOND * first.power {
        Some(Shape::Two([low.hz, high.hz]))
    } else {
        None
    }
}

/// The highest peak outside of `but`, a range of bins.
fn peak(power: &[f32], but: [usize; 2]) -> Option<Peak> {
    let [from, to] = but;
    let inside = |bin: usize| (from..to).contains(&bin);
    let mut highest = FIRST_BIN;
    let mut most = -1.0;
    for (bin, power) in power.iter().enumerate().take(LAST_BIN + 1).skip(FIRST_BIN) {
        if *power > most && !inside(bin) {
            (highest, most) = (bin, *power);
        }
    }
    let bins = [highest - HALF_WIDTH, (highest + HALF_WIDTH + 1).min(power.len())];
    let (mut sum, mut moment) = (0.0, 0.0);
    for bin in (bins[0]..bins[1]).filter(|bin| !inside(*bin)) {
        sum += power[bin];
        moment += power[bin] * bin as f32;
    }
    (sum > 0.0).then(|| Peak { hz: moment / sum * BIN_HZ, power: sum, bins })
}

/// In eight parts side by side.
fn sum(values: &[f32]) -> f32 {
    let (eights, rest) = values.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for eight in eights {
        sums.iter_mut().zip(eight).for_each(|(sum, value)| *sum += value);
    }
    sums.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

fn nearest(tones_hz: &[f32; 4], hz: f32) -> Option<usize> {
    tones_hz.iter().position(|tone| (hz - tone).abs() <= KEY_OFF_BY * tone)
}

/// Of one pitch: 1 to 2, 2 to 3, and so on up to 1 to 5.
fn are_harmonics(low_hz: f32, high_hz: f32) -> bool {
    HARMONICS.iter().any(|ratio| (high_hz / low_hz - ratio).abs() <= HARMONIC_OFF_BY * ratio)
}

fn has_overtones(power: &[f32], tone: &Peak) -> bool {
    let is_there = |overtone: f32| {
        let middle = (overtone * tone.hz / BIN_HZ).round() as usize;
        let around = power.get(middle.saturating_sub(HALF_WIDTH + 1)..middle + HALF_WIDTH + 2);
        let Some([below, inside @ .., above]) = around.filter(|_| middle + HALF_WIDTH < LAST_BIN) else { return false };
        let power = inside.iter().sum::<f32>();
        let beside = (below + above) / 2.0;
        power >= OVERTONE * tone.power && power >= STANDS_OUT * inside.len() as f32 * beside
    };
    is_there(2.0) || is_there(3.0)
}

const HARMONICS: [f32; 6] = [1.5, 2.0, 2.5, 3.0, 4.0, 5.0];

#[cfg(test)]
mod tests;
