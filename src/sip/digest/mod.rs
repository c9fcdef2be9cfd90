//! Digest authentication (RFC 7616, RFC 8760 for SIP): asked of callers by [`Doorkeeper`], and answered to a registrar by
//! [`Challenge`].

mod challenge;
mod doorkeeper;
mod response;

pub(super) use challenge::Challenge;
pub use challenge::Login;
pub(super) use doorkeeper::{Check, Doorkeeper};
pub(super) use response::{Algorithm, Asked, Params};
