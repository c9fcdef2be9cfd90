//! Settings: embedded defaults, then the file, then the environment, then flags.

mod care;
pub mod error;
mod hooks;
mod layers;
mod sections;
mod signalling;

pub use error::ConfigError;
pub use layers::ConfigArgs;
pub use sections::Config;
