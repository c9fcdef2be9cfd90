//! Keys of the telephone.

use std::fmt;

/// A key of the telephone. What callers key in may be a secret of theirs, so printing it prints nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digit(char);

impl Digit {
    /// `0` to `9`, `*`, `#`, `A` to `D`.
    pub fn new(key: char) -> Option<Digit> {
        let key = key.to_ascii_uppercase();
        matches!(key, '0'..='9' | '*' | '#' | 'A'..='D').then_some(Digit(key))
    }

    pub fn key(self) -> char {
        self.0
    }
}

impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
