//! What the stage is told.

use std::net::SocketAddr;

pub use super::token::Token;

use super::admission::Limits;
use super::signature::Key;

#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where WebSockets and announcements are taken. Port 0 takes a free one.
    pub listen: Option<SocketAddr>,
    /// Where AudioSocket is taken. Needs `listen` too, since its calls are announced there.
    pub audiosocket_listen: Option<SocketAddr>,
    /// The secret that every connection must present. `None`: only on loopback.
    pub token: Option<Token>,
    /// With a key, AudioHook must be signed, and needs no token.
    pub audiohook: Option<Key>,
    /// Country code without `+`, for callers' numbers in national form.
    pub country_code: Option<String>,
    pub limits: Limits,
}
