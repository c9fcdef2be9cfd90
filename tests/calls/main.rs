//! Whole calls through the whole service: real SIP and RTP on loopback, real gRPC, a real database in a folder of its own.
//!
//! The voices are synthetic: they prove plumbing, never accuracy.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking
#![allow(clippy::disallowed_methods)] // these tasks play the world outside the service

mod accuracy;
mod agent_commands;
mod another_model;
mod bad_input;
mod follow;
mod house;
#[path = "../models/loudness.rs"]
mod loudness;
mod number_card;
#[path = "../models/onnx.rs"]
mod onnx;
#[path = "../streams/peer.rs"]
#[allow(dead_code)]
mod peer;
mod pii;
mod recognition;
mod replay;
mod shutdown;
mod spoof;
mod streams;
mod the_evening;
