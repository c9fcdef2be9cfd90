//! From samples to windows, as they come: frames, noise floor, speech or tone or neither, level, windows.
//!
//! Model and front-end are one unit. A change here changes [`super::FRONT_END_VERSION`].

use std::collections::VecDeque;

use super::bandwidth::Spread;
use super::fbank::{FRAME_MS, Fbank, Frame};
use super::kaldi_rows::KaldiRows;
use super::noise_floor::{NoiseFloor, subtract};
use super::resample::{Resampler, WIDEBAND_HZ};
use super::steady::is_steady;
use super::tones::Tones;
use super::vad::Vad;
use super::window::MAX_SNR_DB;
use super::{FeatureKind, MELS, Overload, Reading, SpeechError, WINDOW_FRAMES, Window};

/// The speech of one caller.
pub struct FrontEnd {
    sample_rate_hz: u32,
    resampler: Option<Resampler>,
    features: Features,
}

impl FrontEnd {
    /// 8000 and 16000 are used as they are; other rates from 8000 to 192000, multiples of 25, go through 16000.
    /// Its windows are for the models inside the program.
    pub fn new(sample_rate_hz: u32) -> Result<Self, SpeechError> {
        Self::reading(FeatureKind::Ge2e, sample_rate_hz)
    }

    /// Its windows hold what a model reads that reads these features.
    pub fn reading(features: impl Into<Reading>, sample_rate_hz: u32) -> Result<Self, SpeechError> {
        let (native_hz, resampler) = converter(sample_rate_hz)?;
        Ok(Self { sample_rate_hz, resampler, features: Features::new(features.into(), native_hz) })
    }

    /// The rate of what is pushed from here on: a call may change its codec. What was heard so far counts on; the frames
    /// that reach over the change are left out, as after a loss.
    pub fn set_sample_rate(&mut self, sample_rate_hz: u32) -> Result<(), SpeechError> {
        if sample_rate_hz != self.sample_rate_hz {
            let (native_hz, resampler) = converter(sample_rate_hz)?;
            (self.sample_rate_hz, self.resampler) = (sample_rate_hz, resampler);
            self.features.set_sample_rate(native_hz);
        }
        Ok(())
    }

    /// Takes the next samples, full scale 1, any number.
    pub fn push(&mut self, mut samples: &[f32]) {
        match &mut self.resampler {
            None => self.features.push(samples),
            Some(resampler) => {
                while let Some(block) = resampler.next_block(&mut samples) {
                    self.features.push(block);
                }
            }
        }
    }

    /// Samples were lost here. They are neither speech nor noise, and nothing is put in their place.
    pub fn skip(&mut self, samples: usize) {
        if samples > 0 {
            self.features.splice();
        }
    }

    /// The oldest window that was not taken yet.
    pub fn next_window(&mut self) -> Option<Window> {
        self.features.ready.pop_front()
    }

    /// The recording is over: what was held back is judged and, when it brings [`REMAINDER_MS`] of new speech, becomes
    /// a last window, filled up by repeating it. A live call has no such end and never needs this.
    pub fn finish(&mut self) {
        self.features.finish();
    }

    /// Speech heard so far, pauses left out, in milliseconds.
    pub fn net_speech_ms(&self) -> u32 {
        self.features.net_frames * FRAME_MS as u32
    }
}

/// The rate at which the features are made, and how to get there.
fn converter(sample_rate_hz: u32) -> Result<(u32, Option<Resampler>), SpeechError> {
    // All rates of telephony and music are multiples of 25; others would need transforms as long as a second.
    if !(8000..=192_000).contains(&sample_rate_hz) || !sample_rate_hz.is_multiple_of(25) {
        return Err(SpeechError::SampleRate(sample_rate_hz));
    }
    match sample_rate_hz {
        8000 | WIDEBAND_HZ => Ok((sample_rate_hz, None)),
        _ => Ok((WIDEBAND_HZ, Some(Resampler::new(sample_rate_hz)?))),
    }
}

/// Everything after the sample rate is settled.
struct Features {
    reading: Reading,
    sample_rate_hz: u32,
    /// Nothing was pushed yet.
    untouched: bool,
    fbank: Fbank,
    vad: Vad,
    tones: Tones,
    floor: NoiseFloor,
    /// For a model that reads log mels: those of the frames below, in step with them.
    rows: Option<Box<KaldiRows>>,
    /// The same for an anti-spoofing model beside it; they have no say in what is speech.
    spoof_rows: Option<Box<KaldiRows>>,
    /// Frames that the detector has not judged yet: about eight.
    unjudged: VecDeque<Frame>,
    /// Speech that the next window is made of, at most [`WINDOW_FRAMES`].
    speech: Vec<Frame>,
    /// How many of these no window has held yet.
    fresh: usize,
    net_frames: u32,
    /// Sum of the powers of all speech frames.
    speech_power: f64,
    /// Of the speech at the present sample rate.
    spread: Spread,
    ready: VecDeque<Window>,
}

/// A window every 0.8 s of net speech; denser ones bring nothing (docs/decisions/0004-front-end.md).
pub const WINDOW_STEP: usize = 80;
/// New speech that is worth a last window of its own.
pub const REMAINDER_MS: usize = 400;
/// The level of speech that the default model was trained on, in dBFS (resemblyzer 0.1.4, hparams.py). 3 dB off moves an
/// embedding to a cosine of .98 of itself.
const LEVEL_DBFS: f64 = -30.0;
/// Enough for the detector's look-ahead and for windows that wait while a packet is taken apart.
const UNJUDGED: usize = 64;
const READY: usize = 4;

impl Features {
    fn new(reading: Reading, sample_rate_hz: u32) -> Self {
        let rows = |options| Box::new(KaldiRows::new(options, sample_rate_hz));
        let of_speaker = match reading.speaker {
            FeatureKind::Ge2e => None,
            FeatureKind::Kaldi(options) => Some(options),
        };
        Self {
            reading,
            rows: of_speaker.map(rows),
            spoof_rows: reading.spoof.map(rows),
            sample_rate_hz,
            untouched: true,
            fbank: Fbank::new(sample_rate_hz),
            vad: Vad::new(sample_rate_hz),
            tones: Tones::new(),
            floor: NoiseFloor::default(),
            unjudged: VecDeque::with_capacity(UNJUDGED),
            speech: Vec::with_capacity(WINDOW_FRAMES),
            fresh: 0,
            net_frames: 0,
            speech_power: 0.0,
            spread: Spread::default(),
            ready: VecDeque::with_capacity(READY),
        }
    }

    fn set_sample_rate(&mut self, sample_rate_hz: u32) {
        if self.untouched {
            *self = Self::new(self.reading, sample_rate_hz);
        } else if sample_rate_hz != self.sample_rate_hz {
            self.sample_rate_hz = sample_rate_hz;
            self.fbank = self.fbank.at_rate(sample_rate_hz);
            self.vad.set_sample_rate(sample_rate_hz);
            self.spread = Spread::default();
            self.all_rows().for_each(|rows| rows.set_sample_rate(sample_rate_hz));
        }
    }

    fn splice(&mut self) {
        self.fbank.splice();
        self.all_rows().for_each(|rows| rows.splice());
    }

    fn all_rows(&mut self) -> impl Iterator<Item = &mut Box<KaldiRows>> {
        self.rows.iter_mut().chain(&mut self.spoof_rows)
    }

    /// In steps of a frame's hop, so that neither frames nor scores pile up however much comes at once.
    fn push(&mut self, samples: &[f32]) {
        self.untouched = false;
        for mut step in samples.chunks(self.fbank.hop()) {
            step.iter().for_each(|sample| self.vad.push(*sample));
            self.all_rows().for_each(|rows| rows.push(step));
            while let Some(frame) = self.fbank.next_frame(&mut step) {
                self.floor.push(&frame);
                self.tones.push(self.fbank.power_spectrum());
                self.unjudged.push_back(frame);
            }
            self.judge();
        }
    }

    fn judge(&mut self) {
        while self.tones.is_known()
            && let Some(is_speech) = self.vad.next_verdict()
            && let Some(is_tone) = self.tones.next_verdict()
        {
            let Some(frame) = self.unjudged.pop_front() else { return };
            let usable = is_speech && !is_tone && !frame.spliced;
            let usable = self.rows.as_mut().map_or(usable, |rows| rows.judge(usable));
            if let Some(rows) = &mut self.spoof_rows {
                rows.follow(usable);
            }
            if usable {
                self.add_speech(frame);
            }
        }
    }

    fn add_speech(&mut self, frame: Frame) {
        self.spread.push(&frame);
        self.speech.push(frame);
        self.speech_power += f64::from(frame.power);
        self.fresh += 1;
        self.net_frames += 1;
        if self.speech.len() == WINDOW_FRAMES {
            self.emit();
            self.speech.drain(..WINDOW_STEP);
            self.all_rows().for_each(|rows| rows.drop_first(WINDOW_STEP));
        }
    }

    fn finish(&mut self) {
        self.tones.end();
        // Silence pushes the last frames through the window and the detector; itself it is no frame of the call.
        while !self.unjudged.is_empty() {
            self.vad.push(0.0);
            self.judge();
        }
        let spoken = self.speech.len();
        if self.fresh * FRAME_MS >= REMAINDER_MS {
            self.speech.extend_from_within(..);
            while self.speech.len() < WINDOW_FRAMES {
                self.speech.extend_from_within(..spoken);
            }
            self.speech.truncate(WINDOW_FRAMES);
            self.emit();
            self.speech.truncate(spoken);
        }
    }

    /// Subtracts the noise as it is known now, sets the level, and lays the frames out as the model reads them.
    fn emit(&mut self) {
        let floor = self.floor.estimate();
        let mut mels = Vec::with_capacity(WINDOW_FRAMES * MELS);
        self.speech.iter().for_each(|frame| mels.extend_from_slice(&subtract(&floor, &frame.mels)));
        let power = (self.speech_power / f64::from(self.net_frames)).max(f64::from(f32::MIN_POSITIVE));
        let gain = (10f64.powf(LEVEL_DBFS / 10.0) / power) as f32;
        mels.iter_mut().for_each(|mel| *mel *= gain);
        self.fresh = 0;
        let snr_db = snr_db(&self.speech, &floor);
        let mut overload = Overload::default();
        self.speech.iter().for_each(|frame| overload += frame.overload);
        let steady = is_steady(&mels);
        let mels = self.rows.as_ref().map_or_else(|| mels.into(), |rows| rows.window(WINDOW_FRAMES));
        self.ready.push_back(Window {
            mels,
            spoof: self.spoof_rows.as_ref().map(|rows| rows.window(WINDOW_FRAMES)),
            net_speech_ms: self.net_frames * FRAME_MS as u32,
            snr_db,
            clipped: overload.share(),
            bandwidth: self.spread.bandwidth(&floor),
            steady,
        });
    }
}

/// Power over the floor, less the floor itself, summed over bands.
fn snr_db(speech: &[Frame], floor: &[f32; MELS]) -> f32 {
    let total = speech.iter().flat_map(|frame| frame.mels).map(f64::from).sum::<f64>() / speech.len() as f64;
    let noise = floor.iter().copied().map(f64::from).sum::<f64>();
    let ratio = (total - noise).max(0.0) / noise;
    if ratio.is_nan() { MAX_SNR_DB } else { (10.0 * ratio.log10()).clamp(0.0, f64::from(MAX_SNR_DB)) as f32 }
}

#[cfg(test)]
mod tests;
