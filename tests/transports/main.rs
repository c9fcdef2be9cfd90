//! Every way in over which signalling comes, and the ways by which a peer is let in: TLS, IPv6, registrations, trunks.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test fails by panicking

#[path = "../peers/service.rs"]
#[allow(dead_code)]
mod service;
#[path = "../hostile/wire.rs"]
#[allow(dead_code)]
mod wire;

mod authority;
mod calls_over_ipv6;
mod calls_over_tls;
mod password;
mod registrar;
mod registration;
mod session_timers;
mod the_process_obeys_signals;
mod trunk;
