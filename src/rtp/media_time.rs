//! Position in a call's audio, in samples. RTP timestamps wrap, start anywhere and jump at a new SSRC; this does not.

/// Samples of the codec's clock since the first packet of the call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaTime(pub u64);

impl MediaTime {
    pub fn after(self, samples: u32) -> MediaTime {
        MediaTime(self.0 + u64::from(samples))
    }

    /// Samples from `earlier` to `self`; 0 when `earlier` is later.
    pub fn since(self, earlier: MediaTime) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Maps the RTP timestamps of one stream onto [`MediaTime`] (RFC 3550 §5.1: they start at random and wrap at 32 bits).
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeline {
    last_timestamp: u32,
    last: MediaTime,
}

impl Timeline {
    /// A stream whose packet with `timestamp` plays at `at`.
    pub(super) fn starting(timestamp: u32, at: MediaTime) -> Self {
        Self { last_timestamp: timestamp, last: at }
    }

    /// Forward or back by up to half the 32-bit circle (37 hours at 8 kHz). Never before the start of the call.
    pub(super) fn place(&mut self, timestamp: u32) -> MediaTime {
        let step = timestamp.wrapping_sub(self.last_timestamp) as i32;
        let at = MediaTime(self.last.0.saturating_add_signed(i64::from(step)));
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
        let mut timeline = Timeline::starting(u32::MAX - 159, MediaTime(0));
        assert_eq!(timeline.place(0), MediaTime(160));
        assert_eq!(timeline.place(160), MediaTime(320));
        assert_eq!(timeline.place(u32::MAX - 159), MediaTime(0), "a reordered packet keeps its own place");
        assert_eq!(timeline.place(320), MediaTime(480));
    }

    #[test]
    fn a_timestamp_before_the_start_of_the_call_does_not_underflow() {
        let mut timeline = Timeline::starting(1000, MediaTime(0));
        assert_eq!(timeline.place(0), MediaTime(0));
    }
}
