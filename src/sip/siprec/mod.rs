//! Recording sessions (RFC 7866): a session border controller sends us a copy of somebody else's call, a stream for each
//! side, and says in rs-metadata (RFC 7865) who is who.

pub mod metadata;
pub mod recording;
pub mod roles;

pub use metadata::Metadata;
pub use recording::Recording;
pub use roles::{Agents, Hear, Party, Roles};
