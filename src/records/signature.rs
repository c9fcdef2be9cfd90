//! Signatures of webhooks, in and out, as the Standard Webhooks specification 1.0 has them (standardwebhooks.com): HMAC-SHA256
//! over id, time and body, with secrets that both sides were configured with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::base::{Pii, UnixMillis};

/// `whsec_` and 24 to 64 bytes in base64.
#[derive(Clone, Debug)]
pub struct Secret(Pii<Vec<u8>>);

/// What of a request is signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `webhook-id`: the same at each try.
    pub id: &'a str,
    /// `webhook-timestamp`: seconds since 1970, of this try.
    pub timestamp: &'a str,
    pub body: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("the request needs webhook-id, webhook-timestamp and webhook-signature")]
    Unsigned,
    #[error("the signature is not good")]
    Bad,
    #[error("webhook-timestamp is more than five minutes from our clock")]
    Stale,
}

/// What the specification recommends: who has caught a request can send it again for no longer than this.
const TOLERANCE_MS: i64 = 5 * 60 * 1000;
/// The specification: 24 to 64 bytes; fewer can be guessed.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
const PREFIX: &str = "whsec_";
/// The symmetric scheme.
const VERSION: &str = "v1,";
/// Ids are remembered; those of the large senders have 30 characters.
const MAX_ID_CHARS: usize = 256;

impl Secret {
    pub fn parse(text: &str) -> Option<Secret> {
        let bytes = STANDARD.decode(text.trim().strip_prefix(PREFIX)?).ok()?;
        SECRET_BYTES.contains(&bytes.len()).then(|| Secret(Pii::new(bytes)))
    }

    fn mac(&self, signed: &Signed<'_>) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose()).ok()?;
        for part in [signed.id.as_bytes(), b".", signed.timestamp.as_bytes(), b".", signed.body] {
            mac.update(part);
        }
        Some(mac)
    }
}

/// The value of `webhook-signature`: one signature for each secret, so that a receiver may change over in its own time.
pub fn sign(secrets: &[Secret], signed: &Signed<'_>) -> String {
    let macs = secrets.iter().filter_map(|secret| secret.mac(signed));
    let signatures = macs.map(|mac| format!("{VERSION}{}", STANDARD.encode(mac.finalize().into_bytes())));
    signatures.collect::<Vec<_>>().join(" ")
}

/// Whether the holder of one of `secrets` has signed this just now. `signatures`: the value of `webhook-signature`.
pub fn verify(
    secrets: &[Secret],
    signed: &Signed<'_>,
    signatures: &str,
    now: UnixMillis,
) -> Result<(), SignatureError> {
    let printable = signed.id.bytes().all(|byte| byte.is_ascii_graphic());
    if !printable || !(1..=MAX_ID_CHARS).contains(&signed.id.len()) {
        return Err(SignatureError::Unsigned);
    }
    let at_s: i64 = signed.timestamp.parse().map_err(|_| SignatureError::Unsigned)?;
    let given = signatures.split(' ').filter_map(|signature| STANDARD.decode(signature.strip_prefix(VERSION)?).ok());
    let given: Vec<Vec<u8>> = given.take(MAX_SIGNATURES).collect();
    // `verify_slice` takes the same time wherever the difference is.
    let good = secrets
        .iter()
        .any(|secret| given.iter().any(|given| secret.mac(signed).is_some_and(|mac| mac.verify_slice(given).is_ok())));
    // First the signature: who has no secret learns nothing of our clock.
    if !good {
        return Err(SignatureError::Bad);
    }
    let apart_ms = at_s.saturating_mul(1000).saturating_sub(now.0).saturating_abs();
    if apart_ms > TOLERANCE_MS { Err(SignatureError::Stale) } else { Ok(()) }
}

/// A sender that changes its secret sends two; each costs a hash of the body.
const MAX_SIGNATURES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the specification's reference libraries: its secret, its message and the signature they state for it.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    const SIGNED: Signed<'_> =
        Signed { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: "1614265330", body: br#"{"test": 2432232314}"# };
    const AT: UnixMillis = UnixMillis(1_614_265_330_000);

    fn secrets(texts: &[&str]) -> Vec<Secret> {
        texts.iter().map(|text| Secret::parse(text).unwrap()).collect()
    }

    fn other() -> String {
        format!("whsec_{}", STANDARD.encode([7; 32]))
    }

    #[test]
    fn the_published_example_is_signed_and_verified() {
        let keys = secrets(&[SECRET]);
        assert_eq!(sign(&keys, &SIGNED), SIGNATURE);
        assert_eq!(verify(&keys, &SIGNED, SIGNATURE, AT), Ok(()));
    }

    #[test]
    fn while_a_secret_changes_either_is_good() {
        let both = secrets(&[&other(), SECRET]);
        assert_eq!(verify(&both, &SIGNED, SIGNATURE, AT), Ok(()));
        let two = format!("v1,AAAA {SIGNATURE} v1a,BBBB");
        assert_eq!(verify(&secrets(&[SECRET]), &SIGNED, &two, AT), Ok(()));
        let sent = sign(&both, &SIGNED);
        assert_eq!(verify(&secrets(&[SECRET]), &SIGNED, &sent, AT), Ok(()), "a receiver that knows one of them");
    }

    #[test]
    fn what_was_changed_or_signed_by_another_is_refused() {
        let keys = secrets(&[SECRET]);
        for changed in [
            Signed { id: "msg_other", ..SIGNED },
            Signed { timestamp: "1614265331", ..SIGNED },
            Signed { body: br#"{"test": 2432232315}"#, ..SIGNED },
        ] {
            assert_eq!(verify(&keys, &changed, SIGNATURE, AT), Err(SignatureError::Bad));
        }
        assert_eq!(verify(&secrets(&[&other()]), &SIGNED, SIGNATURE, AT), Err(SignatureError::Bad));
        for signature in ["", "v1,", "v1,!!", &SIGNATURE[3..], &SIGNATURE.replace("v1,", "v1a,")] {
            assert_eq!(verify(&keys, &SIGNED, signature, AT), Err(SignatureError::Bad), "{signature}");
        }
        for signed in
            [Signed { id: "", ..SIGNED }, Signed { id: "a b", ..SIGNED }, Signed { timestamp: "now", ..SIGNED }]
        {
            assert_eq!(verify(&keys, &signed, SIGNATURE, AT), Err(SignatureError::Unsigned));
        }
    }

    #[test]
    fn five_minutes_are_the_most_either_way() {
        let keys = secrets(&[SECRET]);
        for (apart_ms, expected) in [
            (300_000, Ok(())),
            (300_001, Err(SignatureError::Stale)),
            (-300_000, Ok(())),
            (-300_001, Err(SignatureError::Stale)),
        ] {
            assert_eq!(verify(&keys, &SIGNED, SIGNATURE, UnixMillis(AT.0 + apart_ms)), expected, "{apart_ms}");
        }
    }

    #[test]
    fn a_secret_is_long_enough_and_shows_nothing() {
        assert!(Secret::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_none(), "without its prefix");
        assert!(Secret::parse("whsec_c2hvcnQ=").is_none() && Secret::parse("whsec_?").is_none());
        assert!(!format!("{:?}", Secret::parse(SECRET)).contains("49"));
    }
}
