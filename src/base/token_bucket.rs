//! How much of something may happen in a time: a bucket that fills steadily and is emptied by use.

use std::time::{Duration, Instant};

/// Knows no clock: it is told the time.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    per_s: f64,
    holds: f64,
    tokens: f64,
    filled: Instant,
}

impl TokenBucket {
    /// Full at first. `burst` is how much it holds, in seconds of its rate.
    pub fn full(per_s: u32, burst: Duration, now: Instant) -> Self {
        let per_s = f64::from(per_s);
        let holds = per_s * burst.as_secs_f64();
        Self { per_s, holds, tokens: holds, filled: now }
    }

    /// One token, if there is one.
    pub fn take(&mut self, now: Instant) -> bool {
        self.fill(now);
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }

    /// Takes `cost` tokens in any case, and says how long to wait until that is paid for.
    pub fn charge(&mut self, cost: usize, now: Instant) -> Duration {
        self.fill(now);
        self.tokens -= cost as f64;
        if self.tokens >= 0.0 || self.per_s <= 0.0 {
            return Duration::ZERO;
        }
        Duration::try_from_secs_f64(-self.tokens / self.per_s).unwrap_or(Duration::MAX)
    }

    /// Untouched for so long that forgetting it changes nothing.
    pub fn is_full(&self, now: Instant) -> bool {
        self.level(now) >= self.holds
    }

    fn fill(&mut self, now: Instant) {
        self.tokens = self.level(now);
        self.filled = now;
    }

    fn level(&self, now: Instant) -> f64 {
        (self.tokens + now.saturating_duration_since(self.filled).as_secs_f64() * self.per_s).min(self.holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock;

    #[test]
    fn it_gives_its_burst_and_then_its_rate() {
        let now = clock::now();
        let mut bucket = TokenBucket::full(10, Duration::from_secs(2), now);
        assert_eq!((0..100).filter(|_| bucket.take(now)).count(), 20);
        let later = now + Duration::from_millis(500);
        assert_eq!((0..100).filter(|_| bucket.take(later)).count(), 5);
        assert!(!bucket.is_full(later));
        assert!(bucket.is_full(later + Duration::from_secs(2)));
    }

    #[test]
    fn a_debt_is_waited_for() {
        let now = clock::now();
        let mut bucket = TokenBucket::full(1000, Duration::from_secs(1), now);
        assert_eq!(bucket.charge(1000, now), Duration::ZERO);
        assert_eq!(bucket.charge(500, now), Duration::from_millis(500));
        assert_eq!(bucket.charge(250, now + Duration::from_millis(500)), Duration::from_millis(250));
    }
}
