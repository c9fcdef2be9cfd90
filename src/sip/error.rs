//! What can go wrong with signalling. No variant carries a header or a URI: they hold names and numbers.

use std::io;
use std::net::SocketAddr;

use super::options::Transport;
use super::sdp::SdpError;
use crate::base::{CallId, ErrorKind, TlsError};

#[derive(Debug, thiserror::Error)]
pub enum SipError {
    #[error("cannot listen on {transport}:{addr}: {source}")]
    Listen { transport: Transport, addr: SocketAddr, source: io::Error },
    #[error("sip.listen is empty: nothing could call")]
    NoListener,
    #[error("`{text}` is no listen address: write udp:, tcp: or tls:ADDRESS:PORT")]
    BadListen { text: String },
    #[error("sip.listen has a tls: address, so tls.certificate and tls.key are needed")]
    NoIdentity,
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("sip.register: a registrar is a SIP URI without a user, such as sip:pbx.example;transport=tcp")]
    BadRegistrar,
    #[error("sip.register: a registration over UDP needs a udp: address in sip.listen")]
    NoWayForCalls,
    #[error("`{text}` is no address or network: write 192.0.2.7 or 192.0.2.0/24")]
    BadNetwork { text: String },
    #[error("call {call} from {peer}: {source}")]
    Sdp { call: CallId, peer: SocketAddr, source: SdpError },
    #[error("call {call} from {peer} was cancelled before it was answered")]
    Cancelled { call: CallId, peer: SocketAddr },
    #[error("call {call} from {peer}: the answer could not be sent: {reason}")]
    Answer { call: CallId, peer: SocketAddr, reason: &'static str },
    #[error("{reason}")]
    BadTarget { reason: &'static str },
    #[error("cannot find the host of the SIP URI: {source}")]
    Lookup { source: io::Error },
    #[error("nothing answers at {transport}:{addr}: {reason}")]
    Unreachable { transport: Transport, addr: SocketAddr, reason: &'static str },
    #[error("the call could not be placed at {addr}: {reason}")]
    Place { addr: SocketAddr, reason: &'static str },
    #[error("media of the call: {0}")]
    Media(#[from] crate::rtp::RtpError),
    #[error("socket for the call to {addr}: {source}")]
    Socket { addr: SocketAddr, source: io::Error },
}

impl SipError {
    pub fn kind(&self) -> ErrorKind {
        match self {
            SipError::NoListener
            | SipError::NoIdentity
            | SipError::Tls(_)
            | SipError::BadListen { .. }
            | SipError::BadNetwork { .. }
            | SipError::BadRegistrar
            | SipError::NoWayForCalls
            | SipError::BadTarget { .. }
            | SipError::Sdp { .. } => ErrorKind::InvalidInput,
            SipError::Lookup { .. } => ErrorKind::NotFound,
            SipError::Cancelled { .. } => ErrorKind::Conflict,
            SipError::Listen { .. } | SipError::Unreachable { .. } | SipError::Place { .. } => ErrorKind::Unavailable,
            SipError::Media(source) => source.kind(),
            SipError::Answer { .. } | SipError::Socket { .. } => ErrorKind::Internal,
        }
    }
}
