//! Who may send us calls: addresses that the operator has named, whoever proves a password, and our own registrars.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Instant;

use super::digest::{Check, Doorkeeper, Login};
use super::error::SipError;
use super::message::Message;

/// Whom the operator lets in. Both empty: everyone.
#[derive(Clone, Debug, Default)]
pub struct TrustOptions {
    /// These need no password.
    pub networks: Vec<Network>,
    /// With any, others are asked for one; with none, they are refused.
    pub users: Vec<Login>,
    /// Said to those who are asked.
    pub realm: String,
}

/// `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    ip: IpAddr,
    prefix: u8,
}

pub(super) struct Trust {
    networks: Vec<Network>,
    /// Held for one look at a password, never across an await.
    doorkeeper: Option<Mutex<Doorkeeper>>,
    /// Where we are registered now: calls come from there without a password. Held for a look, never across an await.
    registrars: RwLock<Vec<(usize, IpAddr)>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Open,
    Forbidden,
    /// The values of WWW-Authenticate. `guessed`: there was a wrong answer.
    Asked {
        challenges: Vec<String>,
        guessed: bool,
    },
}

impl Trust {
    /// `key`: random, of this process alone.
    pub(super) fn new(options: TrustOptions, key: [u8; 32], now: Instant) -> Self {
        let TrustOptions { networks, users, realm } = options;
        let doorkeeper = (!users.is_empty()).then(|| Mutex::new(Doorkeeper::new(realm, users, key, now)));
        Self { networks, doorkeeper, registrars: RwLock::default() }
    }

    /// Whether this source may ask how we are (OPTIONS). Where passwords are asked, everyone may.
    pub(super) fn may_ask(&self, from: IpAddr) -> bool {
        self.doorkeeper.is_some() || self.is_known(from)
    }

    /// A new call.
    pub(super) fn entry(&self, now: Instant, invite: &Message, from: IpAddr) -> Entry {
        if self.is_known(from) {
            return Entry::Open;
        }
        let Some(doorkeeper) = &self.doorkeeper else { return Entry::Forbidden };
        let mut doorkeeper = doorkeeper.lock().unwrap_or_else(PoisonError::into_inner);
        let check = doorkeeper.check(now, invite.method().unwrap_or_default(), invite.all("Authorization"));
        if check == Check::Right {
            return Entry::Open;
        }
        let challenges = doorkeeper.challenges(now, check == Check::Stale);
        Entry::Asked { challenges, guessed: check == Check::Wrong }
    }

    /// `registration`: its number.
    pub(super) fn registered_at(&self, registration: usize, at: Option<IpAddr>) {
        let mut registrars = self.registrars.write().unwrap_or_else(PoisonError::into_inner);
        registrars.retain(|(known, _)| *known != registration);
        registrars.extend(at.map(|ip| (registration, ip.to_canonical())));
    }

    fn is_known(&self, from: IpAddr) -> bool {
        let from = from.to_canonical();
        let everyone = self.networks.is_empty() && self.doorkeeper.is_none();
        everyone
            || self.networks.iter().any(|network| network.contains(from))
            || self.registrars.read().unwrap_or_else(PoisonError::into_inner).iter().any(|(_, ip)| *ip == from)
    }
}

impl Network {
    /// `ip` in its own family: an IPv4 address is never in an IPv6 network.
    fn contains(&self, ip: IpAddr) -> bool {
        match (self.ip, ip) {
            (IpAddr::V4(ours), IpAddr::V4(ip)) => {
                let differing = u32::from(ours) ^ u32::from(ip);
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(ours), IpAddr::V6(ip)) => {
                let differing = u128::from(ours) ^ u128::from(ip);
                differing.leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = SipError;

    fn from_str(text: &str) -> Result<Self, SipError> {
        let bad = || SipError::BadNetwork { text: text.to_owned() };
        let (ip, prefix) = match text.trim().split_once('/') {
            Some((ip, prefix)) => (ip, Some(prefix)),
            None => (text.trim(), None),
        };
        let ip: IpAddr = ip.parse().map_err(|_| bad())?;
        let longest = if ip.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= longest).ok_or_else(bad)?,
            None => longest,
        };
        Ok(Self { ip, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Pii, clock};
    use crate::sip::message::read_datagram;

    fn invite() -> Message {
        let text = "INVITE sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1\r\n\
            From: <sip:b@x>;tag=1\r\nTo: <sip:a@y>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n";
        read_datagram(text.as_bytes()).unwrap().message
    }

    fn trust(networks: &[&str], users: &[(&str, &str)]) -> Trust {
        let pii = |text: &str| Pii::new(text.to_owned());
        let options = TrustOptions {
            networks: networks.iter().map(|network| network.parse().unwrap()).collect(),
            users: users.iter().map(|(user, password)| Login { user: pii(user), password: pii(password) }).collect(),
            realm: "regulars".into(),
        };
        Trust::new(options, [1; 32], clock::now())
    }

    fn entry(trust: &Trust, from: &str) -> Entry {
        trust.entry(clock::now(), &invite(), from.parse().unwrap())
    }

    #[test]
    fn networks_are_read_and_contain_what_they_say() {
        for (network, within, without) in [
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("0.0.0.0/0", "198.51.100.1", "::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("::1", "::1", "::2"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(within.parse().unwrap()), "{network} {within}");
            assert!(!network.contains(without.parse().unwrap()), "{network} {without}");
        }
        for text in ["", "pbx.example", "192.0.2.0/33", "192.0.2.0/", "2001:db8::/129", "192.0.2/24"] {
            assert!(matches!(text.parse::<Network>(), Err(SipError::BadNetwork { .. })), "{text}");
        }
    }

    #[test]
    fn without_names_everyone_may_call_and_with_them_the_named() {
        assert_eq!(entry(&trust(&[], &[]), "203.0.113.9"), Entry::Open);
        let named = trust(&["192.0.2.0/24"], &[]);
        assert_eq!(entry(&named, "192.0.2.1"), Entry::Open);
        assert_eq!(entry(&named, "::ffff:192.0.2.1"), Entry::Open, "the same, seen by a socket on [::]");
        assert_eq!(entry(&named, "203.0.113.9"), Entry::Forbidden);
        assert!(!named.may_ask("203.0.113.9".parse().unwrap()));
    }

    #[test]
    fn with_passwords_the_others_are_asked() {
        let asking = trust(&["192.0.2.0/24"], &[("sbc", "secret")]);
        assert_eq!(entry(&asking, "192.0.2.1"), Entry::Open);
        let Entry::Asked { challenges, guessed } = entry(&asking, "203.0.113.9") else { panic!("not asked") };
        assert_eq!((challenges.len(), guessed), (3, false));
        assert!(asking.may_ask("203.0.113.9".parse().unwrap()));
    }

    #[test]
    fn a_registrar_may_call_while_we_are_registered_there() {
        let named = trust(&["192.0.2.0/24"], &[]);
        named.registered_at(0, "203.0.113.9".parse().ok());
        named.registered_at(1, "203.0.113.8".parse().ok());
        assert_eq!(entry(&named, "203.0.113.9"), Entry::Open);
        named.registered_at(0, None);
        assert_eq!(entry(&named, "203.0.113.9"), Entry::Forbidden);
    }
}
