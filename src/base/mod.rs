//! Words that belong to no stage: time, units, personal data, kinds of error.

pub mod clock;
pub mod e164;
pub mod error_kind;
pub mod lifecycle;
pub mod loopback;
pub mod nearest;
pub mod percentile;
pub mod pii;
pub mod tls;
pub mod token_bucket;
pub mod units;

pub use e164::E164;
pub use error_kind::ErrorKind;
pub use lifecycle::Lifecycle;
pub use nearest::nearest;
pub use pii::Pii;
pub use tls::{Identity, TlsError, TlsFiles};
pub use token_bucket::TokenBucket;
pub use units::{CallId, Line, UnixMillis};
