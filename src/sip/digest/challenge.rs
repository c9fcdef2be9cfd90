//! A challenge that was put to us (401, 407), and our answer.

use super::{Algorithm, Asked, Params};
use crate::base::Pii;

/// A name and what proves it: ours to a registrar, or a caller's to us.
#[derive(Clone, Debug)]
pub struct Login {
    pub user: Pii<String>,
    pub password: Pii<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    algorithm: Algorithm,
    realm: String,
    nonce: String,
    opaque: Option<String>,
    counted: bool,
    /// Our answer was right, and too old: worth another try.
    pub(crate) stale: bool,
}

impl Challenge {
    /// The first of several that we can answer (RFC 8760 §2.4: they come in the order of the server's preference).
    pub(crate) fn choose<'a>(mut headers: impl Iterator<Item = &'a str>) -> Option<Challenge> {
        headers.find_map(Self::parse)
    }

    fn parse(header: &str) -> Option<Challenge> {
        let params = Params::parse(header)?;
        let offered = params.named("qop");
        let counted = offered.is_some_and(|all| all.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")));
        // `auth-int` alone would hash the body too.
        if offered.is_some() && !counted {
            return None;
        }
        Some(Challenge {
            algorithm: Algorithm::named(params.named("algorithm"))?,
            realm: params.named("realm")?.to_owned(),
            nonce: params.named("nonce")?.to_owned(),
            opaque: params.named("opaque").map(str::to_owned),
            counted,
            stale: params.named("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }

    /// The value of Authorization or Proxy-Authorization, for the first request with this nonce.
    pub(crate) fn answer(&self, login: &Login, method: &str, uri: &str, client_nonce: &str) -> String {
        const FIRST: &str = "00000001";
        let asked = Asked {
            algorithm: self.algorithm,
            realm: &self.realm,
            nonce: &self.nonce,
            method,
            uri,
            counted: self.counted.then_some((FIRST, client_nonce)),
        };
        let (user, password) = (login.user.expose(), login.password.expose());
        let response = asked.response(user, password);
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let mut header = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\", algorithm={}",
            quoted(user),
            quoted(&self.realm),
            quoted(&self.nonce),
            quoted(uri),
            self.algorithm.name()
        );
        if self.counted {
            header += &format!(", qop=auth, nc={FIRST}, cnonce={}", quoted(client_nonce));
        }
        if let Some(opaque) = &self.opaque {
            header += &format!(", opaque={}", quoted(opaque));
        }
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_challenge_that_we_know_is_answered() {
        let headers = [
            "Basic realm=\"a\"",
            "Digest realm=\"a\", nonce=\"1\", algorithm=SHA3-512, qop=\"auth\"",
            "Digest realm=\"a\", nonce=\"2\", algorithm=SHA-256, qop=\"auth-int\"",
            "Digest realm=\"a\", nonce=\"3\", algorithm=SHA-256, qop=\"auth,auth-int\", opaque=\"x\", stale=TRUE",
            "Digest realm=\"a\", nonce=\"4\"",
        ];
        let chosen = Challenge::choose(headers.into_iter()).unwrap();
        assert_eq!((chosen.nonce.as_str(), chosen.algorithm, chosen.stale), ("3", Algorithm::Sha256, true));
        let login = Login { user: "7\"0".to_owned().into(), password: "p".to_owned().into() };
        let answer = Params::parse(&chosen.answer(&login, "REGISTER", "sip:pbx.example", "c")).unwrap();
        for (name, value) in [
            ("username", "7\"0"),
            ("realm", "a"),
            ("nonce", "3"),
            ("uri", "sip:pbx.example"),
            ("algorithm", "SHA-256"),
            ("qop", "auth"),
            ("nc", "00000001"),
            ("cnonce", "c"),
            ("opaque", "x"),
        ] {
            assert_eq!(answer.named(name), Some(value));
        }
        assert_eq!(Challenge::choose(headers.into_iter().take(3)), None);
        let old = Challenge::choose(headers.into_iter().skip(4)).unwrap();
        let answer = Params::parse(&old.answer(&login, "REGISTER", "sip:pbx.example", "c")).unwrap();
        assert_eq!((answer.named("qop"), answer.named("cnonce"), answer.named("opaque")), (None, None, None));
    }
}
