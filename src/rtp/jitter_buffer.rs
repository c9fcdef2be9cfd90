//! A reorder window: packets leave in the order they were sent, and never wait longer than the window for one that is missing.
//!
//! This is no playout buffer. Nobody listens, so a packet that is next in line leaves at once, and what is lost is
//! reported as lost: speech is never invented.

use std::time::{Duration, Instant};

use super::media_time::ticks;
use super::{Codec, Digit, ExtendedSeq, MediaTime};

/// What comes out, in the order of the sender's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received<'a> {
    Payload {
        codec: Codec,
        media_time: MediaTime,
        bytes: &'a [u8],
    },
    /// So much audio is missing here, in units of the RTP clock of the codec before. It is not speech and not silence:
    /// nothing is known about it.
    Lost {
        samples: u32,
    },
    /// The sender had no audio to send for so long: silence suppression, comfort noise, or a key. Same units.
    Pause {
        samples: u32,
    },
    /// A key was pressed; once for each press.
    Digit {
        digit: Digit,
    },
}

/// What a packet holds, by its payload type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Audio(Codec),
    /// RFC 3389: it describes noise, and is no speech of anybody.
    ComfortNoise,
    /// RFC 4733.
    Event {
        clock_rate_hz: u32,
    },
}

impl Content {
    pub(super) fn clock_rate_hz(self) -> u32 {
        match self {
            Content::Audio(codec) => codec.clock_rate_hz(),
            // RFC 3389 §4: PT 13 has a clock of 8000.
            Content::ComfortNoise => 8000,
            Content::Event { clock_rate_hz } => clock_rate_hz,
        }
    }

    /// In ticks of [`MediaTime`].
    fn duration(self, payload: &[u8]) -> u64 {
        match self {
            Content::Audio(codec) => u64::from(codec.duration(payload)) * ticks(codec.clock_rate_hz()),
            Content::ComfortNoise | Content::Event { .. } => 0,
        }
    }
}

/// What comes out next; the bytes of a packet are fetched by [`JitterBuffer::bytes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Popped {
    Packet(Packet),
    Lost { samples: u32 },
    Pause { samples: u32 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) content: Content,
    pub(super) media_time: MediaTime,
    slot: usize,
    len: usize,
}

/// What became of a packet put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    Stored,
    Duplicate,
    /// Its place had been reported as lost.
    Late,
    /// Longer than a slot.
    Oversized,
}

pub(super) struct JitterBuffer {
    window: Duration,
    empty: Slot,
    /// Made with the first packet, as the payloads are.
    slots: Vec<Slot>,
    payloads: Vec<u8>,
    /// The first packet not yet handed out. `None` before the first packet.
    next: Option<u64>,
    /// Packets below this are not waited for: one too far ahead for the slots has come, or a new stream.
    floor: u64,
    /// Added to the numbers of the present stream, so that they follow those of the last.
    shift: u64,
    stream_start: u64,
    /// Which of the last 64 before `next` were handed out, newest in bit 0.
    delivered: u64,
    /// Where the audio after the last packet handed out begins.
    expected_at: MediaTime,
    /// Duration of the last audio packet in ticks, and ticks in a unit of its clock.
    last_ticks: u64,
    unit: u64,
    /// Something that was no audio came out since.
    broken_off: bool,
    given_up: u64,
}

#[derive(Clone, Copy)]
struct Slot {
    seq: u64,
    occupied: bool,
    arrived: Instant,
    media_time: MediaTime,
    content: Content,
    duration: u64,
    len: usize,
}

/// 100 ms, the longest window, in the shortest packets in use (10 ms), and room for the packet that ends the wait.
/// A power of two, so that slots stay in step through any sequence number.
const SLOTS: usize = 16;
/// 80 ms of G.711 or G.722, 60 ms of Opus at 85 kbit/s; telephony sends 10 to 60 ms. 16 slots of it are 10 kB a call.
pub(super) const MAX_PAYLOAD: usize = 640;
/// One packet of 20 ms, the default of RFC 3551, until a packet says otherwise.
const DEFAULT_TICKS: u64 = 960;

impl JitterBuffer {
    /// `now` only fills empty slots.
    pub(super) fn new(window: Duration, now: Instant) -> Self {
        let empty = Slot {
            seq: 0,
            occupied: false,
            arrived: now,
            media_time: MediaTime(0),
            content: Content::ComfortNoise,
            duration: 0,
            len: 0,
        };
        Self {
            window,
            empty,
            slots: Vec::new(),
            payloads: Vec::new(),
            next: None,
            floor: 0,
            shift: 0,
            stream_start: 0,
            delivered: 0,
            expected_at: MediaTime(0),
            last_ticks: DEFAULT_TICKS,
            unit: ticks(8000),
            broken_off: false,
            given_up: 0,
        }
    }

    /// Whatever sets `next` has made room before.
    fn make_room(&mut self) {
        if self.slots.is_empty() {
            self.slots.resize(SLOTS, self.empty);
            self.payloads.resize(SLOTS * MAX_PAYLOAD, 0);
        }
    }

    pub(super) fn given_up(&self) -> u64 {
        self.given_up
    }

    /// Where the audio of a new stream is to begin: after everything that is known of the old one.
    pub(super) fn end(&self) -> MediaTime {
        let waiting = self.slots.iter().filter(|slot| slot.occupied);
        let audio = waiting.filter(|slot| matches!(slot.content, Content::Audio(_)));
        audio.map(|slot| slot.media_time.after(slot.duration)).fold(self.expected_at, Ord::max)
    }

    /// A new stream begins with `first`: what waits of the old one comes out before it, what is missing is not waited for.
    pub(super) fn restart(&mut self, first: ExtendedSeq) {
        self.make_room();
        let Some(next) = self.next else {
            self.next = Some(first.0);
            self.stream_start = first.0;
            return;
        };
        let waiting = self.slots.iter().filter(|slot| slot.occupied);
        let end = waiting.map(|slot| slot.seq + 1).fold(next, u64::max);
        self.shift = end.wrapping_sub(first.0);
        self.stream_start = end;
        self.floor = end;
    }

    pub(super) fn put(
        &mut self,
        now: Instant,
        seq: ExtendedSeq,
        at: MediaTime,
        content: Content,
        payload: &[u8],
    ) -> Put {
        if payload.len() > MAX_PAYLOAD {
            return Put::Oversized;
        }
        self.make_room();
        let seq = seq.0.wrapping_add(self.shift);
        let next = *self.next.get_or_insert(seq);
        if seq < next.max(self.stream_start) {
            let behind = next.saturating_sub(seq + 1);
            let seen = seq >= self.stream_start && behind < 64 && self.delivered >> behind & 1 == 1;
            return if seen { Put::Duplicate } else { Put::Late };
        }
        let index = (seq % SLOTS as u64) as usize;
        let slot = &mut self.slots[index];
        if slot.occupied && slot.seq == seq {
            return Put::Duplicate;
        }
        if seq >= next + SLOTS as u64 {
            // A slot that is still taken belongs to a packet that the caller never came to pop: it is lost.
            self.floor = self.floor.max(seq + 1 - SLOTS as u64);
        }
        *slot = Slot {
            seq,
            occupied: true,
            arrived: now,
            media_time: at,
            content,
            duration: content.duration(payload),
            len: payload.len(),
        };
        self.payloads[index * MAX_PAYLOAD..][..payload.len()].copy_from_slice(payload);
        Put::Stored
    }

    pub(super) fn pop(&mut self, now: Instant) -> Option<Popped> {
        let next = self.next?;
        let index = (next % SLOTS as u64) as usize;
        let slot = self.slots[index];
        if slot.occupied && slot.seq == next {
            if let Some(samples) = self.pause_before(&slot) {
                self.expected_at = slot.media_time;
                return Some(Popped::Pause { samples });
            }
            self.slots[index].occupied = false;
            self.step(1, true);
            if let Content::Audio(codec) = slot.content {
                (self.last_ticks, self.unit) = (slot.duration, ticks(codec.clock_rate_hz()));
                self.expected_at = slot.media_time.after(slot.duration);
                self.broken_off = false;
            } else {
                self.broken_off = true;
            }
            let Slot { content, media_time, len, .. } = slot;
            return Some(Popped::Packet(Packet { content, media_time, slot: index, len }));
        }
        let waiting = self.first_waiting();
        let (resume, resume_at) = match waiting {
            Some(slot) if slot.seq <= self.floor || self.gap_deadline().is_some_and(|deadline| now >= deadline) => {
                (slot.seq, Some(slot.media_time))
            }
            _ if next < self.floor => (self.floor, None),
            _ => return None,
        };
        let packets = resume - next;
        let lost = self.gap(packets, resume_at);
        self.given_up += packets;
        self.step(packets, false);
        // A key held down carries the time at which it went down.
        self.expected_at = resume_at.map_or(self.expected_at.after(lost), |at| at.max(self.expected_at));
        Some(Popped::Lost { samples: self.samples(lost) })
    }

    /// The payload of a packet that [`JitterBuffer::pop`] has just given.
    pub(super) fn bytes(&self, packet: &Packet) -> &[u8] {
        &self.payloads[packet.slot * MAX_PAYLOAD..][..packet.len]
    }

    /// How long the sender was silent before this packet. A hole no longer than the packet before is none: there are
    /// senders whose timestamps run at the sample rate of G.722 instead of its clock, twice as fast as their audio.
    fn pause_before(&self, slot: &Slot) -> Option<u32> {
        let Content::Audio(_) = slot.content else { return None };
        let hole = slot.media_time.since(self.expected_at);
        let least = if self.broken_off { 0 } else { self.last_ticks };
        (hole > least).then(|| self.samples(hole))
    }

    fn samples(&self, ticks: u64) -> u32 {
        u32::try_from(ticks / self.unit).unwrap_or(u32::MAX)
    }

    /// When the wait for the missing packet ends. `None` while nothing waits behind a gap.
    pub(super) fn gap_deadline(&self) -> Option<Instant> {
        let arrived = self.slots.iter().filter(|slot| slot.occupied).map(|slot| slot.arrived).min()?;
        Some(arrived + self.window)
    }

    fn first_waiting(&self) -> Option<Slot> {
        self.slots.iter().filter(|slot| slot.occupied).min_by_key(|slot| slot.seq).copied()
    }

    /// In ticks. The timestamps say how much is missing, unless they jump: then the packets do.
    fn gap(&self, packets: u64, resume_at: Option<MediaTime>) -> u64 {
        /// 120 ms: no packet in telephony is longer.
        const MAX_PACKET_TICKS: u64 = 5760;
        let by_count = packets.saturating_mul(self.last_ticks);
        match resume_at.map(|at| at.since(self.expected_at)) {
            Some(ticks) if ticks > 0 && ticks <= packets.saturating_mul(MAX_PACKET_TICKS) => ticks,
            _ => by_count,
        }
    }

    fn step(&mut self, packets: u64, delivered: bool) {
        self.next = self.next.map(|next| next + packets);
        self.delivered = if packets < 64 { self.delivered << packets } else { 0 } | u64::from(delivered);
    }
}

#[cfg(test)]
mod tests;
