//! Counts of one call's media, with the names of RFC 3550 §6.4.1 where it has one.

use std::time::Instant;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Packets of the latched source, duplicates and late ones included (A.3).
    pub received: u64,
    /// Packets the sender must have sent, by its sequence numbers (A.3).
    pub expected: u64,
    /// Packets given up on: each lies in a span reported as lost, even when it came later.
    pub given_up: u64,
    /// Came after its span had been reported as lost.
    pub late: u64,
    pub duplicate: u64,
    /// Another source or SSRC than the latched one, or a sequence number that nothing confirmed.
    pub foreign: u64,
    /// Not RTP, or too long to be.
    pub malformed: u64,
    /// SRTP or SRTCP that was not made with the peer's key.
    pub forged: u64,
    /// SRTP or SRTCP that came before: a network's duplicate, or an attack.
    pub replayed: u64,
    /// A payload type that was not negotiated.
    pub unknown_payload_type: u64,
    /// Payloads that no samples could be made of.
    pub undecodable: u64,
    /// RTCP of the peer that could be read, and its packets that could not.
    pub reports: u64,
    pub malformed_reports: u64,
    /// RTCP BYE of the latched stream. Noted only: the call ends by SIP.
    pub byes: u64,
    /// Times a stream was latched: 1 in a quiet call.
    pub latched: u32,
    /// Interarrival jitter in units of the RTP clock (A.8).
    pub jitter: u32,
}

impl Statistics {
    /// RFC 3550 A.3: expected less received. Negative when duplicates outnumber losses.
    pub fn cumulative_lost(&self) -> i64 {
        self.expected as i64 - self.received as i64
    }
}

/// Interarrival jitter as RFC 3550 A.8 computes it, with the 4 fractional bits of its integer form.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Jitter {
    last: Option<(Instant, u32)>,
    scaled_by_16: u32,
}

impl Jitter {
    pub(super) fn packet(&mut self, now: Instant, timestamp: u32, clock_rate_hz: u32) {
        if let Some((then, last_timestamp)) = self.last.replace((now, timestamp)) {
            let elapsed_us = now.saturating_duration_since(then).as_micros() as i64;
            let elapsed = elapsed_us * i64::from(clock_rate_hz) / 1_000_000;
            let sent = i64::from(timestamp.wrapping_sub(last_timestamp) as i32);
            // A pause of minutes is not jitter worth more than the field holds.
            let difference = (elapsed - sent).unsigned_abs().min(u64::from(u32::MAX >> 5)) as u32;
            let scaled = self.scaled_by_16;
            self.scaled_by_16 = scaled + difference - ((scaled + 8) >> 4);
        }
    }

    /// A new stream: its timestamps say nothing about those of the last.
    pub(super) fn restart(&mut self) {
        self.last = None;
    }

    pub(super) fn timestamp_units(&self) -> u32 {
        self.scaled_by_16 >> 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock;
    use std::time::Duration;

    #[test]
    fn a_steady_stream_has_no_jitter_even_over_the_timestamp_wrap() {
        let start = clock::now();
        let mut jitter = Jitter::default();
        for packet in 0..100u32 {
            let timestamp = (u32::MAX - 1600).wrapping_add(packet * 160);
            jitter.packet(start + Duration::from_millis(20) * packet, timestamp, 8000);
        }
        assert_eq!(jitter.timestamp_units(), 0);
    }

    #[test]
    fn jitter_converges_to_the_mean_deviation() {
        // Every second packet 5 ms late: |D| is 5 ms = 40 units for each pair, so J tends to 40.
        let start = clock::now();
        let mut jitter = Jitter::default();
        for packet in 0..400u32 {
            let late = Duration::from_millis(if packet % 2 == 0 { 0 } else { 5 });
            jitter.packet(start + Duration::from_millis(20) * packet + late, packet * 160, 8000);
        }
        assert!((39..=41).contains(&jitter.timestamp_units()), "{}", jitter.timestamp_units());
    }
}
