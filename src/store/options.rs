//! What the store must be told before it opens.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

#[derive(Clone, Debug)]
pub struct Options {
    /// `sqlite:FILE`, `sqlite::memory:` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`.
    pub url: String,
    pub key: KeySource,
}

/// Where the 32-byte key comes from that voiceprints are sealed with. Never from the database.
#[derive(Clone)]
pub enum KeySource {
    /// The file next to an SQLite database: `regulars.db` has `regulars.key`. Made at first start.
    Beside,
    /// This file; made at first start.
    File(PathBuf),
    /// 64 hexadecimal digits, such as from the environment.
    Value(Zeroizing<String>),
}

impl Default for Options {
    fn default() -> Self {
        Self { url: "sqlite:regulars.db".to_owned(), key: KeySource::Beside }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeySource::Beside => f.write_str("Beside"),
            KeySource::File(path) => f.debug_tuple("File").field(path).finish(),
            KeySource::Value(_) => f.write_str("Value([redacted])"),
        }
    }
}
