//! The signature of an AudioHook request: HTTP Message Signatures (RFC 9421, in the form of its draft 11 that Genesys
//! implements), hmac-sha256 with a key that both sides were configured with.
//!
//! A signature says that the headers are the key holder's; freshness comes from `created` and a nonce that serves once.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::structured::{Item, Signature, parse_input, parse_signature};
use crate::base::{Pii, UnixMillis};

/// Key id and secret as they stand in the integration's credentials.
#[derive(Clone, Debug)]
pub struct Key {
    id: String,
    secret: Pii<Vec<u8>>,
}

/// The parts of a request that a signature may cover.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Path and query, as on the request line.
    pub target: &'a str,
    /// In their order; names in small letters.
    pub headers: Vec<(&'a str, &'a str)>,
}

/// A good signature: its nonce, and until when it must not be seen again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fresh {
    pub nonce: String,
    pub until: UnixMillis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("the request is not signed")]
    Unsigned,
    #[error("Signature-Input or Signature is not well-formed")]
    Malformed,
    #[error("the signature does not cover {0}")]
    NotCovered(&'static str),
    #[error("the signature covers something that the request does not have")]
    Absent,
    #[error("the signature has no usable `created`, or no nonce of {MIN_NONCE_CHARS} characters")]
    NoFreshness,
    #[error("the signature is too old, or from the future")]
    Stale,
    #[error("the signature's algorithm is not hmac-sha256")]
    Algorithm,
    #[error("the signature is not good")]
    Bad,
    #[error("the signature was seen before")]
    Replayed,
}

/// What a signature must cover ("Authentication" of the AudioHook protocol reference): without one of these the rest could
/// be put into another request.
const REQUIRED: [&str; 6] = [
    "@request-target",
    "@authority",
    "audiohook-organization-id",
    "audiohook-session-id",
    "audiohook-correlation-id",
    "x-api-key",
];
/// Genesys' own server takes ten seconds for the request to arrive, and three for the difference of two clocks.
const MAX_AGE_MS: i64 = 10_000;
const MAX_SKEW_MS: i64 = 3_000;
/// 128 random bits in base64 without padding; a nonce that can be guessed would be none.
const MIN_NONCE_CHARS: usize = 22;
/// Nonces are remembered.
const MAX_NONCE_CHARS: usize = 256;

impl Key {
    /// `secret` in base64, as Genesys Cloud asks for it.
    pub fn new(id: &str, secret: &str) -> Option<Key> {
        let secret = STANDARD.decode(secret.trim()).ok().filter(|secret| !secret.is_empty())?;
        (!id.is_empty()).then(|| Key { id: id.to_owned(), secret: Pii::new(secret) })
    }
}

impl Request<'_> {
    /// Several fields of one name are one list (RFC 9421 §2.1).
    pub fn header(&self, name: &str) -> Option<String> {
        let mut values = self.headers.iter().filter(|(n, _)| *n == name).map(|(_, value)| value.trim()).peekable();
        values.peek()?;
        Some(values.collect::<Vec<_>>().join(", "))
    }

    fn component(&self, name: &str) -> Option<String> {
        match name {
            "@request-target" => Some(self.target.to_owned()),
            "@path" => Some(self.target.split('?').next().unwrap_or_default().to_owned()),
            "@method" => Some("GET".to_owned()),
            "@authority" => self.header("host").map(|host| host.to_ascii_lowercase()),
            name if name.starts_with('@') => None,
            name => self.header(name),
        }
    }
}

/// Whether `request` was signed by the holder of `key`, just now. Whether its nonce was seen before is the caller's to check.
pub fn verify(request: &Request<'_>, key: &Key, now: UnixMillis) -> Result<Fresh, SignatureError> {
    let (input, signature) = match (request.header("signature-input"), request.header("signature")) {
        (Some(input), Some(signature)) => (input, signature),
        _ => return Err(SignatureError::Unsigned),
    };
    let signed = parse_input(&input).ok_or(SignatureError::Malformed)?;
    let bytes = parse_signature(&signature, &signed.label).ok_or(SignatureError::Malformed)?;
    if let Some(missing) = REQUIRED.iter().find(|required| !signed.components.iter().any(|c| c == *required)) {
        return Err(SignatureError::NotCovered(missing));
    }
    let base = base(request, &signed).ok_or(SignatureError::Absent)?;
    let fresh = freshness(&signed, now)?;
    if signed.text("alg").is_some_and(|algorithm| algorithm != "hmac-sha256") {
        return Err(SignatureError::Algorithm);
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(key.secret.expose()).map_err(|_| SignatureError::Bad)?;
    mac.update(base.as_bytes());
    mac.verify_slice(&bytes).map_err(|_| SignatureError::Bad)?;
    // After the signature, so that a stranger does not learn which key ids there are.
    let api_key = request.header("x-api-key");
    if signed.text("keyid") != Some(&key.id) || api_key.as_ref() != Some(&key.id) {
        return Err(SignatureError::Bad);
    }
    Ok(fresh)
}

/// RFC 9421 §2.5: a line for each component, and one for the parameters.
fn base(request: &Request<'_>, signed: &Signature) -> Option<String> {
    let mut base = String::new();
    for name in &signed.components {
        base.push_str(&format!("\"{name}\": {}\n", request.component(name)?));
    }
    base.push_str(&format!("\"@signature-params\": {signed}"));
    Some(base)
}

fn freshness(signed: &Signature, now: UnixMillis) -> Result<Fresh, SignatureError> {
    let nonce = signed.text("nonce").filter(|nonce| (MIN_NONCE_CHARS..=MAX_NONCE_CHARS).contains(&nonce.len()));
    let created = signed.seconds("created");
    let (Some(nonce), Some(created_ms)) = (nonce, created) else { return Err(SignatureError::NoFreshness) };
    let until_ms = created_ms.saturating_add(MAX_AGE_MS + MAX_SKEW_MS);
    let expired = signed.seconds("expires").is_some_and(|expires| expires.saturating_add(MAX_SKEW_MS) < now.0);
    if created_ms.saturating_sub(MAX_SKEW_MS) > now.0 || until_ms < now.0 || expired {
        return Err(SignatureError::Stale);
    }
    Ok(Fresh { nonce: nonce.to_owned(), until: UnixMillis(until_ms) })
}

impl Signature {
    fn text(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find_map(|(n, item)| match item {
            Item::Text(text) if n == name => Some(text.as_str()),
            _ => None,
        })
    }

    /// A time in seconds since 1970, as milliseconds.
    fn seconds(&self, name: &str) -> Option<i64> {
        self.parameters.iter().find_map(|(n, item)| match item {
            Item::Integer(seconds) if n == name => seconds.checked_mul(1000),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
