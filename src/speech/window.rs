//! What the model reads: 1.6 s of speech as mels, with what is known about their quality.

use super::overload::CLIPPED_SHARE;
use super::{Bandwidth, MELS};

/// Part of every model's identity: embeddings made by another front-end are of another kind. Raise it whenever the
/// windows of the same sound would differ (models/ge2e/MODEL.md describes the features).
pub const FRONT_END_VERSION: &str = "fe1";

/// 1.6 s in steps of 10 ms: the length that the default model was trained on (resemblyzer 0.1.4, hparams.py).
pub const WINDOW_FRAMES: usize = 160;

/// Speech ready to be embedded. Pauses are already left out.
#[derive(Clone)]
pub struct Window {
    /// What the model reads, row-major: linear power mels `[WINDOW_FRAMES, MELS]`, or log mels of its own number.
    pub mels: Box<[f32]>,
    /// What an anti-spoofing model reads of the same frames, while one is in use.
    pub spoof: Option<Box<[f32]>>,
    /// Net speech of the call up to the end of this window, in milliseconds.
    pub net_speech_ms: u32,
    /// Mean power of the speech in this window over the noise floor, in dB; at most [`MAX_SNR_DB`].
    pub snr_db: f32,
    /// Of the samples that carry sound, the share at full scale.
    pub clipped: f32,
    /// Of the call's speech so far, whatever its codec could carry.
    pub bandwidth: Bandwidth,
    /// Music, a tone or a hum rather than speech (`speech/steady.rs`).
    pub steady: bool,
}

/// A line without any noise has no finite ratio; G.711 itself ends near 38 dB (ITU-T G.712).
pub const MAX_SNR_DB: f32 = 60.0;

impl Window {
    /// `[160, 40]`: frames, mels.
    pub const SHAPE: [usize; 2] = [WINDOW_FRAMES, MELS];

    /// Features that came over no line, such as those of a golden clip.
    pub fn of_features(features: Box<[f32]>, net_speech_ms: u32) -> Self {
        Self {
            mels: features,
            spoof: None,
            net_speech_ms,
            snr_db: 0.0,
            clipped: 0.0,
            bandwidth: Bandwidth::Narrow,
            steady: false,
        }
    }

    /// Too much of it is gone for a voiceprint.
    pub fn is_clipped(&self) -> bool {
        self.clipped >= CLIPPED_SHARE
    }
}
