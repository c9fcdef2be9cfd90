//! Answers without state (RFC 3261 §8.2.7): for what needs no transaction, or must not cost one.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

use super::message::Message;
use super::status::Status;

/// Methods that we take, in and out of dialogs.
pub const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO";
/// Bodies that we read.
pub const ACCEPT: &str = "application/sdp, multipart/mixed, application/rs-metadata+xml";
/// What we say of our media in.
pub const SDP: &str = "application/sdp";
/// Names us in every answer, as version and nothing more.
pub const SERVER: &str = concat!("regulars/", env!("CARGO_PKG_VERSION"));

/// `extra`: whole header lines without their line ends. `None` when an answer is impossible or forbidden: to an ACK,
/// to an answer, or without the Via that says where it goes.
pub fn answer(to: &Message, status: Status, phrase: &str, extra: &[String], from: SocketAddr) -> Option<Vec<u8>> {
    let method = to.method()?;
    if method == "ACK" {
        return None;
    }
    let mut text = format!("SIP/2.0 {} {phrase}\r\n", status.code);
    let mut vias = to.all("Via");
    let _ = write!(text, "Via: {}\r\n", received(vias.next()?, from));
    for via in vias {
        let _ = write!(text, "Via: {via}\r\n");
    }
    for name in ["From", "To", "Call-ID", "CSeq"] {
        let Some(value) = to.header(name) else { continue };
        let _ = write!(text, "{name}: {value}");
        if name == "To" && to.tag("To").is_none() {
            let _ = write!(text, ";tag={:016x}", stable_tag(to));
        }
        text.push_str("\r\n");
    }
    for line in extra {
        let _ = write!(text, "{line}\r\n");
    }
    let _ = write!(text, "Server: {SERVER}\r\nContent-Length: 0\r\n\r\n");
    Some(text.into_bytes())
}

/// RFC 3261 §18.2.2, RFC 3581: back to where it came from, at the port of the Via unless `rport` was asked for.
pub fn destination(of: &Message, from: SocketAddr) -> SocketAddr {
    let Some(via) = of.header("Via") else { return from };
    let top = first(via);
    if has_rport(top) {
        return from;
    }
    let sent_by = top.split(';').next().and_then(|sent| sent.split_whitespace().nth(1)).unwrap_or_default();
    let after_host = sent_by.rfind(']').map_or(sent_by, |end| &sent_by[end..]);
    let port = after_host.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(DEFAULT_PORT);
    SocketAddr::new(from.ip(), port)
}

/// RFC 3261 §19.1.2.
pub const DEFAULT_PORT: u16 = 5060;
pub const DEFAULT_TLS_PORT: u16 = 5061;

/// The top Via with what we know of its sender; the others stay as they are.
fn received(via: &str, from: SocketAddr) -> String {
    let top = first(via);
    let rest = &via[top.len()..];
    let mut params = top.split(';');
    let mut out = params.next().unwrap_or_default().to_owned();
    for param in params {
        let name = param.split('=').next().unwrap_or_default();
        if !["rport", "received"].iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
            let _ = write!(out, ";{param}");
        }
    }
    let ip = from.ip();
    let _ = match ip {
        IpAddr::V4(_) => write!(out, ";received={ip}"),
        IpAddr::V6(_) => write!(out, ";received=[{ip}]"),
    };
    if has_rport(top) {
        let _ = write!(out, ";rport={}", from.port());
    }
    out + rest
}

fn has_rport(via: &str) -> bool {
    via.split(';').skip(1).any(|param| param.split('=').next().is_some_and(|name| name.eq_ignore_ascii_case("rport")))
}

/// The first of a comma-separated list; white space and quotes in a Via were settled when it was read.
fn first(via: &str) -> &str {
    via.split(',').next().unwrap_or(via)
}

/// The same for each retransmission of a request, without remembering one (RFC 3261 §8.2.7).
fn stable_tag(request: &Message) -> u64 {
    let mut hasher = DefaultHasher::new();
    for name in ["Via", "From", "Call-ID", "CSeq"] {
        request.header(name).hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::read_datagram;
    use crate::sip::status;

    fn request(via: &str, method: &str) -> Message {
        let text = format!(
            "{method} sip:a@192.0.2.1 SIP/2.0\r\nVia: {via}\r\nVia: SIP/2.0/UDP 192.0.2.9\r\nf: <sip:b@x>;tag=1\r\n\
             To: <sip:a@y>\r\nCall-ID: 1\r\nCSeq: 1 {method}\r\n\r\n"
        );
        read_datagram(text.as_bytes()).unwrap().message
    }

    fn from() -> SocketAddr {
        "198.51.100.7:1024".parse().unwrap()
    }

    #[test]
    fn an_answer_carries_what_the_client_finds_its_transaction_by() {
        let request = request("SIP/2.0/UDP 192.0.2.2:5070;rport;branch=z9hG4bK1", "OPTIONS");
        let extra = [format!("Allow: {ALLOW}")];
        let answer = |from| answer(&request, status::OK, "OK", &extra, from).unwrap();
        let text = String::from_utf8(answer(from())).unwrap();
        assert!(text.starts_with("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.2:5070;branch=z9hG4bK1;received=198.51.100.7;rport=1024\r\nVia: SIP/2.0/UDP 192.0.2.9\r\nFrom: <sip:b@x>;tag=1\r\nTo: <sip:a@y>;tag="), "{text}");
        assert!(text.contains("\r\nAllow: INVITE,"));
        assert_eq!(text.as_bytes(), answer(from()), "a retransmission gets the same tag");
        assert_eq!(destination(&request, from()), from());
    }

    #[test]
    fn without_rport_the_port_is_that_of_the_via() {
        for (via, port) in [
            ("SIP/2.0/UDP 192.0.2.2:5070;branch=1", 5070),
            ("SIP/2.0/UDP pbx.example;branch=1", 5060),
            ("SIP/2.0/UDP [2001:db8::1];branch=1", 5060),
            ("SIP/2.0/UDP [2001:db8::1]:5080, SIP/2.0/UDP x:1;rport", 5080),
        ] {
            let to = destination(&request(via, "OPTIONS"), from());
            assert_eq!((to.ip(), to.port()), (from().ip(), port), "{via}");
        }
    }

    #[test]
    fn an_ack_is_never_answered() {
        assert_eq!(answer(&request("SIP/2.0/UDP x", "ACK"), status::BAD_REQUEST, "x", &[], from()), None);
    }
}
