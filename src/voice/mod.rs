//! Stage 4, features to a calibrated score.

mod aligned;
pub mod calibration;
pub mod ecosystem;
mod ecosystem_golden;
mod ecosystem_network;
pub mod embedder;
pub mod embedding;
pub mod enroll;
pub mod error;
pub mod gallery;
mod golden;
mod lstm;
pub mod model;
pub mod pool;
pub mod pooled;
pub mod refresh;
pub mod rows;
pub mod site;
pub mod voiceprint;
pub mod wccn;

pub use crate::speech::Bandwidth;
pub use calibration::{Calibration, Quality};
pub use ecosystem::{Description, Fidelity};
pub use embedder::{Embedder, QUIET_LOG_TARGETS};
pub use embedding::{Embedding, Llr, ModelId, Score};
pub use error::VoiceError;
pub use gallery::Gallery;
pub use model::{Model, ModelSource};
pub use pool::{Pool, PoolClient};
pub use pooled::Pooled;
pub use refresh::NotRefreshed;
pub use rows::Rows;
pub use site::{LabelledLlr, SiteCalibration};
pub use voiceprint::{Centroid, Origin, Voiceprint};
pub use wccn::Wccn;
