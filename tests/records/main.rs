//! The shop's other systems and the whole service: real gRPC, real webhooks in and out, real calls on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking
#![allow(clippy::disallowed_methods)] // these tasks play the world outside the service

mod cards_are_live;
mod events_go_out;
mod hook;
#[path = "../calls/house.rs"]
#[allow(dead_code)]
mod house;
#[path = "../hostile/log.rs"]
mod log;
mod logs_hold_nothing_personal;
mod other_systems_write;
mod receiver;
mod webhooks_come_in;
