//! Why the stage does not start. What a connection does wrong is its own affair: see [`Refused`](super::dialect::Refused).

use std::io;
use std::net::SocketAddr;

use crate::base::ErrorKind;

#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    #[error("cannot listen on {listen}: {source}")]
    Listen { listen: SocketAddr, source: io::Error },
    #[error("{listen} can be reached from other machines: set stream.token, or whoever connects puts cards on screens")]
    NoToken { listen: SocketAddr },
    #[error("stream.audiosocket_listen needs stream.listen too: there the dialplan announces who calls")]
    NothingAnnounced,
}

impl StreamError {
    pub fn kind(&self) -> ErrorKind {
        match self {
            StreamError::NoToken { .. } | StreamError::NothingAnnounced => ErrorKind::InvalidInput,
            StreamError::Listen { .. } => ErrorKind::Unavailable,
        }
    }
}
