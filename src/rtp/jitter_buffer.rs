//! A reorder window: packets leave in the order they were sent, and never wait longer than the window for one that is missing.
//!
//! This is no playout buffer. Nobody listens, so a packet that is next in line leaves at once, and what is lost is
//! reported as lost: speech is never invented.

use std::time::{Duration, Instant};

use super::{Codec, ExtendedSeq, MediaTime};

/// What comes out, in the order of the sender's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received<'a> {
    Payload {
        codec: Codec,
        media_time: MediaTime,
        bytes: &'a [u8],
    },
    /// So much audio is missing here. It is not speech and not silence: nothing is known about it.
    Lost {
        samples: u32,
    },
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
    slots: Box<[Slot]>,
    payloads: Box<[u8]>,
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
    last_samples: u32,
    given_up: u64,
}

#[derive(Clone, Copy)]
struct Slot {
    seq: u64,
    occupied: bool,
    arrived: Instant,
    media_time: MediaTime,
    codec: Codec,
    len: usize,
}

/// 100 ms, the longest window, in the shortest packets in use (10 ms), and room for the packet that ends the wait.
/// A power of two, so that slots stay in step through any sequence number.
const SLOTS: usize = 16;
/// 80 ms of G.711 or G.722; telephony sends 10 to 60 ms. 16 slots of it are 10 kB a call.
pub(super) const MAX_PAYLOAD: usize = 640;
/// One packet of 20 ms, the default of RFC 3551, until a packet says otherwise.
const DEFAULT_SAMPLES: u32 = 160;

impl JitterBuffer {
    /// `now` only fills empty slots.
    pub(super) fn new(window: Duration, now: Instant) -> Self {
        let empty =
            Slot { seq: 0, occupied: false, arrived: now, media_time: MediaTime(0), codec: Codec::Pcmu, len: 0 };
        Self {
            window,
            slots: vec![empty; SLOTS].into_boxed_slice(),
            payloads: vec![0; SLOTS * MAX_PAYLOAD].into_boxed_slice(),
            next: None,
            floor: 0,
            shift: 0,
            stream_start: 0,
            delivered: 0,
            expected_at: MediaTime(0),
            last_samples: DEFAULT_SAMPLES,
            given_up: 0,
        }
    }

    pub(super) fn given_up(&self) -> u64 {
        self.given_up
    }

    /// Where the audio of a new stream is to begin: after everything that is known of the old one.
    pub(super) fn end(&self) -> MediaTime {
        let waiting = self.slots.iter().filter(|slot| slot.occupied);
        waiting.map(|slot| slot.media_time.after(slot.codec.samples(slot.len))).fold(self.expected_at, Ord::max)
    }

    /// A new stream begins with `first`: what waits of the old one comes out before it, what is missing is not waited for.
    pub(super) fn restart(&mut self, first: ExtendedSeq) {
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

    pub(super) fn put(&mut self, now: Instant, seq: ExtendedSeq, at: MediaTime, codec: Codec, payload: &[u8]) -> Put {
        if payload.len() > MAX_PAYLOAD {
            return Put::Oversized;
        }
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
        *slot = Slot { seq, occupied: true, arrived: now, media_time: at, codec, len: payload.len() };
        self.payloads[index * MAX_PAYLOAD..][..payload.len()].copy_from_slice(payload);
        Put::Stored
    }

    pub(super) fn pop(&mut self, now: Instant) -> Option<Received<'_>> {
        let next = self.next?;
        let index = (next % SLOTS as u64) as usize;
        if self.slots[index].occupied && self.slots[index].seq == next {
            let slot = &mut self.slots[index];
            slot.occupied = false;
            let slot = *slot;
            self.step(1, true);
            self.last_samples = slot.codec.samples(slot.len);
            self.expected_at = slot.media_time.after(self.last_samples);
            let bytes = &self.payloads[index * MAX_PAYLOAD..][..slot.len];
            return Some(Received::Payload { codec: slot.codec, media_time: slot.media_time, bytes });
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
        let samples = self.gap_samples(packets, resume_at);
        self.given_up += packets;
        self.step(packets, false);
        self.expected_at = resume_at.unwrap_or(self.expected_at.after(samples));
        Some(Received::Lost { samples })
    }

    /// When the wait for the missing packet ends. `None` while nothing waits behind a gap.
    pub(super) fn gap_deadline(&self) -> Option<Instant> {
        let arrived = self.slots.iter().filter(|slot| slot.occupied).map(|slot| slot.arrived).min()?;
        Some(arrived + self.window)
    }

    fn first_waiting(&self) -> Option<Slot> {
        self.slots.iter().filter(|slot| slot.occupied).min_by_key(|slot| slot.seq).copied()
    }

    /// The timestamps say how much is missing, unless they jump: then the packets do.
    fn gap_samples(&self, packets: u64, resume_at: Option<MediaTime>) -> u32 {
        /// 120 ms at 8 kHz: no packet in telephony is longer.
        const MAX_PACKET_SAMPLES: u64 = 960;
        let by_count = packets.saturating_mul(u64::from(self.last_samples));
        let by_clock = resume_at.map(|at| at.since(self.expected_at));
        let samples = match by_clock {
            Some(samples) if samples > 0 && samples <= packets.saturating_mul(MAX_PACKET_SAMPLES) => samples,
            _ => by_count,
        };
        u32::try_from(samples).unwrap_or(u32::MAX)
    }

    fn step(&mut self, packets: u64, delivered: bool) {
        self.next = self.next.map(|next| next + packets);
        self.delivered = if packets < 64 { self.delivered << packets } else { 0 } | u64::from(delivered);
    }
}

#[cfg(test)]
mod tests;
