//! Who gets in when too many come: a token bucket for each source. How many are in at a time, the listener counts.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::base::TokenBucket;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// New connections of one source a second, and twice as many at once; more are closed unread. A switch, or the proxy
    /// before us, sends all calls from one address, and an AudioSocket call takes two.
    pub connections_per_source_per_s: u32,
    /// Connections at a time, for each of the two listeners. Each may hold a message of 128 kB, a queue of
    /// [`PIECES`](super::leg::PIECES) and 16 kB of buffers: 350 kB at the very most, 40 kB as peers send.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections_per_source_per_s: 200, connections: 1024 }
    }
}

/// Knows no clock: it is told the time.
pub(super) struct Sources {
    per_s: u32,
    buckets: HashMap<IpAddr, TokenBucket>,
    /// Shared by the sources that find the table full.
    crowd: TokenBucket,
}

/// TCP leaves no forged addresses, so more than this is a crowd of its own. 250 kB.
const MAX_SOURCES: usize = 4096;
/// The calls that came during a network hiccup connect at once.
const BURST: Duration = Duration::from_secs(2);

impl Sources {
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        let per_s = limits.connections_per_source_per_s;
        Self { per_s, buckets: HashMap::new(), crowd: TokenBucket::full(per_s, BURST, now) }
    }

    pub(super) fn admits(&mut self, now: Instant, from: IpAddr) -> bool {
        if self.buckets.len() >= MAX_SOURCES && !self.buckets.contains_key(&from) {
            self.buckets.retain(|_, bucket| !bucket.is_full(now));
            if self.buckets.len() >= MAX_SOURCES {
                return self.crowd.take(now);
            }
        }
        self.buckets.entry(from).or_insert_with(|| TokenBucket::full(self.per_s, BURST, now)).take(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock;

    fn source(number: u32) -> IpAddr {
        IpAddr::V4((0x0a00_0000 + number).into())
    }

    #[test]
    fn one_source_does_not_take_the_places_of_another() {
        let now = clock::now();
        let mut sources = Sources::new(&Limits { connections_per_source_per_s: 10, ..Limits::default() }, now);
        assert_eq!((0..100).filter(|_| sources.admits(now, source(1))).count(), 20);
        assert!(sources.admits(now, source(2)));
    }

    #[test]
    fn many_sources_fill_neither_the_table_nor_keep_a_quiet_one_out() {
        let now = clock::now();
        let mut sources = Sources::new(&Limits::default(), now);
        for number in 0..20_000 {
            sources.admits(now, source(number));
        }
        assert!(sources.buckets.len() <= MAX_SOURCES);
        assert!(sources.admits(now + Duration::from_secs(3), source(30_000)));
    }
}
