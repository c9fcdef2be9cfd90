//! Stage 3, payloads to samples to speech to the windows of features that the model reads.

mod bandwidth;
pub mod codec;
pub mod error;
pub mod fbank;
pub mod features;
pub mod fingerprint;
pub mod front_end;
pub mod kaldi;
mod kaldi_bank;
mod kaldi_rows;
pub mod noise_floor;
pub mod overload;
pub mod resample;
mod steady;
pub mod tones;
pub mod upsample;
pub mod vad;
pub mod wav;
pub mod window;

pub use bandwidth::Bandwidth;
pub use error::SpeechError;
pub use fbank::MELS;
pub use features::{FeatureKind, Reading};
pub use fingerprint::{Fingerprint, Fingerprinter};
pub use front_end::{FrontEnd, WINDOW_STEP};
pub use kaldi::{KaldiFbank, KaldiOptions, Normalise, Taper};
pub use kaldi_bank::MelScale;
pub use overload::Overload;
pub use wav::Wav;
pub use window::{FRONT_END_VERSION, WINDOW_FRAMES, Window};
