//! Regulars hears a caller, recognises the regulars among them, and puts their card on the agent's screen.
//!
//! A call meets the stages in this order:
//!
//! 1. [`sip`] answers the INVITE and says who is calling, and on which line.
//!    [`stream`] is the same for calls that come over a WebSocket or AudioSocket.
//! 2. [`rtp`] puts late, lost and reordered packets into order.
//! 3. [`speech`] turns payloads into samples, leaves the pauses out, and makes windows of features.
//! 4. [`voice`] turns a window into an embedding, and embeddings into a calibrated likelihood ratio.
//! 5. [`identity`] weighs the voice against what the calling number says, and decides.
//! 6. [`customer`] is what we know of a person: orders, contacts, consent, and what they will likely order.
//! 7. [`store`] remembers it.
//! 8. [`desk`] puts it on the agent's screen, and takes the agent's commands.
//! 9. [`records`] is for the shop's other systems: what they write into the books, and what they are told.
//!
//! [`call`] is the story of one call through all of them; [`service`] puts the stages together.

pub mod base;
pub mod call;
pub mod cli;
pub mod config;
pub mod customer;
pub mod desk;
pub mod identity;
pub mod records;
pub mod rtp;
pub mod service;
pub mod sip;
pub mod speech;
pub mod store;
pub mod stream;
pub mod telemetry;
pub mod voice;
