//! Which features a model reads. They belong to the model: with others its scores are wrong without a word.

use super::{KaldiOptions, MELS};

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum FeatureKind {
    /// 40 linear mels at 8 or 16 kHz, noise subtracted, level set: the models inside the program.
    #[default]
    Ge2e,
    /// Log mels, as the model's own file describes them.
    Kaldi(KaldiOptions),
}

impl FeatureKind {
    /// Numbers a frame.
    pub fn bands(self) -> usize {
        match self {
            Self::Ge2e => MELS,
            Self::Kaldi(options) => options.bands,
        }
    }
}

/// What windows are filled with.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// For the speaker model.
    pub speaker: FeatureKind,
    /// For a model beside it that says whether the voice is played back or synthetic.
    pub spoof: Option<KaldiOptions>,
}

impl From<FeatureKind> for Reading {
    fn from(speaker: FeatureKind) -> Self {
        Self { speaker, spoof: None }
    }
}
