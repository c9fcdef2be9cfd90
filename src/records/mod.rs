//! Stage 9, the shop's other systems: what they write into the books by gRPC and signed webhooks, and what they are told.

pub mod backoff;
pub mod deliver;
pub mod door;
pub mod event;
pub mod grpc;
pub mod json;
pub mod record;
pub mod signature;
pub mod start;
pub mod tail;

pub use deliver::Endpoint;
pub use door::Source;
pub use signature::Secret;
pub use start::{Options, StartError, start};
pub use tail::Tail;
