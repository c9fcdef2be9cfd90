//! Recording sessions (SIPREC) against our own recording client: real SIP over UDP and TCP, real RTP on loopback.
//!
//! The voices are synthetic: they prove plumbing, never accuracy.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)] // a test fails by panicking

#[path = "../calls/house.rs"]
#[allow(dead_code)]
mod house;

mod client;
#[path = "../peers/kamailio.rs"]
mod kamailio;
#[path = "../peers/peer.rs"]
#[allow(dead_code)]
mod peer;
#[path = "../peers/service.rs"]
#[allow(dead_code)]
mod service;
mod stream;

mod both_streams_survive_the_network;
mod every_request_is_answered;
mod the_caller_alone_is_heard;
mod the_card_follows_the_call;
mod through_kamailio_and_rtpengine;
