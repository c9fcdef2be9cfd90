//! The sum that proves a password without sending it (RFC 7616 §3.4.1), and the parameters it travels in.

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};

/// By name in `algorithm=`; one without a name is MD5 (RFC 7616 §3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Sha256,
    Sha512_256,
    Md5,
}

impl Algorithm {
    /// The one that we would rather have first (RFC 8760 §2.3). SHA-256 is the one that others know.
    pub(crate) const BY_PREFERENCE: [Algorithm; 3] = [Algorithm::Sha256, Algorithm::Sha512_256, Algorithm::Md5];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Sha512_256 => "SHA-512-256",
            Algorithm::Md5 => "MD5",
        }
    }

    /// `None` for one that we do not know, the `-sess` variants among them.
    pub(crate) fn named(name: Option<&str>) -> Option<Algorithm> {
        let Some(name) = name else { return Some(Algorithm::Md5) };
        Self::BY_PREFERENCE.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// Lower-case hexadecimal.
    fn hash(self, text: &str) -> String {
        match self {
            Algorithm::Sha256 => hex(&Sha256::digest(text)),
            Algorithm::Sha512_256 => hex(&Sha512_256::digest(text)),
            Algorithm::Md5 => hex(&Md5::digest(text)),
        }
    }
}

/// What was asked for, and of which request. `count` and `client_nonce` are of `qop=auth`.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) realm: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    /// `None`: without `qop`, as RFC 2069 had it.
    pub(crate) counted: Option<(&'a str, &'a str)>,
}

impl Asked<'_> {
    pub(crate) fn response(&self, user: &str, password: &str) -> String {
        let hash = |text: String| self.algorithm.hash(&text);
        let secret = hash(format!("{user}:{}:{password}", self.realm));
        let request = hash(format!("{}:{}", self.method, self.uri));
        match self.counted {
            Some((count, client_nonce)) => {
                hash(format!("{secret}:{}:{count}:{client_nonce}:auth:{request}", self.nonce))
            }
            None => hash(format!("{secret}:{}:{request}", self.nonce)),
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The parameters behind the word `Digest`, in WWW-Authenticate and Authorization alike.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// `None` when it is another scheme.
    pub(crate) fn parse(value: &str) -> Option<Params> {
        let (scheme, rest) = value.trim_start().split_once(char::is_whitespace)?;
        scheme.eq_ignore_ascii_case("Digest").then(|| Params(pairs(rest)))
    }

    pub(crate) fn named(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// `name=token, name="quoted \" text"`.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, value)) = rest.split_once('=') {
        let name = name.trim_matches(|c: char| c == ',' || c.is_whitespace()).to_owned();
        let value = value.trim_start();
        if let Some(quoted) = value.strip_prefix('"') {
            let mut out = String::new();
            let mut chars = quoted.char_indices();
            rest = "";
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => {
                        rest = &quoted[at + 1..];
                        break;
                    }
                    '\\' => out.extend(chars.next().map(|(_, literal)| literal)),
                    _ => out.push(c),
                }
            }
            found.push((name, out));
        } else {
            let (token, behind) = value.split_once(',').unwrap_or((value, ""));
            found.push((name, token.trim().to_owned()));
            rest = behind;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 §3.9.1.
    #[test]
    fn the_examples_of_the_rfc_come_out() {
        let asked = |algorithm| Asked {
            algorithm,
            realm: "http-auth@example.org",
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            method: "GET",
            uri: "/dir/index.html",
            counted: Some(("00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")),
        };
        let response = |algorithm| asked(algorithm).response("Mufasa", "Circle of Life");
        assert_eq!(response(Algorithm::Md5), "8ca523f5e9506fed4657c9700eebdbec");
        assert_eq!(response(Algorithm::Sha256), "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    }

    /// RFC 7616 §3.9.2 with its erratum 4897: the text's own value was made with another hash.
    #[test]
    fn the_corrected_example_of_sha_512_256_comes_out() {
        let asked = Asked {
            algorithm: Algorithm::Sha512_256,
            realm: "api@example.org",
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            method: "GET",
            uri: "/doe.json",
            counted: Some(("00000001", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v")),
        };
        let expected = "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5";
        assert_eq!(asked.response("J\u{e4}s\u{f8}n Doe", "Secret, or not?"), expected);
    }

    /// RFC 2617 §3.5 without its qop: the same HA1 and HA2 are in RFC 2069's form.
    #[test]
    fn a_challenge_without_qop_is_answered_in_the_old_form() {
        let asked = Asked {
            algorithm: Algorithm::Md5,
            realm: "testrealm@host.com",
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            method: "GET",
            uri: "/dir/index.html",
            counted: None,
        };
        let expected = Algorithm::Md5.hash(
            "939e7578ed9e3c518a452acee763bce9:dcd98b7102dd2f0e8b11d0f600bfb0c093:39aff3a2bab6126f332b942af96d3366",
        );
        assert_eq!(asked.response("Mufasa", "Circle Of Life"), expected);
    }

    #[test]
    fn parameters_are_read_with_quotes_and_without() {
        let params =
            Params::parse("Digest realm=\"a, \\\"b\\\" = c\", qop=\"auth,auth-int\",Algorithm=MD5 , nc=1").unwrap();
        assert_eq!(params.named("realm"), Some("a, \"b\" = c"));
        assert_eq!(params.named("qop"), Some("auth,auth-int"));
        assert_eq!(params.named("algorithm"), Some("MD5"));
        assert_eq!(params.named("nc"), Some("1"));
        assert_eq!(Params::parse("Basic QWxhZGRpbg=="), None);
        assert_eq!(Params::parse("Digest realm=\"open").unwrap().named("realm"), Some("open"));
    }
}
