//! The media socket of a call: an even RTP port with its RTCP neighbour (RFC 3550 §11).

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

use super::receiver::is_rtcp;
use super::{Identity, Outgoing, Sender};
use crate::base::clock;

/// The ports go back to the pool when this is dropped.
pub struct Socket {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    local_addr: SocketAddr,
    sender: Sender,
    /// Where our RTCP goes, and whether it leaves by the media port; `None` before anything was sent.
    rtcp_to: Option<(SocketAddr, bool)>,
}

impl Socket {
    pub(super) fn new(rtp: UdpSocket, rtcp: UdpSocket) -> io::Result<Self> {
        let local_addr = rtp.local_addr()?;
        let sender = Sender::new(Identity {
            ssrc: rand::random(),
            first_sequence: rand::random(),
            first_timestamp: rand::random(),
            cname: rand::random(),
        });
        Ok(Self { rtp, rtcp, local_addr, sender, rtcp_to: None })
    }

    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Until something has come to either port. Cancel-safe.
    pub async fn readable(&self) -> io::Result<()> {
        tokio::select! {
            ready = self.rtp.readable() => ready,
            ready = self.rtcp.readable() => ready,
        }
    }

    /// The next datagram: RTP, or RTCP from either port, which the receiver tells apart. Cancel-safe.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        loop {
            // Two buffers would cost every call the second; so the port is awaited, and read without waiting.
            let media = tokio::select! {
                biased;
                ready = self.rtp.readable() => ready.map(|()| true)?,
                ready = self.rtcp.readable() => ready.map(|()| false)?,
            };
            let received = if media { &self.rtp } else { &self.rtcp }.try_recv_from(buffer);
            match received {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok((length, _)) if !media && !is_rtcp(&buffer[..length]) => {}
                received => return received,
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

    /// To be called every [`super::packetizer::PTIME_MS`]: sends silence, which keeps middleboxes from closing the path
    /// towards us, and a report when one is due. Never waits: a full send queue loses the packet.
    pub fn tick(&mut self, outgoing: &Outgoing<'_>) {
        let now = clock::now();
        // A peer that cannot be reached shows as a media timeout.
        self.sender.silence(now, outgoing, |packet| drop(self.rtp.try_send_to(packet, outgoing.media)));
        self.rtcp_to = Some((outgoing.rtcp, outgoing.rtcp_mux));
        let report = self.sender.poll_report(now, ntp(), rand::random(), outgoing);
        self.send_rtcp(report);
    }

    fn send_rtcp(&self, report: Option<Vec<u8>>) {
        // An address of zeros means "on hold" (RFC 3264 §8.4), and to the system this machine.
        if let (Some(report), Some((to, by_media_port))) = (report, self.rtcp_to)
            && !to.ip().is_unspecified()
        {
            let socket = if by_media_port { &self.rtp } else { &self.rtcp };
            // RTCP allows for loss.
            let _ = socket.try_send_to(&report, to);
        }
    }

    /// A datagram that is made already, such as one to be sent twice.
    pub fn send_raw(&self, to: SocketAddr, datagram: &[u8]) -> io::Result<()> {
        match self.rtp.try_send_to(datagram, to) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            sent => sent.map(drop),
        }
    }
}

impl Drop for Socket {
    /// Tells the peer that our stream is over.
    fn drop(&mut self) {
        if self.rtcp_to.is_some() {
            let bye = self.sender.bye();
            self.send_rtcp(bye);
        }
    }
}

/// The wall clock as NTP has it: seconds since 1900 in the upper half (RFC 3550 §4).
fn ntp() -> u64 {
    /// From 1900 to 1970.
    const SECONDS_BEFORE_UNIX: u64 = 2_208_988_800;
    let ms = u64::try_from(clock::wall().0).unwrap_or(0);
    ((ms / 1000 + SECONDS_BEFORE_UNIX) << 32) | (((ms % 1000) << 32) / 1000)
}
