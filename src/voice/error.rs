//! Why a voice cannot be turned into a score.

use super::ModelId;
use crate::base::ErrorKind;

#[derive(Clone, Debug, thiserror::Error)]
pub enum VoiceError {
    #[error("cannot read {path}: {reason}")]
    Read { path: String, reason: String },
    #[error(
        "there is no model `{asked}` inside the program (there is {inside}), and no such folder. A folder holds model.onnx, \
         model.golden.json, model.wccn and model.calibration.toml"
    )]
    UnknownModel { asked: String, inside: String },
    #[error("the model file cannot be loaded, it is damaged or no speaker model: {0}")]
    Model(String),
    #[error("this model cannot be used: {0}")]
    Unusable(String),
    #[error(
        "{model} cannot be used as voice.spoof_model: {reason}. docs/reference/models.md says how such a file describes itself; \
         voice.spoof_model = \"\" goes on without one"
    )]
    NoSpoofModel { model: String, reason: String },
    #[error("the golden file cannot be understood: {0}")]
    Golden(String),
    #[error("the golden file was made for another model file (sha256 {wanted}, this one has {found})")]
    ForeignGolden { wanted: String, found: String },
    #[error("model and front-end disagree on the golden clip {clip}: {what}. Scores would be wrong, so it is not used")]
    Disagreement { clip: String, what: String },
    #[error("the file of the channel normalisation (WCCN) cannot be used: {0}")]
    Wccn(String),
    #[error("the model failed on a window: {0}")]
    Inference(String),
    #[error("made with voice model {found}, but {wanted} is in use: its numbers mean nothing here; enrol again")]
    ForeignModel { found: ModelId, wanted: ModelId },
    #[error("the calibration file cannot be understood: {0}")]
    Calibration(String),
    #[error("only {heard_ms} ms of speech; {needed_ms} ms are needed for a voiceprint")]
    TooLittleSpeech { heard_ms: u32, needed_ms: u32 },
    #[error(
        "the line is overdriven: {clipped_ms} ms of speech were left out, and of the {needed_ms} ms for a voiceprint only \
         {heard_ms} are left. It helps to speak less loudly, or further from the telephone"
    )]
    Overdriven { heard_ms: u32, clipped_ms: u32, needed_ms: u32 },
    #[error("more than one voice is heard: a voiceprint of two people would recognise neither")]
    TwoVoices,
}

impl VoiceError {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Inference(_) => ErrorKind::Internal,
            Self::ForeignModel { .. } | Self::TooLittleSpeech { .. } | Self::Overdriven { .. } | Self::TwoVoices => {
                ErrorKind::Conflict
            }
            _ => ErrorKind::InvalidInput,
        }
    }
}
