//! Log mels beside the front-end's own frames: the same sound, the same verdicts, another model's features.
//!
//! The front-end goes on hearing as it does for any model (who speaks, over how much noise). Row k is of the same 10 ms
//! as its frame k, and shares its fate.

use std::collections::VecDeque;

use super::kaldi::{KaldiFbank, KaldiFrame, KaldiOptions};
use super::upsample::Doubler;

pub struct KaldiRows {
    options: KaldiOptions,
    /// Telephone sound has half the model's rate.
    doubler: Option<Doubler>,
    fbank: KaldiFbank,
    /// Rows of frames that are not judged yet.
    unjudged: VecDeque<KaldiFrame>,
    /// `[frames, bands]`: of the speech that the next window is made of.
    speech: Vec<f32>,
}

impl KaldiRows {
    /// `sample_rate_hz` is 8000 or 16000, that of what is pushed.
    pub fn new(options: KaldiOptions, sample_rate_hz: u32) -> Self {
        Self {
            options,
            doubler: doubler(options, sample_rate_hz),
            fbank: KaldiFbank::new(options),
            unjudged: VecDeque::new(),
            speech: Vec::new(),
        }
    }

    pub fn set_sample_rate(&mut self, sample_rate_hz: u32) {
        self.doubler = doubler(self.options, sample_rate_hz);
        self.fbank.splice();
    }

    pub fn push(&mut self, samples: &[f32]) {
        match &mut self.doubler {
            None => self.unjudged.extend(frames(&mut self.fbank, samples)),
            Some(doubler) => {
                for sample in samples {
                    self.unjudged.extend(frames(&mut self.fbank, &doubler.push(*sample)));
                }
            }
        }
    }

    pub fn splice(&mut self) {
        self.fbank.splice();
    }

    /// The oldest row's frame was judged. Says whether it is among the speech now.
    pub fn judge(&mut self, is_speech: bool) -> bool {
        let Some(row) = self.unjudged.pop_front().filter(|row| is_speech && !row.spliced) else { return false };
        self.speech.extend_from_slice(&row.bands[..self.options.bands]);
        true
    }

    /// The oldest row goes the way that its frame has gone.
    pub fn follow(&mut self, is_speech: bool) {
        if let Some(row) = self.unjudged.pop_front().filter(|_| is_speech) {
            self.speech.extend_from_slice(&row.bands[..self.options.bands]);
        }
    }

    /// `frames` rows as the model reads them. Where there is less speech it is repeated.
    pub fn window(&self, frames: usize) -> Box<[f32]> {
        let mut rows: Vec<f32> = self.speech.iter().copied().cycle().take(frames * self.options.bands).collect();
        self.options.normalise.apply(&mut rows, self.options.bands);
        rows.into()
    }

    /// The window moves on.
    pub fn drop_first(&mut self, frames: usize) {
        self.speech.drain(..(frames * self.options.bands).min(self.speech.len()));
    }
}

fn doubler(options: KaldiOptions, sample_rate_hz: u32) -> Option<Doubler> {
    (sample_rate_hz < options.sample_rate_hz).then(Doubler::default)
}

fn frames(fbank: &mut KaldiFbank, mut samples: &[f32]) -> impl Iterator<Item = KaldiFrame> {
    std::iter::from_fn(move || fbank.next_frame(&mut samples))
}
