//! What the model reads: 1.6 s of speech as mels, with what is known about their quality.

use super::MELS;

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
    /// Net speech of the call up to the end of this window, in milliseconds.
    pub net_speech_ms: u32,
    /// Mean power of the speech in this window over the noise floor, in dB; at most [`MAX_SNR_DB`].
    pub snr_db: f32,
    /// Music, a tone or a hum rather than speech (`speech/steady.rs`).
    pub steady: bool,
}

/// A line without any noise has no finite ratio; G.711 itself ends near 38 dB (ITU-T G.712).
pub const MAX_SNR_DB: f32 = 60.0;

impl Window {
    /// `[160, 40]`: frames, mels.
    pub const SHAPE: [usize; 2] = [WINDOW_FRAMES, MELS];
}
