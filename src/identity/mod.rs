//! Stage 5, voice and caller number and history to a posterior and a decision.

pub mod accuracy;
pub mod decision;
pub mod fusion;
pub mod options;
pub mod prior;

pub use accuracy::{Figures, JudgedCall, Rate, Trial};
pub use decision::{Decision, Ranked, State, VoiceUse};
pub use fusion::{Hypotheses, Posterior};
pub use options::Options;
pub use prior::{Prior, Search};
