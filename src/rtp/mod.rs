//! Stage 2, media: late, lost and reordered packets become ordered payloads.

pub mod codec;
pub mod error;
pub mod jitter_buffer;
pub mod media_time;
pub mod negotiated;
pub mod packetizer;
pub mod port_pool;
pub mod receiver;
pub mod rtcp;
pub mod sender;
pub mod sequence;
pub mod socket;
pub mod srtp;
pub mod statistics;
pub mod telephone_event;

pub use codec::Codec;
pub use error::RtpError;
pub use jitter_buffer::Received;
pub use media_time::MediaTime;
pub use negotiated::{Keys, Negotiated};
pub use packetizer::Packetizer;
pub use port_pool::PortPool;
pub use receiver::{Receiver, ReceiverOptions};
pub use sender::{Identity, Outgoing, Sender};
pub use sequence::ExtendedSeq;
pub use socket::Socket;
pub use srtp::{MasterKey, Suite};
pub use statistics::Statistics;
pub use telephone_event::Digit;
