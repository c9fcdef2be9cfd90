//! The sending half of a call's media: silence that keeps the path open, and reports on what is heard.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::packetizer::{PTIME_MS, Packetizer};
use super::rtcp::{Reception, Reporter, Sent};
use super::srtp::Outbound;
use super::{Codec, MasterKey};

/// What is to be sent now, as the receiving half knows it.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// The latched source (symmetric RTP, RFC 4961), before that the SDP address.
    pub media: SocketAddr,
    pub rtcp: SocketAddr,
    /// RTCP goes out of the media port too.
    pub rtcp_mux: bool,
    /// `None`: the peer does not want to hear us.
    pub format: Option<(u8, Codec)>,
    /// 10 or 20.
    pub ptime_ms: u32,
    /// Our key, when SRTP was agreed.
    pub key: Option<&'a MasterKey>,
    pub reception: Option<Reception>,
}

/// What must be drawn at random for a stream, by the shell that owns it.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    pub ssrc: u32,
    pub first_sequence: u16,
    pub first_timestamp: u32,
    /// RFC 7022 §4.2: 96 bits name the call's RTP endpoint, and nobody.
    pub cname: u128,
}

pub struct Sender {
    packetizer: Packetizer,
    reporter: Reporter,
    protection: Option<Outbound>,
    packets: u32,
    octets: u32,
    last_sent: Option<Instant>,
    payload: Vec<u8>,
    packet: Vec<u8>,
}

/// §6.4: who has sent since the last report but one sends a sender report; two intervals at their longest.
const LATELY: Duration = Duration::from_secs(13);

impl Sender {
    pub fn new(identity: Identity) -> Self {
        let Identity { ssrc, first_sequence, first_timestamp, cname } = identity;
        Self {
            packetizer: Packetizer::new(ssrc, first_sequence, first_timestamp),
            reporter: Reporter::new(ssrc, format!("{:024x}", cname >> 32)),
            protection: None,
            packets: 0,
            octets: 0,
            last_sent: None,
            payload: Vec::new(),
            packet: Vec::new(),
        }
    }

    /// [`PTIME_MS`] of silence: `send` is called for each packet. Nothing when the peer wants none.
    pub fn silence(&mut self, now: Instant, outgoing: &Outgoing<'_>, mut send: impl FnMut(&[u8])) {
        let Some((payload_type, codec)) = outgoing.format else { return };
        self.protect(outgoing.key);
        codec.silence(outgoing.ptime_ms, &mut self.payload);
        for _ in 0..PTIME_MS / outgoing.ptime_ms.clamp(1, PTIME_MS) {
            self.packetizer.next(payload_type, codec, &self.payload, &mut self.packet);
            self.packets = self.packets.wrapping_add(1);
            self.octets = self.octets.wrapping_add(self.payload.len() as u32);
            self.last_sent = Some(now);
            match &mut self.protection {
                None => send(&self.packet),
                // A packet that cannot be protected is not sent at all.
                Some(protection) => {
                    if let Some(sealed) = protection.seal(&self.packet) {
                        send(&sealed);
                    }
                }
            }
        }
    }

    /// A report, when one is due. `chance` in 0..1 is drawn anew for each call; `ntp` is the wall clock.
    pub fn poll_report(&mut self, now: Instant, ntp: u64, chance: f64, outgoing: &Outgoing<'_>) -> Option<Vec<u8>> {
        if !self.reporter.is_due(now, chance) {
            return None;
        }
        let lately = self.last_sent.is_some_and(|sent| now.saturating_duration_since(sent) < LATELY);
        let sent = lately.then(|| Sent {
            ntp,
            rtp_timestamp: self.packetizer.timestamp(),
            packets: self.packets,
            octets: self.octets,
        });
        let report = self.reporter.report(now, sent, outgoing.reception.as_ref());
        self.protect(outgoing.key);
        self.seal(report)
    }

    /// The last word of the stream, protected as those before.
    pub fn bye(&mut self) -> Option<Vec<u8>> {
        let bye = self.reporter.bye();
        self.seal(bye)
    }

    fn seal(&mut self, report: Vec<u8>) -> Option<Vec<u8>> {
        match &mut self.protection {
            None => Some(report),
            Some(protection) => protection.seal_rtcp(&report),
        }
    }

    fn protect(&mut self, key: Option<&MasterKey>) {
        match key {
            None => self.protection = None,
            Some(key) if self.protection.as_ref().is_some_and(|protection| protection.is_of(key)) => {}
            Some(key) => self.protection = Some(Outbound::new(key)),
        }
    }
}

#[cfg(test)]
mod tests;
