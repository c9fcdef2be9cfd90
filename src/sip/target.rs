//! The SIP URI that is to be called.

use std::net::SocketAddr;

use rsipstack::sip::{Host, Param, Scheme, Uri};

use super::answer::{DEFAULT_PORT, DEFAULT_TLS_PORT};
use super::error::SipError;
use super::options::Transport;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) uri: Uri,
    pub(super) transport: Transport,
}

impl Target {
    /// `sip:line@host`, with `:port` and `;transport=tcp` or `;transport=tls` where wanted; `sips:` is the latter.
    pub(super) fn parse(text: &str) -> Result<Target, SipError> {
        let bad = |reason| SipError::BadTarget { reason };
        let uri = Uri::try_from(text).map_err(|_| bad(FORM))?;
        let secure = match uri.scheme {
            Some(Scheme::Sip) => false,
            Some(Scheme::Sips) => true,
            _ => return Err(bad(FORM)),
        };
        let transport = uri.params.iter().find_map(|param| match param {
            Param::Transport(transport) => Some(*transport),
            _ => None,
        });
        let transport = match transport {
            // RFC 3261 §26.2.2: `sips` is TLS over TCP, whether it says so or not.
            None | Some(rsipstack::sip::Transport::Tcp) if secure => Transport::Tls,
            Some(rsipstack::sip::Transport::Tls) => Transport::Tls,
            _ if secure => return Err(bad("a sips: URI goes over TLS")),
            None | Some(rsipstack::sip::Transport::Udp) => Transport::Udp,
            Some(rsipstack::sip::Transport::Tcp) => Transport::Tcp,
            Some(_) => return Err(bad("the transport of the SIP URI must be udp, tcp or tls")),
        };
        Ok(Target { uri, transport })
    }

    pub(super) async fn address(&self) -> Result<SocketAddr, SipError> {
        let default = if self.transport == Transport::Tls { DEFAULT_TLS_PORT } else { DEFAULT_PORT };
        let port = self.uri.host_with_port.port.as_ref().map_or(default, |port| port.0);
        match &self.uri.host_with_port.host {
            Host::IpAddr(ip) => Ok(SocketAddr::new(*ip, port)),
            Host::Domain(name) => {
                let found = tokio::net::lookup_host((name.0.as_str(), port)).await;
                let mut found: Vec<_> = found.map_err(|source| SipError::Lookup { source })?.collect();
                // IPv4 first: `localhost` is both, and services listen on 127.0.0.1 by default.
                found.sort_by_key(SocketAddr::is_ipv6);
                found.first().copied().ok_or(bad_lookup())
            }
        }
    }
}

const FORM: &str = "the call needs a SIP URI such as sip:pizza@192.0.2.1:5060 or sip:pizza@host;transport=tcp";

fn bad_lookup() -> SipError {
    SipError::Lookup { source: std::io::Error::other("the name has no address") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sip_uri_gives_transport_and_address() {
        let target = Target::parse("sip:pizza@127.0.0.1:5080;transport=tcp").unwrap();
        assert_eq!(target.transport, Transport::Tcp);
        assert_eq!(target.uri.user(), Some("pizza"));
        assert_eq!(Target::parse("sip:pizza@localhost").unwrap().transport, Transport::Udp);
        assert_eq!(Target::parse("sip:pizza@localhost;transport=tls").unwrap().transport, Transport::Tls);
        assert_eq!(Target::parse("sips:pizza@localhost").unwrap().transport, Transport::Tls);
    }

    #[test]
    fn anything_else_is_refused_with_a_sentence() {
        for text in [
            "",
            "pizza",
            "http://pizza",
            "tel:+4930901820",
            "sips:pizza@host;transport=udp",
            "sip:a@b;transport=ws",
            "sip:",
        ] {
            let error = Target::parse(text).unwrap_err();
            assert!(matches!(error, SipError::BadTarget { .. }), "{text}: {error}");
        }
    }

    #[tokio::test]
    async fn the_port_is_5060_or_5061_unless_said() {
        let addr = |text: &'static str| async move { Target::parse(text).unwrap().address().await.unwrap() };
        assert_eq!(addr("sip:a@192.0.2.1").await, "192.0.2.1:5060".parse().unwrap());
        assert_eq!(addr("sips:a@192.0.2.1").await, "192.0.2.1:5061".parse().unwrap());
        assert_eq!(addr("sip:a@[2001:db8::1]:5080").await, "[2001:db8::1]:5080".parse().unwrap());
    }
}
