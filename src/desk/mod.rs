//! Stage 8, the agent's screen: call events become cards, cards go to every screen that watches their line, and what
//! the agent does goes back to the call.

pub mod card;
pub mod consent_script;
pub mod error;
pub mod feed;
pub mod grpc;
pub mod guard;
pub mod request;
pub mod screen;
pub mod serve;
pub mod supervisor;
pub mod web;
pub mod wire;

pub use card::{Candidate, Card, Enrolment, Progress};
pub use error::DeskError;
pub use feed::{Cards, Feed};
pub use grpc::Shop;
pub use screen::Screen;
pub use serve::{Beside, Options, serve};
