//! Asks callers for a password. Its nonces are signed with a key of this process, so a challenge costs no memory: only
//! nonces that were answered rightly are remembered, until they are too old to be answered again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::response::hex;
use super::{Algorithm, Asked, Login, Params};
use crate::base::Pii;

/// The state of the door. Knows no clock and no chance: it is told the time, and its key.
pub(crate) struct Doorkeeper {
    realm: String,
    users: HashMap<Pii<String>, Pii<String>>,
    key: [u8; 32],
    started: Instant,
    /// Challenges made: no two nonces are alike.
    made: u32,
    /// The highest count of each nonce that was answered rightly.
    used: HashMap<Nonce, Used>,
    /// Nonces up to this one are stale unless they are in `used`: the table was full.
    forgotten: Option<Nonce>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Right,
    /// No answer to a challenge of ours in the request.
    NotAsked,
    /// The password is right, the nonce too old or its count used: a new nonce will do.
    Stale,
    Wrong,
}

/// When it was made, in seconds since the start, and its number.
type Nonce = (u32, u32);

struct Used {
    count: u32,
    at: Instant,
}

/// How long a nonce may be answered: calls follow each other within minutes, and a stale one costs one message more.
const NONCE_LIFE: Duration = Duration::from_secs(300);
/// Nonces answered rightly and still alive, at 50 bytes each. With more, the oldest is forgotten, and so refused.
const MAX_USED: usize = 4096;
/// Of the HMAC, in bytes: 128 bits are not guessed in five minutes.
const SIGNATURE_BYTES: usize = 16;

impl Doorkeeper {
    /// `key`: random, of this process alone.
    pub(crate) fn new(realm: String, users: impl IntoIterator<Item = Login>, key: [u8; 32], now: Instant) -> Self {
        Self {
            realm,
            users: users.into_iter().map(|login| (login.user, login.password)).collect(),
            key,
            started: now,
            made: 0,
            used: HashMap::new(),
            forgotten: None,
        }
    }

    /// The values of WWW-Authenticate, the favourite algorithm first.
    pub(crate) fn challenges(&mut self, now: Instant, stale: bool) -> Vec<String> {
        self.made = self.made.wrapping_add(1);
        let nonce = self.sign((self.seconds(now), self.made));
        let stale = if stale { ", stale=true" } else { "" };
        let challenge = |algorithm: Algorithm| {
            let (realm, name) = (&self.realm, algorithm.name());
            format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={name}, qop=\"auth\"{stale}")
        };
        Algorithm::BY_PREFERENCE.into_iter().map(challenge).collect()
    }

    /// Judges the values of Authorization of one request.
    pub(crate) fn check<'a>(
        &mut self,
        now: Instant,
        method: &str,
        mut authorizations: impl Iterator<Item = &'a str>,
    ) -> Check {
        // RFC 3261 §22.1: there may be others, for others.
        let ours = |params: &Params| params.named("realm") == Some(self.realm.as_str());
        let Some(params) = authorizations.find_map(|value| Params::parse(value).filter(ours)) else {
            return Check::NotAsked;
        };
        let Some(nonce) = params.named("nonce").and_then(|nonce| self.read(nonce)) else { return Check::NotAsked };
        let Some(count) = self.right(method, &params) else { return Check::Wrong };
        let age = now.saturating_duration_since(self.started + Duration::from_secs(nonce.0.into()));
        let used = match self.used.get(&nonce) {
            Some(used) => count <= used.count,
            None => Some(nonce) <= self.forgotten,
        };
        if age > NONCE_LIFE || used {
            return Check::Stale;
        }
        self.remember(now, nonce, count);
        Check::Right
    }

    /// The count of a right answer.
    fn right(&self, method: &str, params: &Params) -> Option<u32> {
        // Without `qop` nothing would tell a replay from a call.
        params.named("qop").filter(|qop| qop.eq_ignore_ascii_case("auth"))?;
        let count = params.named("nc")?;
        let asked = Asked {
            algorithm: Algorithm::named(params.named("algorithm"))?,
            realm: &self.realm,
            nonce: params.named("nonce")?,
            method,
            uri: params.named("uri")?,
            counted: Some((count, params.named("cnonce")?)),
        };
        let user = Pii::new(params.named("username")?.to_owned());
        let known = self.users.get(&user);
        // An unknown user costs as much time as a wrong password.
        let expected = asked.response(user.expose(), known.map_or("", |password| password.expose().as_str()));
        let right = same(expected.as_bytes(), params.named("response")?.to_ascii_lowercase().as_bytes());
        u32::from_str_radix(count, 16).ok().filter(|_| right && known.is_some())
    }

    fn remember(&mut self, now: Instant, nonce: Nonce, count: u32) {
        if self.used.len() >= MAX_USED && !self.used.contains_key(&nonce) {
            self.used.retain(|_, used| now.saturating_duration_since(used.at) <= NONCE_LIFE);
            let oldest = self.used.iter().min_by_key(|(_, used)| used.at).map(|(nonce, _)| *nonce);
            if self.used.len() >= MAX_USED
                && let Some(oldest) = oldest
            {
                self.used.remove(&oldest);
                self.forgotten = self.forgotten.max(Some(oldest));
            }
        }
        self.used.insert(nonce, Used { count, at: now });
    }

    fn seconds(&self, now: Instant) -> u32 {
        now.saturating_duration_since(self.started).as_secs().try_into().unwrap_or(u32::MAX)
    }

    fn sign(&self, (made_at, number): Nonce) -> String {
        let stamp = format!("{made_at:08x}{number:08x}");
        let signature = self.signature(&stamp);
        stamp + &signature
    }

    /// One that we have made, whenever that was.
    fn read(&self, text: &str) -> Option<Nonce> {
        let (stamp, signature) = text.split_at_checked(16)?;
        if !same(self.signature(stamp).as_bytes(), signature.as_bytes()) {
            return None;
        }
        let (made_at, number) = stamp.split_at_checked(8)?;
        Some((u32::from_str_radix(made_at, 16).ok()?, u32::from_str_radix(number, 16).ok()?))
    }

    fn signature(&self, stamp: &str) -> String {
        // A key of any length will do for an HMAC (RFC 2104 §3), so this is never an error.
        let mac = Hmac::<Sha256>::new_from_slice(&self.key);
        mac.map_or_else(
            |_| String::new(),
            |mac| hex(&mac.chain_update(stamp).finalize().into_bytes()[..SIGNATURE_BYTES]),
        )
    }
}

/// In a time that does not tell how much of it is right.
fn same(expected: &[u8], given: &[u8]) -> bool {
    expected.len() == given.len() && expected.iter().zip(given).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock;

    fn pii(text: &str) -> Pii<String> {
        Pii::new(text.to_owned())
    }

    fn login() -> Login {
        Login { user: pii("sbc"), password: pii("secret") }
    }

    fn doorkeeper(now: Instant) -> Doorkeeper {
        Doorkeeper::new("regulars".into(), [login()], [7; 32], now)
    }

    fn nonce(challenge: &str) -> String {
        Params::parse(challenge).unwrap().named("nonce").unwrap().to_owned()
    }

    fn authorization(nonce: &str, algorithm: Algorithm, password: &str, count: &str) -> String {
        let asked = Asked {
            algorithm,
            realm: "regulars",
            nonce,
            method: "INVITE",
            uri: "sip:pizza@a",
            counted: Some((count, "c")),
        };
        let (response, name) = (asked.response("sbc", password), algorithm.name());
        format!(
            "Digest username=\"sbc\", realm=\"regulars\", nonce=\"{nonce}\", uri=\"sip:pizza@a\", qop=auth, nc={count}, \
             cnonce=\"c\", algorithm={name}, response=\"{response}\""
        )
    }

    fn check(door: &mut Doorkeeper, now: Instant, authorization: &str) -> Check {
        door.check(now, "INVITE", [authorization].into_iter())
    }

    #[test]
    fn every_algorithm_lets_in_with_the_right_password_alone() {
        let now = clock::now();
        let mut door = doorkeeper(now);
        for algorithm in Algorithm::BY_PREFERENCE {
            let challenges = door.challenges(now, false);
            let nonce = nonce(&challenges[0]);
            let right = authorization(&nonce, algorithm, "secret", "00000001");
            assert_eq!(check(&mut door, now, &authorization(&nonce, algorithm, "guess", "00000001")), Check::Wrong);
            assert_eq!(check(&mut door, now, &right.replace("\"sbc\"", "\"pbx\"")), Check::Wrong, "unknown user");
            assert_eq!(door.check(now, "BYE", [right.as_str()].into_iter()), Check::Wrong, "another method");
            assert_eq!(check(&mut door, now, &right), Check::Right, "{algorithm:?}");
        }
        assert!(door.challenges(now, false)[0].contains("algorithm=SHA-256"));
    }

    #[test]
    fn an_answer_counts_once_and_counts_go_up() {
        let now = clock::now();
        let mut door = doorkeeper(now);
        let nonce = nonce(&door.challenges(now, false)[0]);
        for (count, expected) in [
            ("00000001", Check::Right),
            ("00000001", Check::Stale),
            ("0000000a", Check::Right),
            ("00000009", Check::Stale),
            ("x", Check::Wrong),
        ] {
            let answer = authorization(&nonce, Algorithm::Sha256, "secret", count);
            assert_eq!(check(&mut door, now, &answer), expected, "{count}");
        }
    }

    #[test]
    fn a_nonce_lives_for_five_minutes_and_is_ours_or_none() {
        let now = clock::now();
        let mut door = doorkeeper(now);
        let nonce = nonce(&door.challenges(now + Duration::from_secs(100), false)[0]);
        let answer = authorization(&nonce, Algorithm::Md5, "secret", "00000001");
        assert_eq!(check(&mut door, now + Duration::from_secs(401), &answer), Check::Stale);
        assert_eq!(check(&mut door, now + Duration::from_secs(400), &answer), Check::Right);
        let mut other = Doorkeeper::new("regulars".into(), [login()], [8; 32], now);
        assert_eq!(check(&mut other, now, &answer), Check::NotAsked, "signed by another process");
        for bad in ["", "00000000", "zz", &"f".repeat(48), "\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}x"] {
            let answer = authorization(bad, Algorithm::Md5, "secret", "00000001");
            assert_eq!(check(&mut door, now, &answer), Check::NotAsked, "{bad}");
        }
    }

    #[test]
    fn right_answers_fill_no_more_than_their_table() {
        let now = clock::now();
        let mut door = doorkeeper(now);
        let mut answers = Vec::new();
        for second in 0..MAX_USED as u64 + 10 {
            // Some come at the same time.
            let now = now + Duration::from_millis(second * 10);
            let nonce = nonce(&door.challenges(now, false)[0]);
            answers.push(authorization(&nonce, Algorithm::Md5, "secret", "00000001"));
            assert_eq!(check(&mut door, now, &answers[answers.len() - 1]), Check::Right);
        }
        assert_eq!(door.used.len(), MAX_USED);
        for answer in answers {
            assert_eq!(check(&mut door, now, &answer), Check::Stale, "what was forgotten opens no second time");
        }
    }

    #[test]
    fn an_answer_without_qop_or_for_another_realm_does_not_open() {
        let now = clock::now();
        let mut door = doorkeeper(now);
        let nonce = nonce(&door.challenges(now, false)[0]);
        let right = authorization(&nonce, Algorithm::Md5, "secret", "00000001");
        assert_eq!(check(&mut door, now, &right.replace("qop=auth, ", "")), Check::Wrong);
        assert_eq!(check(&mut door, now, &right.replace("realm=\"regulars\"", "realm=\"pbx\"")), Check::NotAsked);
        let other = "Digest realm=\"pbx\", nonce=\"1\"";
        assert_eq!(door.check(now, "INVITE", [other, right.as_str()].into_iter()), Check::Right);
        assert!(door.challenges(now, true)[0].ends_with(", stale=true"));
    }
}
