//! Whole calls through the whole service: real SIP and RTP on loopback, real gRPC, a real database in a folder of its own.
//!
//! The voices are synthetic: they prove plumbing, never accuracy.

mod agent_commands;
mod house;
mod number_card;
mod pii;
mod recognition;
mod shutdown;
mod the_evening;
