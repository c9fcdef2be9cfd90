//! The secret of the listener, as peers can present it: whoever connects puts a card on an agent's screen.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::base::Pii;

/// Kept as its digest: digests take the same time to compare, whatever they are.
#[derive(Clone, Debug)]
pub struct Token(Pii<[u8; 32]>);

/// What of a request can carry a token.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Presented<'a> {
    pub(super) authorization: Option<&'a str>,
    /// `?token=`, or the part of the path after the dialect: some peers can set nothing else.
    pub(super) in_address: Option<&'a str>,
    /// A proxy or a web page speaks for somebody who is not on this machine.
    pub(super) foreign: bool,
}

impl Token {
    /// `None` for an empty one.
    pub fn new(secret: &str) -> Option<Token> {
        (!secret.is_empty()).then(|| Token(Pii::new(Sha256::digest(secret.as_bytes()).into())))
    }

    fn is(&self, secret: &str) -> bool {
        let digest: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
        self.0.expose().iter().zip(digest).fold(0, |differs, (ours, theirs)| differs | (ours ^ theirs)) == 0
    }
}

/// Whether a request may come in. Without a token only loopback listens, and only for peers of this machine.
pub(super) fn admits(token: Option<&Token>, presented: Presented<'_>) -> bool {
    match token {
        None => !presented.foreign,
        Some(token) => {
            presented.in_address.is_some_and(|secret| token.is(secret))
                || presented.authorization.is_some_and(|value| authorized(token, value))
        }
    }
}

/// Bearer (RFC 6750), or the password of Basic (RFC 7617) with any user name: Asterisk and FreeSWITCH know only the latter.
fn authorized(token: &Token, authorization: &str) -> bool {
    let Some((scheme, credentials)) = authorization.trim().split_once(' ') else { return false };
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return token.is(credentials);
    }
    let decoded = STANDARD.decode(credentials).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    scheme.eq_ignore_ascii_case("basic")
        && decoded.as_deref().and_then(|pair| pair.split_once(':')).is_some_and(|(_, password)| token.is(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(authorization: Option<&str>, in_address: Option<&str>) -> bool {
        admits(Token::new("s3cret").as_ref(), Presented { authorization, in_address, foreign: true })
    }

    #[test]
    fn the_token_comes_as_bearer_as_password_or_in_the_address() {
        assert!(admitted(Some("Bearer s3cret"), None));
        assert!(admitted(Some("bearer  s3cret "), None));
        assert!(admitted(Some("Basic YXN0ZXJpc2s6czNjcmV0"), None), "asterisk:s3cret");
        assert!(admitted(None, Some("s3cret")));
    }

    #[test]
    fn anything_else_stays_outside() {
        for authorization in ["", "Bearer", "Bearer x", "Basic s3cret", "Basic czNjcmV0", "Digest s3cret", "s3cret"] {
            assert!(!admitted(Some(authorization), None), "{authorization}");
        }
        assert!(!admitted(None, None) && !admitted(None, Some("")) && !admitted(None, Some("s3cre")));
        assert!(Token::new("").is_none());
    }

    #[test]
    fn without_a_token_only_this_machine_comes_in() {
        assert!(admits(None, Presented::default()));
        assert!(!admits(None, Presented { foreign: true, ..Presented::default() }));
    }
}
