//! What the telephone side of the service costs on one core: calls, held calls, streams, and a flood.
//!
//! `cargo bench --bench telephony`. The service is a whole one, with books, screens and a model, in this process; the peers
//! are plain sockets on one thread of their own, whose CPU time is left out. Figures a core are of CPU time spent, not of
//! the wall clock, so that they do not depend on how many cores the peers take away.
//!
//! Two-core x86-64 server with the peers on it, dev profile, November 2026: 1709 recording sessions/s a core from INVITE to BYE
//! (SDP, metadata, store and card; goal 1000); 33.8 kB a held call without media, 39.6 as a recording session of two streams
//! (goal 40; 11 of it are a channel inside rsipstack); answers p99 0.9 ms at 200 calls/s (goal 50); 4751 G.711 and 4001 SRTP
//! streams a core to samples, with 4000 at once and none lost (goals 4000, 3500); 199,998 INVITEs/s for 10 s: 195 MB at most and no
//! packet of 20 calls lost (goal 300 MB). Before the held call was looked at it took 106 kB.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)] // a bench is its own shell

use std::time::Duration;

mod calls;
mod cpu;
mod flood;
mod house;
mod media;
mod peer;
mod wire;

fn main() {
    // `cargo test --benches` passes no `--bench`: then a moment of each is enough to see that it runs.
    let whole = std::env::args().any(|arg| arg == "--bench");
    let only = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let wanted = |name: &str| only.as_deref().is_none_or(|only| name.contains(only));
    if wanted("calls") {
        calls::run(if whole { 3000 } else { 20 });
    }
    if wanted("held") {
        // RFC 3261 timer H is 32 s.
        calls::hold(if whole { 1000 } else { 10 }, Duration::from_secs(if whole { 40 } else { 0 }));
    }
    if wanted("answer") {
        calls::answer(if whole { 2000 } else { 20 });
    }
    if wanted("streams") {
        media::run(if whole { 4000 } else { 20 }, if whole { 5 } else { 1 });
    }
    if wanted("flood") {
        flood::run(if whole { 10 } else { 1 });
    }
}
