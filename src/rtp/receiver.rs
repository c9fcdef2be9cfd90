//! Datagrams of one call's media socket in, ordered payloads out.
//!
//! A call listens to one source only. The first valid packet from the address in the SDP is latched: from then on its
//! source address and SSRC are the only ones heard, so that nobody else can speak into the call. A re-INVITE or two
//! seconds of silence opens the latch again. With SRTP, valid means made with the peer's key.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rtp_types::RtpPacket;

use super::jitter_buffer::{Content, JitterBuffer, MAX_PAYLOAD, Popped, Put};
use super::media_time::{Timeline, ticks};
use super::rtcp::{self, LastReport, Reception};
use super::sequence::{Arrival, SequenceTracker};
use super::srtp::{Inbound, Refused};
use super::statistics::Jitter;
use super::telephone_event::KeyPresses;
use super::{Negotiated, Outgoing, Received, RtpError, Statistics};

#[derive(Clone, Copy, Debug)]
pub struct ReceiverOptions {
    /// How long to wait for a missing packet once a later one is there. 60 to 100 ms covers the reordering of real
    /// networks; longer only delays recognition behind each loss.
    pub reorder_window: Duration,
    /// Silence after which another source of the SDP address may take over.
    pub relatch_after: Duration,
}

impl Default for ReceiverOptions {
    fn default() -> Self {
        Self { reorder_window: Duration::from_millis(80), relatch_after: Duration::from_secs(2) }
    }
}

/// No allocation for a packet, but for those of SRTP.
pub struct Receiver {
    options: ReceiverOptions,
    agreed: Option<Negotiated>,
    contents: [Option<(u8, Content)>; MAX_FORMATS],
    srtp: Option<Inbound>,
    source: Option<Source>,
    /// Where the peer's RTCP comes from, once some has come.
    rtcp_from: Option<SocketAddr>,
    keys: KeyPresses,
    buffer: JitterBuffer,
    jitter: Jitter,
    statistics: Statistics,
    /// Expected packets of the sources before this one.
    expected_before: u64,
}

/// The latched stream.
struct Source {
    address: SocketAddr,
    ssrc: u32,
    sequence: SequenceTracker,
    timeline: Timeline,
    received: u64,
    last_packet: Instant,
    last_report: Option<LastReport>,
    latch: Latch,
}

/// Whether another source of the SDP address may take over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Latch {
    Closed,
    /// A re-INVITE has come and nothing since.
    Open,
    /// The old source still sends after a re-INVITE: stragglers, or it stays. Open for the new one until then.
    OpenUntil(Instant),
}

/// Four codecs, key presses at two clock rates, comfort noise; twice over for offers that list one under two numbers.
const MAX_FORMATS: usize = 14;

impl Receiver {
    pub fn new(options: ReceiverOptions, now: Instant) -> Self {
        Self {
            options,
            agreed: None,
            contents: [None; MAX_FORMATS],
            srtp: None,
            source: None,
            rtcp_from: None,
            keys: KeyPresses::default(),
            buffer: JitterBuffer::new(options.reorder_window, now),
            jitter: Jitter::default(),
            statistics: Statistics::default(),
            expected_before: 0,
        }
    }

    /// The outcome of an offer and its answer; also of each re-INVITE, which opens the latch for a new source.
    pub fn negotiate(&mut self, agreed: &Negotiated) {
        let audio = agreed.formats.iter().map(|(number, codec)| (*number, Content::Audio(*codec)));
        let events = agreed
            .events
            .iter()
            .map(|(number, clock_rate_hz)| (*number, Content::Event { clock_rate_hz: *clock_rate_hz }));
        let noise = agreed.comfort_noise.iter().map(|number| (*number, Content::ComfortNoise));
        self.contents = [None; MAX_FORMATS];
        for (place, content) in self.contents.iter_mut().zip(audio.chain(events).chain(noise)) {
            *place = Some(content);
        }
        match (&mut self.srtp, &agreed.keys) {
            (Some(inbound), Some(keys)) => inbound.rekey(&keys.theirs),
            (srtp, keys) => *srtp = keys.as_ref().map(|keys| Inbound::new(&keys.theirs)),
        }
        self.agreed = Some(agreed.clone());
        self.rtcp_from = None;
        if let Some(source) = &mut self.source {
            source.latch = Latch::Open;
        }
    }

    /// One datagram from the media socket. An error means that it was refused and counted; the call goes on.
    pub fn receive(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> Result<(), RtpError> {
        if is_rtcp(datagram) {
            return self.on_rtcp(now, from, datagram);
        }
        if self.srtp.is_none() {
            let packet = self.parse(from, datagram)?;
            let content = self.admit(now, from, &packet)?;
            return self.take(now, from, content, &packet);
        }
        // The fixed header is all that can be read before the packet is known to be the peer's. Who does not belong here
        // by it costs no cryptography.
        let mut head = [0; FIXED_HEADER];
        let length = datagram.len().min(FIXED_HEADER);
        head[..length].copy_from_slice(&datagram[..length]);
        head[0] &= 0b1100_0000;
        let header = self.parse(from, &head[..length])?;
        let content = self.admit(now, from, &header)?;
        let (ssrc, sequence) = (header.ssrc(), header.sequence_number());
        let Some(inbound) = &mut self.srtp else { return Ok(()) };
        match inbound.open(ssrc, sequence, datagram) {
            Ok(opened) => {
                let packet = self.parse(from, &opened)?;
                self.take(now, from, content, &packet)
            }
            Err(Refused::Forged) => {
                self.statistics.forged += 1;
                Err(RtpError::Forged { from, ssrc, sequence })
            }
            Err(Refused::Replayed) => {
                self.statistics.replayed += 1;
                Err(RtpError::Replayed { from, ssrc, sequence })
            }
        }
    }

    /// The next payload or loss in order; `None` when there is nothing to hand out before [`Receiver::poll_timeout`].
    pub fn pop(&mut self, now: Instant) -> Option<Received<'_>> {
        loop {
            let packet = match self.buffer.pop(now)? {
                Popped::Lost { samples } => return Some(Received::Lost { samples }),
                Popped::Pause { samples } => return Some(Received::Pause { samples }),
                Popped::Packet(packet) => packet,
            };
            match packet.content {
                Content::Audio(codec) => {
                    let bytes = self.buffer.bytes(&packet);
                    return Some(Received::Payload { codec, media_time: packet.media_time, bytes });
                }
                // Its time shows as a pause before the next audio.
                Content::ComfortNoise => {}
                Content::Event { clock_rate_hz } => {
                    let payload = self.buffer.bytes(&packet);
                    if let Some(digit) = self.keys.packet(packet.media_time, payload, ticks(clock_rate_hz)) {
                        return Some(Received::Digit { digit });
                    }
                }
            }
        }
    }

    /// When to call [`Receiver::pop`] again although nothing was received.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.buffer.gap_deadline()
    }

    /// What is to be sent at this moment. `None` before there is anybody to send to.
    pub fn outgoing(&self) -> Option<Outgoing<'_>> {
        let agreed = self.agreed.as_ref()?;
        let media = self.source.as_ref().map_or(agreed.remote, |source| source.address);
        let rtcp = if agreed.rtcp_mux { media } else { self.rtcp_from.unwrap_or(agreed.remote_rtcp) };
        Some(Outgoing {
            media,
            rtcp,
            rtcp_mux: agreed.rtcp_mux,
            format: agreed.formats.first().copied().filter(|_| agreed.send),
            ptime_ms: agreed.ptime_ms,
            key: agreed.keys.as_ref().map(|keys| &keys.ours),
            reception: self.source.as_ref().map(|source| source.reception(self.jitter)),
        })
    }

    /// When the last packet of the call's own stream came.
    pub fn last_packet(&self) -> Option<Instant> {
        self.source.as_ref().map(|source| source.last_packet)
    }

    /// False on hold: a media timeout must not run then.
    pub fn expects_media(&self) -> bool {
        self.agreed.as_ref().is_some_and(|agreed| agreed.receive)
    }

    pub fn statistics(&self) -> Statistics {
        let expected = self.source.as_ref().map_or(0, |source| source.sequence.expected());
        Statistics {
            expected: self.expected_before + expected,
            given_up: self.buffer.given_up(),
            jitter: self.jitter.timestamp_units(),
            ..self.statistics
        }
    }

    fn parse<'a>(&mut self, from: SocketAddr, datagram: &'a [u8]) -> Result<RtpPacket<'a>, RtpError> {
        RtpPacket::parse(datagram).map_err(|source| {
            self.statistics.malformed += 1;
            RtpError::Malformed { from, bytes: datagram.len(), source }
        })
    }

    /// Whether the packet's header belongs to this call; what it holds.
    fn admit(&mut self, now: Instant, from: SocketAddr, packet: &RtpPacket<'_>) -> Result<Content, RtpError> {
        let (ssrc, sequence, payload_type) = (packet.ssrc(), packet.sequence_number(), packet.payload_type());
        if !self.is_ours(now, from, ssrc) {
            self.statistics.foreign += 1;
            return Err(RtpError::Foreign { from, ssrc, sequence });
        }
        let content = self.contents.iter().flatten().find(|(number, _)| *number == payload_type);
        content.map(|(_, content)| *content).ok_or_else(|| {
            self.statistics.unknown_payload_type += 1;
            RtpError::PayloadType { payload_type, ssrc, sequence }
        })
    }

    fn is_ours(&self, now: Instant, from: SocketAddr, ssrc: u32) -> bool {
        match &self.source {
            None => self.is_sdp_address(from),
            Some(source) if source.is(from, ssrc) => true,
            Some(source) => {
                let silent = now.saturating_duration_since(source.last_packet) >= self.options.relatch_after;
                let open = match source.latch {
                    Latch::Closed => false,
                    Latch::Open => true,
                    Latch::OpenUntil(end) => now < end,
                };
                (open || silent) && self.is_sdp_address(from)
            }
        }
    }

    fn is_sdp_address(&self, from: SocketAddr) -> bool {
        self.agreed.as_ref().is_some_and(|agreed| agreed.remote.ip() == from.ip())
    }

    /// A packet of the peer: it is latched to if there is nobody yet, or somebody else.
    fn take(
        &mut self,
        now: Instant,
        from: SocketAddr,
        content: Content,
        packet: &RtpPacket<'_>,
    ) -> Result<(), RtpError> {
        let (ssrc, sequence, bytes) = (packet.ssrc(), packet.sequence_number(), packet.payload().len());
        if bytes > MAX_PAYLOAD {
            self.statistics.malformed += 1;
            return Err(RtpError::Oversized { bytes, ssrc, sequence });
        }
        if !self.source.as_ref().is_some_and(|source| source.is(from, ssrc)) {
            self.latch(now, from, content, packet);
        }
        self.accept(now, content, packet)
    }

    /// RTCP from the address of the latched stream, before that from the SDP address.
    fn on_rtcp(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> Result<(), RtpError> {
        let refused = RtpError::Report { from, bytes: datagram.len() };
        let ip = self.source.as_ref().map(|source| source.address.ip()).or(self.agreed.as_ref().map(|a| a.remote.ip()));
        if ip != Some(from.ip()) {
            self.statistics.foreign += 1;
            return Err(refused);
        }
        let ssrc = self.source.as_ref().map(|source| source.ssrc);
        let read = match &mut self.srtp {
            None => rtcp::read(datagram, ssrc),
            Some(inbound) => match inbound.open_rtcp(datagram) {
                Ok(opened) => rtcp::read(&opened, ssrc),
                Err(Refused::Forged) => {
                    self.statistics.forged += 1;
                    return Err(refused);
                }
                Err(Refused::Replayed) => {
                    self.statistics.replayed += 1;
                    return Err(refused);
                }
            },
        };
        let Some(report) = read else {
            self.statistics.malformed_reports += 1;
            return Err(refused);
        };
        self.statistics.reports += 1;
        self.statistics.byes += u64::from(report.bye);
        self.rtcp_from = Some(from);
        if let (Some(source), Some(ntp_middle)) = (&mut self.source, report.ntp_middle) {
            source.last_report = Some(LastReport { ntp_middle, at: now });
        }
        Ok(())
    }

    fn latch(&mut self, now: Instant, from: SocketAddr, content: Content, packet: &RtpPacket<'_>) {
        let start = self.buffer.end();
        self.expected_before += self.source.as_ref().map_or(0, |old| old.sequence.expected());
        let sequence = SequenceTracker::starting(packet.sequence_number());
        self.buffer.restart(sequence.highest());
        self.jitter.restart();
        self.statistics.latched += 1;
        self.source = Some(Source {
            address: from,
            ssrc: packet.ssrc(),
            sequence,
            timeline: Timeline::starting(packet.timestamp(), start, content.clock_rate_hz()),
            received: 0,
            last_packet: now,
            last_report: None,
            latch: Latch::Closed,
        });
    }

    fn accept(&mut self, now: Instant, content: Content, packet: &RtpPacket<'_>) -> Result<(), RtpError> {
        let Some(source) = &mut self.source else { return Ok(()) };
        let (seq, at) = match source.sequence.place(packet.sequence_number()) {
            Arrival::Expected(seq) => {
                let clock_rate_hz = content.clock_rate_hz();
                if matches!(content, Content::Audio(_)) && clock_rate_hz != source.timeline.clock_rate_hz() {
                    // A codec of another clock within the stream: nothing ties its timestamps to those before (RFC 7160 §3).
                    source.timeline = Timeline::starting(packet.timestamp(), self.buffer.end(), clock_rate_hz);
                    self.jitter.restart();
                }
                (seq, source.timeline.place(packet.timestamp()))
            }
            Arrival::Restarted(seq) => {
                let start = self.buffer.end();
                source.timeline = Timeline::starting(packet.timestamp(), start, content.clock_rate_hz());
                self.buffer.restart(seq);
                self.jitter.restart();
                (seq, start)
            }
            Arrival::Stray => {
                self.statistics.foreign += 1;
                let (ssrc, sequence) = (packet.ssrc(), packet.sequence_number());
                return Err(RtpError::Foreign { from: source.address, ssrc, sequence });
            }
        };
        source.last_packet = now;
        if source.latch == Latch::Open {
            source.latch = Latch::OpenUntil(now + self.options.relatch_after);
        }
        source.received += 1;
        self.statistics.received += 1;
        // The packets of a key press all carry the timestamp of its beginning, which says nothing about when they were sent.
        if !matches!(content, Content::Event { .. }) {
            self.jitter.packet(now, packet.timestamp(), source.timeline.clock_rate_hz());
        }
        match self.buffer.put(now, seq, at, content, packet.payload()) {
            Put::Stored => {}
            Put::Duplicate => self.statistics.duplicate += 1,
            Put::Late => self.statistics.late += 1,
            Put::Oversized => self.statistics.malformed += 1,
        }
        Ok(())
    }
}

impl Source {
    fn is(&self, from: SocketAddr, ssrc: u32) -> bool {
        self.address == from && self.ssrc == ssrc
    }

    fn reception(&self, jitter: Jitter) -> Reception {
        Reception {
            ssrc: self.ssrc,
            expected: self.sequence.expected(),
            received: self.received,
            highest: self.sequence.highest_reported(),
            jitter: jitter.timestamp_units(),
            last_report: self.last_report,
        }
    }
}

/// RFC 3550 §5.1, without CSRCs and extensions.
const FIXED_HEADER: usize = 12;

/// RFC 5761 §4: RTCP on the media port shows as a packet type of 192 to 223.
pub(super) fn is_rtcp(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| first >> 6 == 2)
        && datagram.get(1).is_some_and(|packet_type| (192..=223).contains(packet_type))
}

#[cfg(test)]
mod tests;
