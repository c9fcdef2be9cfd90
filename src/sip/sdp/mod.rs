//! The subset of SDP (RFC 8866) and offer/answer (RFC 3264) that one audio call needs, read leniently and written strictly.

mod crypto;
mod description;
mod formats;
mod offer_answer;

pub use crypto::Secret;
pub use description::{Description, Direction, Media, SdpError};
pub use offer_answer::{
    Answer, Line, Local, Stream, Take, accept_answer, answer, is_usable, offer, recorded_streams, sockets_for,
};
