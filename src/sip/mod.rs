//! Stage 1, signalling: who is calling, and which stream is theirs.
//!
//! A message passes [`message`] (made legal, or answered), [`gate`] (admitted, or answered without state), and only then
//! reaches rsipstack's transactions and dialogs. What comes out is an [`Invite`], and after its answer a [`Dialog`].

pub mod admission;
pub mod answer;
pub mod caller_id;
mod changes;
mod dial;
pub mod dialog;
mod digest;
pub mod endpoint;
pub mod error;
mod extensions;
pub mod framing;
mod gate;
mod headers;
mod inspect;
pub mod invite;
mod merged;
pub mod message;
pub mod multipart;
pub mod options;
mod register;
mod remote_target;
pub mod sdp;
pub mod siprec;
mod sockets;
pub mod softphone;
mod stack;
pub mod status;
mod stream;
mod target;
mod tcp;
mod timer;
mod trust;
mod uas;
mod udp;

pub use admission::Limits;
pub use caller_id::CallerId;
pub use dialog::{Dialog, DialogEvent, Media, Why};
pub use digest::Login;
pub use endpoint::{Endpoint, QUIET_LOG_TARGETS, Statistics};
pub use error::SipError;
pub use invite::Invite;
pub use options::{Listen, Options, RegistrationOptions, Transport};
pub use sdp::Stream;
pub use siprec::{Agents, Hear, Roles};
pub use sockets::address_towards;
pub use softphone::{CallOutcome, SoftphoneOptions};
pub use status::Refusal;
pub use trust::{Network, TrustOptions};
