//! Who gets in when too many come: a token bucket for each source, one for all, and a cap on unanswered INVITEs.
//!
//! rsipstack's queues are unbounded, so whatever passes here must be affordable: this is where memory under a flood is
//! decided.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Messages of one source address looked at each second; more are dropped unread. A call makes three or four.
    pub messages_per_source_per_s: u32,
    /// New calls of one source address a second; more get a 503.
    pub invites_per_source_per_s: u32,
    /// New calls of all sources a second. Each leaves up to 2 kB behind for the 32 s in which its INVITE may be
    /// repeated (RFC 3261 timer H), so 1000 a second are 64 MB at most.
    pub invites_per_s: u32,
    /// Calls not yet answered, at 20 kB each.
    pub pending_invites: usize,
    /// TCP and TLS connections of one listener open at a time, each with at most 64 kB unread.
    pub tcp_connections: usize,
    /// Of these, for one source address: an SBC has a few, and nobody takes the places of all others.
    pub tcp_connections_per_source: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            messages_per_source_per_s: 4000,
            invites_per_source_per_s: 500,
            invites_per_s: 1000,
            pending_invites: 512,
            tcp_connections: 512,
            tcp_connections_per_source: 64,
        }
    }
}

/// The state of the buckets. Knows no clock: it is told the time.
pub(super) struct Admission {
    limits: Limits,
    sources: HashMap<IpAddr, Source>,
    everyone: Bucket,
    /// Shared by the sources that find the table full.
    crowd: Source,
}

#[derive(Clone, Copy)]
struct Source {
    messages: Bucket,
    invites: Bucket,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// A contact centre has tens of SBCs; more sources than this at a time are a flood with forged addresses. 400 kB.
const MAX_SOURCES: usize = 4096;
/// A bucket holds two seconds: the burst after a network hiccup passes.
const BURST_S: f64 = 2.0;

/// Connections of a listener, in all and by source.
pub(super) struct Places {
    free: usize,
    per_source: usize,
    taken: HashMap<IpAddr, usize>,
}

impl Places {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { free: limits.tcp_connections, per_source: limits.tcp_connections_per_source, taken: HashMap::new() }
    }

    /// Whether there was one; it is to be given back.
    pub(super) fn take(&mut self, source: IpAddr) -> bool {
        let taken = self.taken.get(&source).copied().unwrap_or(0);
        let room = self.free > 0 && taken < self.per_source;
        if room {
            self.free -= 1;
            self.taken.insert(source, taken + 1);
        }
        room
    }

    pub(super) fn give_back(&mut self, source: IpAddr) {
        self.free += 1;
        if let Some(taken) = self.taken.get_mut(&source) {
            *taken -= 1;
            if *taken == 0 {
                self.taken.remove(&source);
            }
        }
    }
}

impl Admission {
    pub(super) fn new(limits: Limits, now: Instant) -> Self {
        let everyone = Bucket::full(limits.invites_per_s, now);
        Self { limits, sources: HashMap::new(), everyone, crowd: Source::new(&limits, now) }
    }

    /// One message, before it is read.
    pub(super) fn message(&mut self, now: Instant, from: IpAddr) -> bool {
        let rate = self.limits.messages_per_source_per_s;
        self.source(now, from).messages.take(rate, now)
    }

    /// One new call.
    pub(super) fn invite(&mut self, now: Instant, from: IpAddr) -> bool {
        let limits = self.limits;
        self.source(now, from).invites.take(limits.invites_per_source_per_s, now)
            && self.everyone.take(limits.invites_per_s, now)
    }

    fn source(&mut self, now: Instant, from: IpAddr) -> &mut Source {
        if self.sources.len() >= MAX_SOURCES && !self.sources.contains_key(&from) {
            // Sources with full buckets have been quiet for two seconds: forgetting them changes nothing.
            let limits = self.limits;
            self.sources.retain(|_, source| !source.is_full(&limits, now));
            if self.sources.len() >= MAX_SOURCES {
                return &mut self.crowd;
            }
        }
        self.sources.entry(from).or_insert_with(|| Source::new(&self.limits, now))
    }
}

impl Source {
    fn new(limits: &Limits, now: Instant) -> Self {
        Self {
            messages: Bucket::full(limits.messages_per_source_per_s, now),
            invites: Bucket::full(limits.invites_per_source_per_s, now),
        }
    }

    fn is_full(&self, limits: &Limits, now: Instant) -> bool {
        self.messages.is_full(limits.messages_per_source_per_s, now)
            && self.invites.is_full(limits.invites_per_source_per_s, now)
    }
}

impl Bucket {
    fn full(per_s: u32, now: Instant) -> Self {
        Self { tokens: f64::from(per_s) * BURST_S, filled: now }
    }

    fn level(&self, per_s: u32, now: Instant) -> f64 {
        let gained = now.saturating_duration_since(self.filled).as_secs_f64() * f64::from(per_s);
        (self.tokens + gained).min(f64::from(per_s) * BURST_S)
    }

    fn is_full(&self, per_s: u32, now: Instant) -> bool {
        self.level(per_s, now) >= f64::from(per_s) * BURST_S
    }

    fn take(&mut self, per_s: u32, now: Instant) -> bool {
        self.tokens = self.level(per_s, now);
        self.filled = now;
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    fn admission(now: Instant) -> Admission {
        let limits = Limits { invites_per_source_per_s: 10, invites_per_s: 30, ..Limits::default() };
        Admission::new(limits, now)
    }

    fn source(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number))
    }

    fn admitted(admission: &mut Admission, now: Instant, from: IpAddr, tries: u32) -> usize {
        (0..tries).filter(|_| admission.invite(now, from)).count()
    }

    #[test]
    fn a_source_gets_its_burst_and_then_its_rate() {
        let now = clock::now();
        let mut admission = admission(now);
        assert_eq!(admitted(&mut admission, now, source(1), 100), 20);
        let later = now + Duration::from_millis(500);
        assert_eq!(admitted(&mut admission, later, source(1), 100), 5);
        assert_eq!(admitted(&mut admission, later, source(2), 100), 20, "another source is not made to wait");
    }

    #[test]
    fn one_source_never_takes_every_place() {
        let limits = Limits { tcp_connections: 5, tcp_connections_per_source: 3, ..Limits::default() };
        let mut places = Places::new(&limits);
        let mut taken = |source_number| (0..4).filter(|_| places.take(source(source_number))).count();
        assert_eq!((taken(1), taken(2), taken(3)), (3, 2, 0));
        places.give_back(source(2));
        assert!(places.take(source(3)));
        for gone in [1, 1, 1, 2, 3] {
            places.give_back(source(gone));
        }
        assert_eq!((places.free, places.taken.len()), (5, 0), "nothing is kept of those who have gone");
    }

    #[test]
    fn all_sources_together_are_limited_too() {
        let now = clock::now();
        let mut admission = admission(now);
        let passed: usize = (0..100).map(|n| admitted(&mut admission, now, source(n), 20)).sum();
        assert_eq!(passed, 60);
    }

    #[test]
    fn forged_sources_fill_neither_the_table_nor_keep_a_quiet_one_out() {
        let now = clock::now();
        let mut admission = admission(now);
        for number in 0..100_000 {
            admission.message(now, source(number));
        }
        assert!(admission.sources.len() <= MAX_SOURCES);
        let later = now + Duration::from_secs(3);
        assert!(admission.message(later, source(200_000)));
        assert!(admission.sources.contains_key(&source(200_000)), "quiet sources made room");
    }
}
