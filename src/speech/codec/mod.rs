//! Payloads to samples: one decoder for each codec that we answer with.

mod decoder;
mod encode;
pub mod g711;
mod opus;

pub use decoder::Decoder;
pub use encode::encode;

/// Full scale of 16-bit samples, which all these codecs count in.
const FULL_SCALE: f32 = 32768.0;
