//! Voiceprints and fingerprints of calls at rest: XChaCha20-Poly1305 under a key that the database does not hold.
//!
//! The customer and the model are authenticated with the values, so a print moved to another row does not open.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::customer::CustomerId;
use crate::speech::Fingerprint;
use crate::voice::{Embedding, ModelId};

/// Length of the key in bytes (XChaCha20, draft-irtf-cfrg-xchacha §2).
pub(super) const KEY_BYTES: usize = 32;
/// Length of the nonce in bytes (same source): long enough to be drawn at random without ever meeting again.
pub(super) const NONCE_BYTES: usize = 24;

/// Seals and opens. Its key is overwritten when dropped.
pub(super) struct Seal {
    key: Zeroizing<[u8; KEY_BYTES]>,
}

/// The print was not sealed with this key for this customer and model, or its bytes were changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

impl Seal {
    pub fn new(key: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self { key }
    }

    /// Tells one key from another and says nothing about either: kept in the database to notice a wrong key.
    pub fn key_id(&self) -> String {
        let digest =
            Sha256::new().chain_update(b"regulars: id of a voiceprint key\0").chain_update(*self.key).finalize();
        hex(&digest[..8])
    }

    /// `nonce` must be random and never used before with this key.
    pub fn seal(
        &self,
        nonce: &[u8; NONCE_BYTES],
        customer: &CustomerId,
        model: &ModelId,
        embedding: &Embedding,
    ) -> Result<Vec<u8>, Broken> {
        let mut plain = Zeroizing::new(Vec::with_capacity(embedding.values().len() * 4));
        for value in embedding.values() {
            plain.extend_from_slice(&value.to_le_bytes());
        }
        self.encrypt(nonce, &plain, &associated_data(customer, model))
    }

    pub fn open(
        &self,
        nonce: &[u8],
        customer: &CustomerId,
        model: &ModelId,
        sealed: &[u8],
    ) -> Result<Embedding, Broken> {
        let plain = self.decrypt(nonce, sealed, &associated_data(customer, model))?;
        let (values, rest) = plain.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(Broken);
        }
        Embedding::from_values(values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()).ok_or(Broken)
    }

    /// `id` is that of its row: a fingerprint moved to another row does not open.
    pub fn seal_fingerprint(
        &self,
        nonce: &[u8; NONCE_BYTES],
        id: &str,
        customer: Option<&CustomerId>,
        fingerprint: &Fingerprint,
    ) -> Result<Vec<u8>, Broken> {
        self.encrypt(nonce, &fingerprint.to_bytes(), &of_fingerprint(id, customer))
    }

    pub fn open_fingerprint(
        &self,
        nonce: &[u8],
        id: &str,
        customer: Option<&CustomerId>,
        sealed: &[u8],
    ) -> Result<Fingerprint, Broken> {
        let plain = self.decrypt(nonce, sealed, &of_fingerprint(id, customer))?;
        Fingerprint::from_bytes(&plain).ok_or(Broken)
    }

    fn encrypt(&self, nonce: &[u8; NONCE_BYTES], plain: &[u8], aad: &[u8]) -> Result<Vec<u8>, Broken> {
        self.cipher().encrypt(&XNonce::from(*nonce), Payload { msg: plain, aad }).map_err(|_| Broken)
    }

    fn decrypt(&self, nonce: &[u8], sealed: &[u8], aad: &[u8]) -> Result<Zeroizing<Vec<u8>>, Broken> {
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| Broken)?;
        let plain = self.cipher().decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad });
        plain.map(Zeroizing::new).map_err(|_| Broken)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.key).into())
    }
}

/// The length before the customer keeps ("ab", "c") and ("a", "bc") apart.
fn associated_data(customer: &CustomerId, model: &ModelId) -> Vec<u8> {
    let customer = customer.as_str().as_bytes();
    let mut data = b"regulars voiceprint 1\0".to_vec();
    data.extend_from_slice(&(customer.len() as u32).to_le_bytes());
    data.extend_from_slice(customer);
    data.extend_from_slice(model.as_str().as_bytes());
    data
}

fn of_fingerprint(id: &str, customer: Option<&CustomerId>) -> Vec<u8> {
    let mut data = b"regulars fingerprint 1\0".to_vec();
    data.extend_from_slice(&(id.len() as u32).to_le_bytes());
    data.extend_from_slice(id.as_bytes());
    data.extend_from_slice(customer.map_or("", CustomerId::as_str).as_bytes());
    data
}

/// Lower-case hexadecimal, written in place: a key leaves no copies behind on the heap.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(byte: u8) -> Seal {
        Seal::new(Zeroizing::new([byte; KEY_BYTES]))
    }

    fn print() -> Embedding {
        Embedding::from_values((1..=256).map(|n| (n as f32).sin()).collect()).unwrap()
    }

    const NONCE: [u8; NONCE_BYTES] = [9; NONCE_BYTES];

    #[test]
    fn what_was_sealed_opens_to_the_same_values() {
        let (anna, model) = (CustomerId::new("anna"), ModelId::new("m1"));
        let sealed = seal(1).seal(&NONCE, &anna, &model, &print()).unwrap();
        let opened = seal(1).open(&NONCE, &anna, &model, &sealed).unwrap();
        assert!(opened.cosine(&print()).0 > 0.999_999);
        assert_eq!(sealed.len(), 256 * 4 + 16, "values and the tag of RFC 8439 §2.8, nothing else");
    }

    #[test]
    fn another_key_customer_model_or_nonce_opens_nothing() {
        let (anna, model) = (CustomerId::new("anna"), ModelId::new("m1"));
        let sealed = seal(1).seal(&NONCE, &anna, &model, &print()).unwrap();
        assert_eq!(seal(2).open(&NONCE, &anna, &model, &sealed), Err(Broken));
        assert_eq!(seal(1).open(&NONCE, &CustomerId::new("annam"), &ModelId::new("1"), &sealed), Err(Broken));
        assert_eq!(seal(1).open(&NONCE, &anna, &ModelId::new("m2"), &sealed), Err(Broken));
        assert_eq!(seal(1).open(&[8; NONCE_BYTES], &anna, &model, &sealed), Err(Broken));
        assert_eq!(seal(1).open(&NONCE[1..], &anna, &model, &sealed), Err(Broken));
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let (anna, model) = (CustomerId::new("anna"), ModelId::new("m1"));
        let sealed = seal(1).seal(&NONCE, &anna, &model, &print()).unwrap();
        for at in [0, 500, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(seal(1).open(&NONCE, &anna, &model, &changed), Err(Broken), "byte {at}");
        }
    }

    #[test]
    fn key_ids_tell_keys_apart_and_do_not_hold_them() {
        assert_ne!(seal(1).key_id(), seal(2).key_id());
        assert_eq!(seal(1).key_id().len(), 16);
        assert!(!seal(1).key_id().contains("0101"));
    }
}
