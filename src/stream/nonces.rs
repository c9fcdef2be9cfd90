//! Nonces that were used, until their signatures are too old anyway.

use std::collections::HashMap;

use super::signature::Fresh;
use crate::base::UnixMillis;

/// Only who holds the key gets here, so what fills this is their own load.
#[derive(Default)]
pub struct Nonces {
    until: HashMap<String, UnixMillis>,
}

/// 300 calls a second for the 13 s in which a signature is good; a nonce has at most 256 characters: 1 MB.
const MAX_NONCES: usize = 4096;

impl Nonces {
    /// Whether this is the first use; a full memory takes nothing for fresh.
    pub fn first_use(&mut self, fresh: Fresh, now: UnixMillis) -> bool {
        if self.until.len() >= MAX_NONCES {
            self.until.retain(|_, until| *until >= now);
        }
        if self.until.contains_key(&fresh.nonce) || self.until.len() >= MAX_NONCES {
            return false;
        }
        self.until.insert(fresh.nonce, fresh.until);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(nonce: usize) -> Fresh {
        Fresh { nonce: nonce.to_string(), until: UnixMillis(13_000) }
    }

    #[test]
    fn a_nonce_serves_once() {
        let mut nonces = Nonces::default();
        assert!(nonces.first_use(fresh(1), UnixMillis(0)));
        assert!(!nonces.first_use(fresh(1), UnixMillis(12_999)));
        assert!(nonces.first_use(fresh(2), UnixMillis(0)));
    }

    #[test]
    fn they_are_bounded_and_old_ones_make_room() {
        let mut nonces = Nonces::default();
        assert!((0..MAX_NONCES).all(|nonce| nonces.first_use(fresh(nonce), UnixMillis(0))));
        assert!(!nonces.first_use(fresh(MAX_NONCES), UnixMillis(13_000)));
        assert!(nonces.first_use(fresh(MAX_NONCES), UnixMillis(13_001)));
    }
}
