//! A small softphone: places one call with a recording as the caller's voice. For `regulars call`, the demo and tests.

mod impairments;
mod media;
mod place;

pub use impairments::Impairments;
pub use place::{CallOutcome, SoftphoneOptions, Tail, place};
