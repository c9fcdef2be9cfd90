//! What comes from outside, broken at random: no panic, and nothing lost but what was broken.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod breaks;
mod rtp;
mod sdp;
mod sip;
mod siprec;
mod streams;
