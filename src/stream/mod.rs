//! Stage 1 as well: calls that come over a WebSocket or over AudioSocket, from switches that fork a call's media.
//!
//! A connection passes [`admission`], `door.rs` (may it come in, and which dialect does it speak?), and then belongs to one
//! task that owns its socket and its dialect. What comes out is an [`Arrival`]: who calls, on which line, and the caller's
//! voice in order. Each dialect is a core of its own; what they share is [`dialect`].

pub mod admission;
pub mod announced;
pub mod arrival;
pub mod asked;
pub mod asterisk;
pub mod audio_fork;
pub mod audiohook;
pub mod audiosocket;
mod audiosocket_session;
pub mod dialect;
mod door;
pub mod error;
mod leg;
pub mod listener;
pub mod media_stream;
pub mod nonces;
pub mod options;
mod samples;
mod session;
pub mod signature;
mod structured;
mod token;

#[cfg(test)]
mod tests;

pub use admission::Limits;
pub use arrival::{Arrival, HangUp, Piece, Way, Why};
pub use asked::Asked;
pub use dialect::{Dialect, Event, Goodbye, Incoming};
pub use error::StreamError;
pub use listener::{Listener, QUIET_LOG_TARGETS, Statistics};
pub use options::{Options, Token};
pub use signature::Key;
