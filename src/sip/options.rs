//! What the signalling stage must be told.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use super::admission::Limits;
use super::error::SipError;
use super::siprec::Agents;
use super::trust::TrustOptions;
use crate::base::{Pii, TlsFiles};

#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where to listen; at least one.
    pub listen: Vec<Listen>,
    /// Country code without `+`, for calling numbers in national form.
    pub country_code: Option<String>,
    /// Who is an agent, in recording sessions.
    pub agents: Agents,
    pub limits: Limits,
    pub trust: TrustOptions,
    /// Where we are an extension.
    pub registrations: Vec<RegistrationOptions>,
    /// Who we are on TLS listeners; needed for those alone.
    pub tls: Option<TlsFiles>,
}

/// One extension of a PBX.
#[derive(Clone, Debug)]
pub struct RegistrationOptions {
    /// SIP URIs without a user, such as `sip:pbx.example` or `sip:192.0.2.7:5061;transport=tls`: the first is where we want
    /// to be, the others are for when it is away.
    pub registrars: Vec<String>,
    /// The extension: the user part of our address, and with it the line of its calls.
    pub user: Pii<String>,
    /// The name that the password belongs to, where it is not the extension's.
    pub login: Option<Pii<String>>,
    pub password: Pii<String>,
    /// How long we ask to be known. The registrar may grant another time.
    pub expires_s: u32,
    /// PEM: authorities that a registrar's TLS certificate must lead to. `None`: those of the system.
    pub authorities: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

/// `udp:127.0.0.1:5060`; port 0 lets the system choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Listen {
    pub transport: Transport,
    pub addr: SocketAddr,
}

impl FromStr for Listen {
    type Err = SipError;

    fn from_str(text: &str) -> Result<Self, SipError> {
        let bad = || SipError::BadListen { text: text.to_owned() };
        let (transport, addr) = text.trim().split_once(':').ok_or_else(bad)?;
        let transport = match transport {
            "udp" => Transport::Udp,
            "tcp" => Transport::Tcp,
            "tls" => Transport::Tls,
            _ => return Err(bad()),
        };
        Ok(Listen { transport, addr: addr.parse().map_err(|_| bad())? })
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.transport, self.addr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listen_addresses_read_and_print_alike() {
        for text in ["udp:127.0.0.1:5060", "tcp:[::1]:5060", "tls:0.0.0.0:5061"] {
            assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
        }
        for text in ["127.0.0.1:5060", "sctp:127.0.0.1:5060", "udp:localhost:5060", "udp:127.0.0.1", ""] {
            assert!(matches!(text.parse::<Listen>(), Err(SipError::BadListen { .. })), "{text}");
        }
    }
}
