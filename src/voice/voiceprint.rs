//! The enrolled reference of one person (ISO/IEC 2382-37: biometric reference).

use super::{Embedding, ModelId};
use crate::base::UnixMillis;

/// It names no person: the store alone knows whose it is (ISO/IEC 24745 keeps template and identity apart).
#[derive(Clone, Debug, PartialEq)]
pub struct Voiceprint {
    pub model: ModelId,
    pub embedding: Embedding,
    /// Net speech behind the embedding, in milliseconds.
    pub net_speech_ms: u32,
    /// Calls or recordings that were pooled.
    pub calls: u32,
    pub enrolled_at: UnixMillis,
}
