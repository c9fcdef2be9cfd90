//! A bad network on purpose, the same each time: for tests of what the receiving side makes of it.

/// Each value is "one packet in so many"; 0 is never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Impairments {
    pub seed: u64,
    pub drop_one_in: u32,
    pub duplicate_one_in: u32,
    /// Sent after the packet that follows it.
    pub swap_one_in: u32,
}

/// What to do with the next packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Send,
    Drop,
    Duplicate,
    HoldBack,
}

pub(super) struct Network {
    impairments: Impairments,
    state: u64,
}

impl Network {
    pub(super) fn new(impairments: Impairments) -> Self {
        Self { impairments, state: impairments.seed }
    }

    pub(super) fn fate(&mut self) -> Fate {
        let Impairments { drop_one_in, duplicate_one_in, swap_one_in, .. } = self.impairments;
        let fates = [(drop_one_in, Fate::Drop), (duplicate_one_in, Fate::Duplicate), (swap_one_in, Fate::HoldBack)];
        fates.into_iter().find(|(one_in, _)| self.happens(*one_in)).map_or(Fate::Send, |(_, fate)| fate)
    }

    fn happens(&mut self, one_in: u32) -> bool {
        one_in != 0 && self.random().is_multiple_of(u64::from(one_in))
    }

    /// SplitMix64 (Steele, Lea, Flood, 2014): any seed does, and no crate's next version changes a test.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(impairments: Impairments, packets: usize) -> Vec<Fate> {
        let mut network = Network::new(impairments);
        (0..packets).map(|_| network.fate()).collect()
    }

    #[test]
    fn a_good_network_sends_everything() {
        assert!(fates(Impairments::default(), 1000).iter().all(|fate| *fate == Fate::Send));
    }

    #[test]
    fn the_same_seed_is_the_same_network_and_the_rates_hold() {
        let bad = Impairments { seed: 7, drop_one_in: 10, duplicate_one_in: 20, swap_one_in: 0 };
        let first = fates(bad, 10_000);
        assert_eq!(first, fates(bad, 10_000));
        let dropped = first.iter().filter(|fate| **fate == Fate::Drop).count();
        assert!((800..1200).contains(&dropped), "{dropped}");
        assert!(!first.contains(&Fate::HoldBack));
    }
}
