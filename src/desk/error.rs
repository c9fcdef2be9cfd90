//! Why the desk does not open.

use std::io;
use std::net::SocketAddr;

use crate::base::ErrorKind;

#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error(
        "desk.listen = \"{listen}\" could be reached from other machines, and there is no sign-in yet: \
         choose a loopback address such as \"127.0.0.1:{}\"", listen.port()
    )]
    NotLoopback { listen: SocketAddr },
    #[error("the desk cannot listen on {listen}: another program uses this port (desk.listen)")]
    Busy { listen: SocketAddr },
    #[error("the desk cannot listen on {listen} (desk.listen)")]
    Listen { listen: SocketAddr, source: io::Error },
    #[error("the description of the gRPC interface in this program is damaged")]
    Descriptor(#[source] tonic_reflection::server::Error),
}

impl DeskError {
    pub fn kind(&self) -> ErrorKind {
        match self {
            DeskError::NotLoopback { .. } => ErrorKind::Denied,
            DeskError::Busy { .. } | DeskError::Listen { .. } => ErrorKind::Unavailable,
            DeskError::Descriptor(_) => ErrorKind::Internal,
        }
    }
}
