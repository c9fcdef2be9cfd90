//! Datagrams of one call's media socket in, ordered payloads out.
//!
//! A call listens to one source only. The first valid packet from the address in the SDP is latched: from then on its
//! source address and SSRC are the only ones heard, so that nobody else can speak into the call. A re-INVITE or two
//! seconds of silence opens the latch again.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rtp_types::RtpPacket;

use super::jitter_buffer::{JitterBuffer, MAX_PAYLOAD, Put};
use super::media_time::Timeline;
use super::sequence::{Arrival, SequenceTracker};
use super::statistics::Jitter;
use super::{Codec, Negotiated, Received, RtpError, Statistics};

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

/// No allocation after construction.
pub struct Receiver {
    options: ReceiverOptions,
    remote: Option<SocketAddr>,
    formats: [Option<(u8, Codec)>; MAX_FORMATS],
    expects_media: bool,
    source: Option<Source>,
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
    last_packet: Instant,
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

/// As many as the codecs that we know, twice over for offers that list a codec under two numbers.
const MAX_FORMATS: usize = 2 * Codec::ALL.len();

impl Receiver {
    pub fn new(options: ReceiverOptions, now: Instant) -> Self {
        Self {
            options,
            remote: None,
            formats: [None; MAX_FORMATS],
            expects_media: false,
            source: None,
            buffer: JitterBuffer::new(options.reorder_window, now),
            jitter: Jitter::default(),
            statistics: Statistics::default(),
            expected_before: 0,
        }
    }

    /// The outcome of an offer and its answer; also of each re-INVITE, which opens the latch for a new source.
    pub fn negotiate(&mut self, agreed: &Negotiated) {
        self.remote = Some(agreed.remote);
        self.expects_media = agreed.receive;
        self.formats = [None; MAX_FORMATS];
        for (place, format) in self.formats.iter_mut().zip(&agreed.formats) {
            *place = Some(*format);
        }
        if let Some(source) = &mut self.source {
            source.latch = Latch::Open;
        }
    }

    /// One datagram from the media socket. An error means that it was refused and counted; the call goes on.
    pub fn receive(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) -> Result<(), RtpError> {
        if is_rtcp(datagram) {
            return Ok(());
        }
        let packet = RtpPacket::parse(datagram).map_err(|source| {
            self.statistics.malformed += 1;
            RtpError::Malformed { from, bytes: datagram.len(), source }
        })?;
        let (ssrc, sequence) = (packet.ssrc(), packet.sequence_number());
        if !self.is_ours(now, from, ssrc) {
            self.statistics.foreign += 1;
            return Err(RtpError::Foreign { from, ssrc, sequence });
        }
        let payload_type = packet.payload_type();
        let Some(codec) = self.codec(payload_type) else {
            self.statistics.unknown_payload_type += 1;
            return Err(RtpError::PayloadType { payload_type, ssrc, sequence });
        };
        let payload = packet.payload();
        if payload.len() > MAX_PAYLOAD {
            self.statistics.malformed += 1;
            return Err(RtpError::Oversized { bytes: payload.len(), ssrc, sequence });
        }
        if !self.source.as_ref().is_some_and(|source| source.is(from, ssrc)) {
            self.latch(now, from, &packet);
        }
        self.accept(now, codec, &packet)
    }

    /// The next payload or loss in order; `None` when there is nothing to hand out before [`Receiver::poll_timeout`].
    pub fn pop(&mut self, now: Instant) -> Option<Received<'_>> {
        self.buffer.pop(now)
    }

    /// When to call [`Receiver::pop`] again although nothing was received.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.buffer.gap_deadline()
    }

    /// Where to send media to: the latched source (symmetric RTP, RFC 4961), before that the SDP address.
    pub fn reply_to(&self) -> Option<SocketAddr> {
        self.source.as_ref().map(|source| source.address).or(self.remote)
    }

    /// When the last packet of the call's own stream came.
    pub fn last_packet(&self) -> Option<Instant> {
        self.source.as_ref().map(|source| source.last_packet)
    }

    /// False on hold: a media timeout must not run then.
    pub fn expects_media(&self) -> bool {
        self.expects_media
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

    fn is_ours(&self, now: Instant, from: SocketAddr, ssrc: u32) -> bool {
        let from_sdp_address = self.remote.is_some_and(|remote| remote.ip() == from.ip());
        match &self.source {
            None => from_sdp_address,
            Some(source) if source.is(from, ssrc) => true,
            Some(source) => {
                let silent = now.saturating_duration_since(source.last_packet) >= self.options.relatch_after;
                let open = match source.latch {
                    Latch::Closed => false,
                    Latch::Open => true,
                    Latch::OpenUntil(end) => now < end,
                };
                (open || silent) && from_sdp_address
            }
        }
    }

    fn codec(&self, payload_type: u8) -> Option<Codec> {
        self.formats.iter().flatten().find(|(number, _)| *number == payload_type).map(|(_, codec)| *codec)
    }

    fn latch(&mut self, now: Instant, from: SocketAddr, packet: &RtpPacket<'_>) {
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
            timeline: Timeline::starting(packet.timestamp(), start),
            last_packet: now,
            latch: Latch::Closed,
        });
    }

    fn accept(&mut self, now: Instant, codec: Codec, packet: &RtpPacket<'_>) -> Result<(), RtpError> {
        let Some(source) = &mut self.source else { return Ok(()) };
        let (seq, at) = match source.sequence.place(packet.sequence_number()) {
            Arrival::Expected(seq) => (seq, source.timeline.place(packet.timestamp())),
            Arrival::Restarted(seq) => {
                let start = self.buffer.end();
                source.timeline = Timeline::starting(packet.timestamp(), start);
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
        self.statistics.received += 1;
        self.jitter.packet(now, packet.timestamp(), codec.clock_rate_hz());
        match self.buffer.put(now, seq, at, codec, packet.payload()) {
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
}

/// RFC 5761 §4: RTCP on the media port shows as a packet type of 192 to 223.
fn is_rtcp(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| first >> 6 == 2)
        && datagram.get(1).is_some_and(|packet_type| (192..=223).contains(packet_type))
}

#[cfg(test)]
mod tests;
