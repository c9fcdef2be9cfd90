//! What the telephone side of the service costs on one core: calls, held calls, streams, and a flood.
//!
//! `cargo bench --bench telephony`. The service is a whole one, with books, screens and a model, in this process; the peers
//! are plain sockets on one thread of their own, whose CPU time is left out. Figures a core are of CPU time spent, not of
//! the wall clock, so that they do not depend on how many cores the peers take away.
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
