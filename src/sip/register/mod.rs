//! Registers us as an extension of a PBX: refreshed in time, at the second registrar while the first is away, taken back
//! on shutdown (RFC 3261 §10.2).

mod client;
mod plan;
mod request;

pub(super) use client::{Client, House};
