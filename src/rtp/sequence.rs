//! 16-bit RTP sequence numbers extended so that they never wrap (RFC 3550 appendix A.1).

/// A sequence number with its cycles counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtendedSeq(pub u64);

impl ExtendedSeq {
    pub fn next(self) -> ExtendedSeq {
        ExtendedSeq(self.0 + 1)
    }
}

/// What a sequence number means to the stream so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Ahead of or close behind the highest so far.
    Expected(ExtendedSeq),
    /// The sender restarted its numbering and has now confirmed it with a second packet: a new stretch begins here.
    Restarted(ExtendedSeq),
    /// Far from anything so far. Believed only when the next packet follows it.
    Stray,
}

/// Follows the sequence numbers of one source.
#[derive(Clone, Copy, Debug)]
pub(super) struct SequenceTracker {
    first: u64,
    highest: u64,
    /// What would confirm the last stray (A.1: `bad_seq`).
    confirming: Option<u16>,
    /// Packets expected in the stretches before the last restart.
    expected_before: u64,
}

/// A.1: a jump ahead of up to 3000 is loss (one minute at 20 ms); further ahead it is a restart.
const MAX_DROPOUT: i32 = 3000;
/// A.1: up to 100 behind is reordering; further behind it is a restart.
const MAX_MISORDER: i32 = 100;
/// Room below the first packet, so that packets which overtook nothing can still be placed before it.
const FIRST_CYCLE: u64 = 1 << 16;

impl SequenceTracker {
    pub(super) fn starting(sequence: u16) -> Self {
        let first = FIRST_CYCLE + u64::from(sequence);
        Self { first, highest: first, confirming: None, expected_before: 0 }
    }

    pub(super) fn highest(&self) -> ExtendedSeq {
        ExtendedSeq(self.highest)
    }

    /// As a report block tells it (RFC 3550 §6.4.1): cycles in the upper half, which wrap.
    pub(super) fn highest_reported(&self) -> u32 {
        (self.highest - FIRST_CYCLE) as u32
    }

    /// RFC 3550 A.3: packets the sender must have sent.
    pub(super) fn expected(&self) -> u64 {
        self.expected_before + self.highest - self.first + 1
    }

    pub(super) fn place(&mut self, sequence: u16) -> Arrival {
        // The shortest way round the 16-bit circle; halfway round counts as behind.
        let step = i32::from(sequence.wrapping_sub(self.highest as u16) as i16);
        if (-MAX_MISORDER..MAX_DROPOUT).contains(&step) {
            self.confirming = None;
            let seq = self.highest.saturating_add_signed(i64::from(step));
            self.highest = self.highest.max(seq);
            return Arrival::Expected(ExtendedSeq(seq));
        }
        if self.confirming != Some(sequence) {
            self.confirming = Some(sequence.wrapping_add(1));
            return Arrival::Stray;
        }
        self.expected_before = self.expected();
        self.confirming = None;
        // The next cycle but one: above everything before, with room for reordering below.
        self.first = ((self.highest >> 16) + 2) * FIRST_CYCLE + u64::from(sequence);
        self.highest = self.first;
        Arrival::Restarted(ExtendedSeq(self.first))
    }
}

#[cfg(test)]
#[allow(clippy::panic)] // a test fails by panicking
mod tests {
    use super::*;

    fn seq(arrival: Arrival) -> u64 {
        match arrival {
            Arrival::Expected(ExtendedSeq(seq)) | Arrival::Restarted(ExtendedSeq(seq)) => seq,
            Arrival::Stray => panic!("stray"),
        }
    }

    #[test]
    fn numbering_continues_through_the_wrap_in_order_and_out_of_order() {
        let mut tracker = SequenceTracker::starting(65534);
        let start = tracker.highest().0;
        assert_eq!(seq(tracker.place(65535)), start + 1);
        assert_eq!(seq(tracker.place(1)), start + 3, "one ahead over the wrap");
        assert_eq!(seq(tracker.place(0)), start + 2, "the late one takes its own place");
        assert_eq!(seq(tracker.place(65534)), start, "a duplicate from before the wrap");
        assert_eq!(seq(tracker.place(2)), start + 4);
        assert_eq!(tracker.expected(), 5);
    }

    #[test]
    fn many_cycles_stay_in_order() {
        let mut tracker = SequenceTracker::starting(0);
        let start = tracker.highest().0;
        for sent in 1..200_000u64 {
            assert_eq!(seq(tracker.place(sent as u16)), start + sent);
        }
        assert_eq!(tracker.expected(), 200_000);
    }

    #[test]
    fn a_restart_needs_two_packets_and_is_not_counted_as_loss() {
        let mut tracker = SequenceTracker::starting(100);
        tracker.place(101);
        assert_eq!(tracker.place(40_000), Arrival::Stray);
        assert_eq!(
            tracker.place(102),
            Arrival::Expected(ExtendedSeq(tracker.highest().0)),
            "a single stray is nothing"
        );
        assert_eq!(tracker.place(40_000), Arrival::Stray);
        let before = tracker.highest();
        let Arrival::Restarted(now) = tracker.place(40_001) else { panic!("two in a row are a restart") };
        assert!(now > before);
        assert_eq!(tracker.expected(), 3 + 1);
    }
}
