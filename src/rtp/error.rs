//! What can go wrong with media, told so that the packet can be found in a capture.

use std::io;
use std::net::SocketAddr;

use rtp_types::RtpParseError;

use crate::base::ErrorKind;

#[derive(Debug, thiserror::Error)]
pub enum RtpError {
    #[error("{bytes} bytes from {from} are no RTP packet: {source}")]
    Malformed { from: SocketAddr, bytes: usize, source: RtpParseError },
    #[error("RTP from {from} (SSRC {ssrc:08x}, sequence {sequence}) does not belong to the stream of this call")]
    Foreign { from: SocketAddr, ssrc: u32, sequence: u16 },
    #[error("RTP payload type {payload_type} (SSRC {ssrc:08x}, sequence {sequence}) was not negotiated")]
    PayloadType { payload_type: u8, ssrc: u32, sequence: u16 },
    #[error("RTP payload of {bytes} bytes (SSRC {ssrc:08x}, sequence {sequence}) is longer than any agreed packet")]
    Oversized { bytes: usize, ssrc: u32, sequence: u16 },
    #[error("SRTP from {from} (SSRC {ssrc:08x}, sequence {sequence}) was not made with the key of this call")]
    Forged { from: SocketAddr, ssrc: u32, sequence: u16 },
    #[error("SRTP from {from} (SSRC {ssrc:08x}, sequence {sequence}) came before")]
    Replayed { from: SocketAddr, ssrc: u32, sequence: u16 },
    #[error("{bytes} bytes of RTCP from {from} cannot be read or do not belong to this call")]
    Report { from: SocketAddr, bytes: usize },
    #[error("no free pair of media ports in {first}-{last} on {ip}: end other calls or widen rtp.ports")]
    PortsExhausted { ip: std::net::IpAddr, first: u16, last: u16 },
    #[error("rtp.ports {first}-{last} holds no even port with its RTCP neighbour")]
    EmptyRange { first: u16, last: u16 },
    #[error("media socket on {ip}: {source}")]
    Socket { ip: std::net::IpAddr, source: io::Error },
}

impl RtpError {
    pub fn kind(&self) -> ErrorKind {
        match self {
            RtpError::Malformed { .. }
            | RtpError::Foreign { .. }
            | RtpError::PayloadType { .. }
            | RtpError::Oversized { .. }
            | RtpError::Forged { .. }
            | RtpError::Replayed { .. }
            | RtpError::Report { .. }
            | RtpError::EmptyRange { .. } => ErrorKind::InvalidInput,
            RtpError::PortsExhausted { .. } => ErrorKind::Unavailable,
            RtpError::Socket { .. } => ErrorKind::Internal,
        }
    }
}
