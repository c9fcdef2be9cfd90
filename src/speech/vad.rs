//! Where somebody speaks: earshot, a small recurrent network that holds up in noise.
//!
//! A detector on energy alone takes noise for speech, and windows full of noise drag a caller's mean anywhere.

use std::collections::VecDeque;

use super::fbank::FRAME_MS;
use super::upsample::Doubler;

/// One stream. Sound goes in; one verdict for every frame of 10 ms comes out, in order, about 80 ms later.
pub struct Vad {
    doubler: Option<Doubler>,
    blocks: Blocks,
    /// Scores that a coming verdict needs; the first is that of block `first_block`.
    scores: VecDeque<f32>,
    first_block: usize,
    /// The next frame to be judged.
    frame: usize,
}

/// The detector's own step: 16 ms at 16 kHz.
const BLOCK: usize = 256;
const BLOCK_MS: usize = 16;
/// The score of a block belongs to the middle of the 48 ms that it looked at, 8 ms before the block begins.
const SCORE_LAG_MS: usize = 8;
/// Score of a block that counts as speech. At .3 everything is speech in noise (98 % of the time), at .7 a voice at
/// 15 dB is lost; equal error rate in noise 2.6, 1.8 and 3.7 % at .3, .5 and .7.
const SPEECH: f32 = 0.5;
/// A frame is speech when a block up to 48 ms before or 64 ms after it is: soft starts and ends of words belong to the
/// voice, and the detector needs a moment. Judged by the mean of the same blocks, the
/// equal error rate on a clean line is 0.9 instead of 0.3 %.
const BACK: usize = 3;
const AHEAD: usize = 4;
/// Verdicts are taken after every frame of 10 ms, so that few scores ever wait.
const SCORES: usize = 64;

impl Vad {
    /// `sample_rate_hz` is 8000 or 16000.
    pub fn new(sample_rate_hz: u32) -> Self {
        Self {
            doubler: (sample_rate_hz == 8000).then(Doubler::default),
            blocks: Blocks::new(),
            scores: VecDeque::with_capacity(SCORES),
            first_block: 0,
            frame: 0,
        }
    }

    /// The rate of the samples from here on. The detector itself goes on: it hears 16 kHz either way.
    pub fn set_sample_rate(&mut self, sample_rate_hz: u32) {
        self.doubler = (sample_rate_hz == 8000).then(Doubler::default);
    }

    /// Takes the next sample, full scale 1.
    pub fn push(&mut self, sample: f32) {
        match &mut self.doubler {
            Some(doubler) => {
                for sample in doubler.push(sample) {
                    self.scores.extend(self.blocks.push(sample));
                }
            }
            None => self.scores.extend(self.blocks.push(sample)),
        }
    }

    /// Whether the next frame (centred on a multiple of 10 ms) is speech. `None`: not known yet.
    pub fn next_verdict(&mut self) -> Option<bool> {
        let middle = (self.frame * FRAME_MS + SCORE_LAG_MS) / BLOCK_MS;
        let (first, last) = (middle.saturating_sub(BACK), middle + AHEAD);
        if last >= self.first_block + self.scores.len() {
            return None;
        }
        while self.first_block < first {
            self.scores.pop_front();
            self.first_block += 1;
        }
        self.frame += 1;
        Some(self.scores.iter().take(last + 1 - first).any(|score| *score >= SPEECH))
    }
}

/// Cuts the stream into the detector's blocks and brings them to the level that it listens best at. It is not
/// indifferent to level: a voice 15 dB over the noise was speech 90 % of the time at -20 dBFS and 69 % at -42 dBFS.
struct Blocks {
    detector: Box<earshot::Detector>,
    samples: [f32; BLOCK],
    filled: usize,
    /// Power of the loudest recent block, full scale 1.
    loudest: f32,
}

/// Power of a loud block (-18 dBFS): speech as a whole then lies near -26 dBFS, the level that telephony aims at (ITU-T
/// P.56, G.100.1). 6 dB more and too much noise passes for speech: equal error rate in noise 2.1 instead of 1.7 %.
const LOUD: f32 = 0.0158;
/// 24 dB: a faint line is raised, an empty one stays empty.
const MAX_GAIN: f32 = 16.0;
/// A loud block is forgotten by 3 dB in five seconds, which outlasts the pauses of a conversation.
const FORGET: f32 = 0.99778;
/// 12 dB below a loud block, until something has been heard.
const FIRST_GUESS: f32 = LOUD / 16.0;

impl Blocks {
    fn new() -> Self {
        let detector = earshot::Detector::default_boxed();
        Self { detector, samples: [0.0; BLOCK], filled: 0, loudest: FIRST_GUESS }
    }

    fn push(&mut self, sample: f32) -> Option<f32> {
        self.samples[self.filled] = sample;
        self.filled = (self.filled + 1) % BLOCK;
        (self.filled == 0).then(|| self.score())
    }

    fn score(&mut self) -> f32 {
        let power = self.samples.iter().map(|sample| sample * sample).sum::<f32>() / BLOCK as f32;
        self.loudest = power.max(self.loudest * FORGET);
        let gain = (LOUD / self.loudest).sqrt().clamp(1.0, MAX_GAIN);
        // Beyond full scale the detector expects nothing; interpolation and gain overshoot it now and then.
        self.samples.iter_mut().for_each(|sample| *sample = (*sample * gain).clamp(-1.0, 1.0));
        self.detector.predict_f32(&self.samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Judged frames and how many of them are speech.
    fn verdicts(vad: &mut Vad, samples: impl Iterator<Item = f32>) -> (usize, usize) {
        let (mut judged, mut speech) = (0, 0);
        for sample in samples {
            vad.push(sample);
            while let Some(verdict) = vad.next_verdict() {
                judged += 1;
                speech += usize::from(verdict);
            }
        }
        (judged, speech)
    }

    #[test]
    fn silence_is_no_speech_and_is_judged_in_step_with_time() {
        for rate in [8000, 16000] {
            let (judged, speech) = verdicts(&mut Vad::new(rate), std::iter::repeat_n(0.0, 2 * rate as usize));
            assert_eq!(speech, 0);
            assert!((185..=195).contains(&judged), "two seconds less the look-ahead are {judged} frames");
        }
    }

    #[test]
    fn a_score_reaches_forty_eight_ms_back_and_sixty_four_ahead() {
        let mut vad = Vad::new(16000);
        vad.scores.extend((0..40).map(|block| if block == 20 { 1.0 } else { 0.0 }));
        let verdicts: Vec<bool> = std::iter::from_fn(|| vad.next_verdict()).collect();
        let speech_ms = |frame: usize| frame * 10;
        let first = verdicts.iter().position(|v| *v).map(speech_ms).unwrap();
        let last = verdicts.iter().rposition(|v| *v).map(speech_ms).unwrap();
        // Block 20 stands for 312 ms; blocks 16 to 23 for frames from 248 to 376 ms.
        assert_eq!((first, last), (250, 370));
    }
}
