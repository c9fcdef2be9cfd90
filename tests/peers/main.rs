//! Calls from real SIP phones. A peer that is not installed is skipped aloud, or fails where `REGULARS_REQUIRE_PEERS=1`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test fails by panicking

#[path = "../transports/authority.rs"]
#[allow(dead_code)]
mod authority;
mod baresip_calls;
mod baresip_over_tls;
mod kamailio;
mod kamailio_calls;
mod kamailio_registrar;
mod kamailio_routes_calls;
mod peer;
#[allow(dead_code)]
mod service;
mod sipp_calls;
mod softphone_calls;
mod the_call_command;
#[path = "../hostile/wire.rs"]
#[allow(dead_code)]
mod wire;
