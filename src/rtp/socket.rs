//! The media socket of a call: an even RTP port with its RTCP neighbour (RFC 3550 §11).

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

use super::Codec;
use super::packetizer::{HEADER_BYTES, PTIME_MS, Packetizer};

/// The ports go back to the pool when this is dropped.
pub struct Socket {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    local_addr: SocketAddr,
    packetizer: Packetizer,
    packet: Vec<u8>,
}

impl Socket {
    pub(super) fn new(rtp: UdpSocket, rtcp: UdpSocket) -> io::Result<Self> {
        let local_addr = rtp.local_addr()?;
        let packetizer = Packetizer::new(rand::random(), rand::random(), rand::random());
        Ok(Self { rtp, rtcp, local_addr, packetizer, packet: Vec::with_capacity(HEADER_BYTES + SILENCE_BYTES) })
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The next RTP datagram. Cancel-safe. RTCP is read meanwhile and let go, so that its port never fills.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let mut rtcp = [0; 1];
        loop {
            tokio::select! {
                biased;
                datagram = self.rtp.recv_from(buffer) => return datagram,
                _ = self.rtcp.recv_from(&mut rtcp) => {}
            }
        }
    }

    /// Lets go what has come to either port, unread: for a stream that nobody may listen to. Wakes the task for more.
    pub fn poll_drain(&self, cx: &mut Context<'_>) {
        for socket in [&self.rtp, &self.rtcp] {
            let mut byte = [0; 1];
            // Ends by tokio's own budget at the latest, so that a flood here does not hold up other streams.
            while let Poll::Ready(Ok(_)) = socket.poll_recv_from(cx, &mut ReadBuf::new(&mut byte)) {}
        }
    }

    /// One packet of silence. Sent every [`PTIME_MS`], it keeps middleboxes from closing the path towards us.
    /// Never waits: a full send queue loses the packet.
    pub fn send_silence(&mut self, to: SocketAddr, payload_type: u8, codec: Codec) -> io::Result<()> {
        self.send(to, payload_type, codec, &[codec.silence_byte(); SILENCE_BYTES])
    }

    /// One packet of the call's own stream; never waits.
    pub fn send(&mut self, to: SocketAddr, payload_type: u8, codec: Codec, payload: &[u8]) -> io::Result<()> {
        self.packetizer.next(payload_type, codec, payload, &mut self.packet);
        self.send_raw(to, &self.packet)
    }

    /// A datagram that is made already, such as one to be sent twice.
    pub fn send_raw(&self, to: SocketAddr, datagram: &[u8]) -> io::Result<()> {
        match self.rtp.try_send_to(datagram, to) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            sent => sent.map(drop),
        }
    }
}

/// [`PTIME_MS`] of G.711: one byte for each of its 8 samples a millisecond.
const SILENCE_BYTES: usize = PTIME_MS as usize * 8;
