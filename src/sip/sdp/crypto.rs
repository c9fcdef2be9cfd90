//! Keys for SRTP in a session description: `a=crypto` (RFC 4568, SDES).

use std::fmt;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::rtp::srtp::KEY_BYTES;
use crate::rtp::{Keys, MasterKey, Suite};

/// One `a=crypto` line that we can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crypto {
    /// Chooses the line in the answer (§4.1).
    pub tag: u32,
    pub theirs: MasterKey,
}

/// What the keys of one session are made from. Drawn at random by the shell, so that a description can be repeated word
/// for word in answer to a re-INVITE that changes nothing. Never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Our key for the m-line of this index: another one for each line and suite (RFC 3711 §9.1: no key serves two).
    fn key(&self, line: usize, suite: Suite) -> Option<MasterKey> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(suite.name().as_bytes());
        mac.update(&(line as u64).to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let mut bytes = [0; KEY_BYTES];
        bytes.copy_from_slice(digest.get(..KEY_BYTES)?);
        Some(MasterKey::new(suite, bytes, 0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Crypto {
    /// `1 AES_CM_128_HMAC_SHA1_80 inline:<key and salt>|2^20|1:4 WSH=128`. `None`: a suite, a key or a parameter that we
    /// cannot serve; the next line may do (§5.1.2).
    pub(super) fn parse(value: &str) -> Option<Crypto> {
        let mut words = value.split_whitespace();
        let tag = words.next()?.parse().ok()?;
        let name = words.next()?;
        let suite = Suite::ALL.into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))?;
        // Several keys are separated by `;`: the first is the one in use until an MKI says otherwise.
        let (method, key) = words.next()?.split(';').next()?.split_once(':')?;
        if !method.eq_ignore_ascii_case("inline") || !words.all(is_harmless) {
            return None;
        }
        let mut parts = key.split('|');
        let decoded = LENIENT.decode(parts.next()?).ok()?;
        // What has a colon is an MKI and its length in bytes; the rest is a lifetime, which a call never reaches.
        let mki_bytes = match parts.find_map(|part| part.split_once(':')) {
            Some((_, length)) => length.trim().parse().ok().filter(|length| *length <= MAX_MKI_BYTES)?,
            None => 0,
        };
        Some(Crypto { tag, theirs: MasterKey::new(suite, decoded.try_into().ok()?, mki_bytes) })
    }

    /// The two keys of a line, and our own line in answer to this one.
    pub(super) fn answer(&self, secret: &Secret, line: usize) -> Option<(Keys, String)> {
        let ours = secret.key(line, self.theirs.suite())?;
        let text =
            format!("a=crypto:{} {} inline:{}\r\n", self.tag, ours.suite().name(), STANDARD.encode(ours.expose()));
        Some((Keys { theirs: self.theirs.clone(), ours }, text))
    }
}

/// §6.1: at most 128.
const MAX_MKI_BYTES: u8 = 128;

/// Some peers leave the padding away, though 40 characters need none.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// §6.3: a parameter that we do not know refuses the line, unless it begins with `-`. The replay window is our affair, and a
/// key derivation rate of 0 is what everybody does.
fn is_harmless(parameter: &str) -> bool {
    parameter.starts_with('-')
        || parameter.len() >= 4 && parameter.is_char_boundary(4) && parameter[..4].eq_ignore_ascii_case("WSH=")
        || parameter.eq_ignore_ascii_case("KDR=0")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 4568 §4.2.
    const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";

    #[test]
    fn the_line_of_the_rfc_is_read_and_its_key_is_not_printed() {
        let line = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^20|1:4 FEC_ORDER=FEC_SRTP");
        assert_eq!(Crypto::parse(&line), None, "FEC is more than we know");
        let crypto = Crypto::parse(&line.replace(" FEC_ORDER=FEC_SRTP", "")).unwrap();
        assert_eq!((crypto.tag, crypto.theirs.suite()), (1, Suite::AesCm128HmacSha1_80));
        assert_eq!(&crypto.theirs.expose()[..11], b"YS___semctl");
        let printed = format!("{crypto:?}");
        assert!(printed.contains("redacted") && !printed.contains("89, 83"), "{printed}");
        assert_ne!(Crypto::parse(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}")), Some(crypto), "the MKI counts");
    }

    #[test]
    fn what_cannot_be_served_is_skipped() {
        for (line, taken) in [
            ("3 AES_CM_128_HMAC_SHA1_32 inline:KEY|2^31", true),
            ("3 aes_cm_128_hmac_sha1_32 INLINE:KEY WSH=128 -WHATEVER KDR=0", true),
            ("3 AES_CM_128_HMAC_SHA1_80 inline:KEY|1048576", true),
            ("3 AES_CM_128_HMAC_SHA1_80 inline:KEY|1:4", true),
            ("3 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|1:300", false),
            ("3 AES_256_CM_HMAC_SHA1_80 inline:KEY", false),
            ("3 AES_CM_128_HMAC_SHA1_80 inline:KEYKEY", false),
            ("3 AES_CM_128_HMAC_SHA1_80 inline:!!!", false),
            ("3 AES_CM_128_HMAC_SHA1_80 inline:KEY UNENCRYPTED_SRTP", false),
            ("3 AES_CM_128_HMAC_SHA1_80 inline:KEY KDR=4", false),
            ("3 AES_CM_128_HMAC_SHA1_80", false),
            ("x AES_CM_128_HMAC_SHA1_80 inline:KEY", false),
            ("", false),
        ] {
            assert_eq!(Crypto::parse(&line.replace("KEY", KEY)).is_some(), taken, "{line}");
        }
    }

    #[test]
    fn our_keys_differ_by_line_suite_and_session_and_stay_the_same_within() {
        let [one, other] = [[1; 32], [2; 32]].map(Secret::new);
        let key = |secret: &Secret, line, suite| *secret.key(line, suite).unwrap().expose();
        let ours = key(&one, 0, Suite::AesCm128HmacSha1_80);
        assert_eq!(ours, key(&one, 0, Suite::AesCm128HmacSha1_80));
        assert_ne!(ours, key(&one, 1, Suite::AesCm128HmacSha1_80));
        assert_ne!(ours, key(&one, 0, Suite::AesCm128HmacSha1_32));
        assert_ne!(ours, key(&other, 0, Suite::AesCm128HmacSha1_80));
        assert_eq!(format!("{one:?}"), "[redacted]");
    }
}
