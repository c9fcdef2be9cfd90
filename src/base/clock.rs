//! The one place that reads a clock. Cores are handed `now`, so that a test can be a whole evening long in a millisecond.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::UnixMillis;

/// Monotonic time, for media, timers and timeouts.
#[allow(clippy::disallowed_methods)] // the ban points here
pub fn now() -> Instant {
    Instant::now()
}

/// Wall-clock time in UTC, for facts that outlive the process.
#[allow(clippy::disallowed_methods)] // the ban points here
pub fn wall() -> UnixMillis {
    // A clock set before 1970 reads as 1970: a wrong date is visible on the card, a refusal to serve is not.
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(since_epoch.as_millis() as i64)
}
