//! What the operator reads. Never a name, a number or a print.

mod logging;

pub use logging::{start, subscriber};
