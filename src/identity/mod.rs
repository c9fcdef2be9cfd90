//! Stage 5, voice and caller number and history to a posterior and a decision.

pub mod accuracy;
pub mod decision;
pub mod det;
pub mod fusion;
pub mod options;
pub mod prior;
pub mod refit;
pub mod report;

pub use accuracy::{Figures, JudgedCall, Rate, Trial};
pub use decision::{Decision, Ranked, State, VoiceUse};
pub use det::Det;
pub use fusion::{Hypotheses, Posterior};
pub use options::Options;
pub use prior::{Prior, Search};
pub use refit::Refit;
pub use report::{Group, Judged, Of, Report, TakenUp};
