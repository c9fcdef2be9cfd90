//! What SDP agreed for the audio of a call; the signalling stage makes it, the media stage obeys it.

use std::net::SocketAddr;

use super::{Codec, MasterKey};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Where the peer wants its RTP, and the address that its own RTP must come from until the stream is latched.
    pub remote: SocketAddr,
    /// Where the peer wants its RTCP: `a=rtcp`, else the next port (RFC 3605); with `rtcp_mux` the same as its RTP.
    pub remote_rtcp: SocketAddr,
    /// RTP and RTCP share a port (RFC 5761).
    pub rtcp_mux: bool,
    /// Payload types both sides agreed to, the peer's favourite first. Never empty.
    pub formats: Vec<(u8, Codec)>,
    /// Payload types of key presses with their clock rates (RFC 4733).
    pub events: Vec<(u8, u32)>,
    /// Payload types of comfort noise (RFC 3389).
    pub comfort_noise: Vec<u8>,
    /// What one packet of ours holds: 10 or 20 ms.
    pub ptime_ms: u32,
    /// `None`: plain RTP.
    pub keys: Option<Box<Keys>>,
    /// The peer sends to us: false on hold or `a=inactive`.
    pub receive: bool,
    /// The peer wants media from us.
    pub send: bool,
}

/// SRTP by SDES (RFC 4568): each side says the key that it sends with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    pub theirs: MasterKey,
    pub ours: MasterKey,
}

impl Negotiated {
    /// Plain audio in both directions, in packets of 20 ms, with RTCP on the next port.
    pub fn plain(remote: SocketAddr, formats: Vec<(u8, Codec)>) -> Self {
        Self {
            remote,
            remote_rtcp: SocketAddr::new(remote.ip(), remote.port().saturating_add(1)),
            rtcp_mux: false,
            formats,
            events: Vec::new(),
            comfort_noise: Vec::new(),
            ptime_ms: 20,
            keys: None,
            receive: true,
            send: true,
        }
    }
}
