//! Position in a call's audio. RTP timestamps wrap, start anywhere, jump at a new SSRC and change their clock with the
//! codec; this does not.

/// Since the first packet of the call, in units of 1/[`TICKS_PER_S`] s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaTime(pub u64);

/// A common multiple of all RTP clocks that we agree to: 8000 and 48000.
pub const TICKS_PER_S: u32 = 48_000;

/// Ticks in one unit of an RTP clock.
pub(super) fn ticks(clock_rate_hz: u32) -> u64 {
    u64::from((TICKS_PER_S / clock_rate_hz.max(1)).max(1))
}

impl MediaTime {
    pub fn after(self, ticks: u64) -> MediaTime {
        MediaTime(self.0 + ticks)
    }

    /// Ticks from `earlier` to `self`; 0 when `earlier` is later.
    pub fn since(self, earlier: MediaTime) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Maps the RTP timestamps of one stream onto [`MediaTime`] (RFC 3550 §5.1: they start at random and wrap at 32 bits).
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeline {
    last_timestamp: u32,
    last: MediaTime,
    clock_rate_hz: u32,
}

impl Timeline {
    /// A stream whose packet with `timestamp` plays at `at`.
    pub(super) fn starting(timestamp: u32, at: MediaTime, clock_rate_hz: u32) -> Self {
        Self { last_timestamp: timestamp, last: at, clock_rate_hz }
    }

    pub(super) fn clock_rate_hz(&self) -> u32 {
        self.clock_rate_hz
    }

    /// Forward or back by up to half the 32-bit circle (37 hours at 8 kHz). Never before the start of the call.
    pub(super) fn place(&mut self, timestamp: u32) -> MediaTime {
        let step = timestamp.wrapping_sub(self.last_timestamp) as i32;
        let at = MediaTime(self.last.0.saturating_add_signed(i64::from(step) * ticks(self.clock_rate_hz) as i64));
        if step > 0 {
            self.last_timestamp = timestamp;
            self.last = at;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timestamp_wraps_and_media_time_does_not() {
        let mut timeline = Timeline::starting(u32::MAX - 159, MediaTime(0), 8000);
        assert_eq!(timeline.place(0), MediaTime(960));
        assert_eq!(timeline.place(160), MediaTime(1920));
        assert_eq!(timeline.place(u32::MAX - 159), MediaTime(0), "a reordered packet keeps its own place");
        assert_eq!(timeline.place(320), MediaTime(2880));
    }

    #[test]
    fn a_timestamp_before_the_start_of_the_call_does_not_underflow() {
        let mut timeline = Timeline::starting(1000, MediaTime(0), 8000);
        assert_eq!(timeline.place(0), MediaTime(0));
    }

    #[test]
    fn a_second_of_every_clock_is_a_second() {
        for clock in [8000, 16_000, 48_000] {
            let mut timeline = Timeline::starting(7, MediaTime(0), clock);
            assert_eq!(timeline.place(7 + clock), MediaTime(u64::from(TICKS_PER_S)));
        }
    }
}
