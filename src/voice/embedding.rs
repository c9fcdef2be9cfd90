//! A speaker embedding and the numbers that come out of comparing two.

use std::fmt;
use std::sync::Arc;

use zeroize::{Zeroize, Zeroizing};

use crate::base::units::text_id;

text_id! {
    /// Names one model file together with its front-end and its normalisation: the first 16 hex digits of the file's SHA-256,
    /// the version of the front-end (and of the log mels, for a published model), the first 8 digits of the normalisation's. Embeddings of different models are never compared.
    ModelId
}

/// A vector of unit length, `[256]` for the default model. Its values never print, and are overwritten when dropped.
#[derive(Clone, PartialEq)]
pub struct Embedding(Zeroizing<Vec<f32>>);

/// Cosine similarity of two embeddings, -1 to 1. Not a probability and not comparable across models.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Score(pub f32);

/// Calibrated natural-log likelihood ratio: ln p(evidence | same speaker) - ln p(evidence | different speakers).
/// Free of any prior (ISO/IEC 19795; Brümmer and du Preez, 2006).
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Llr(pub f32);

impl Embedding {
    /// Normalises `values` to unit length. `None` for an empty, zero or non-finite vector, which has no direction.
    pub fn from_values(mut values: Vec<f32>) -> Option<Self> {
        let length = values.iter().map(|v| v * v).sum::<f32>().sqrt();
        if !(length.is_finite() && length > 0.0) {
            values.zeroize();
            return None;
        }
        values.iter_mut().for_each(|v| *v /= length);
        Some(Self(Zeroizing::new(values)))
    }

    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// Cosine similarity. Embeddings of different dimension share nothing and score 0.
    pub fn cosine(&self, other: &Embedding) -> Score {
        if self.0.len() != other.0.len() {
            return Score(0.0);
        }
        Score(self.0.iter().zip(other.0.iter()).map(|(a, b)| a * b).sum())
    }
}

impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Embedding([redacted]; {})", self.0.len())
    }
}
