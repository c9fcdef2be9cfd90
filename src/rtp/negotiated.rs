//! What SDP agreed for the audio of a call; the signalling stage makes it, the media stage obeys it.

use std::net::SocketAddr;

use super::Codec;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Where the peer wants its RTP, and the address that its own RTP must come from until the stream is latched.
    pub remote: SocketAddr,
    /// Payload types both sides agreed to, the peer's favourite first. Never empty.
    pub formats: Vec<(u8, Codec)>,
    /// The peer sends to us: false on hold or `a=inactive`.
    pub receive: bool,
    /// The peer wants media from us.
    pub send: bool,
}
