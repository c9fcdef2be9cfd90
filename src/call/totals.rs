//! Counts over all calls since the start.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::rtp::Statistics;

/// Written once a call, at its end.
#[derive(Debug, Default)]
pub struct Totals {
    calls: AtomicU64,
    packets_received: AtomicU64,
    packets_given_up: AtomicU64,
    windows_dropped: AtomicU64,
}

/// [`Totals`] at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub calls: u64,
    pub packets_received: u64,
    /// Lost, or later than the reorder window.
    pub packets_given_up: u64,
    /// Windows of speech that the inference threads had no time for.
    pub windows_dropped: u64,
}

impl Totals {
    pub fn add(&self, statistics: &Statistics, windows_dropped: u64) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.packets_received.fetch_add(statistics.received, Ordering::Relaxed);
        self.packets_given_up.fetch_add(statistics.given_up, Ordering::Relaxed);
        self.windows_dropped.fetch_add(windows_dropped, Ordering::Relaxed);
    }

    pub fn counts(&self) -> Counts {
        Counts {
            calls: self.calls.load(Ordering::Relaxed),
            packets_received: self.packets_received.load(Ordering::Relaxed),
            packets_given_up: self.packets_given_up.load(Ordering::Relaxed),
            windows_dropped: self.windows_dropped.load(Ordering::Relaxed),
        }
    }
}
