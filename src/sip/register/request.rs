//! The REGISTER as it goes out, and what its answer grants.

use std::net::SocketAddr;

use crate::sip::answer::{ALLOW, SERVER};
use crate::sip::message::Message;
use crate::sip::options::Transport;

/// What all requests of one registration share.
pub(super) struct Registering<'a> {
    /// Of the registrar as configured, with its port if it has one.
    pub(super) host: &'a str,
    /// Of our address: the host alone.
    pub(super) domain: &'a str,
    pub(super) transport: Transport,
    pub(super) user: &'a str,
    /// Where the request comes from.
    pub(super) here: SocketAddr,
    /// Where calls are to come to.
    pub(super) contact: SocketAddr,
    pub(super) call_id: &'a str,
    pub(super) tag: &'a str,
}

/// What changes from one to the next. `branch` is new for each.
pub(super) struct Attempt<'a> {
    pub(super) cseq: u32,
    pub(super) branch: &'a str,
    /// 0 takes the registration back.
    pub(super) expires_s: u32,
    /// A whole header line.
    pub(super) authorization: Option<String>,
}

impl Registering<'_> {
    pub(super) fn uri(&self) -> String {
        format!("sip:{}{}", self.host, parameter(self.transport))
    }

    /// Without parameters of the header.
    fn contact_uri(&self) -> String {
        format!("sip:{}@{}{}", self.user, self.contact, parameter(self.transport))
    }

    pub(super) fn text(&self, attempt: &Attempt) -> String {
        let Attempt { cseq, branch, expires_s, authorization } = attempt;
        let over = self.transport.to_string().to_uppercase();
        let authorization = authorization.as_ref().map(|line| format!("{line}\r\n")).unwrap_or_default();
        format!(
            "REGISTER {} SIP/2.0\r\nVia: SIP/2.0/{over} {};rport;branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@{domain}>;tag={}\r\nTo: <sip:{user}@{domain}>\r\nCall-ID: {}\r\nCSeq: {cseq} REGISTER\r\n\
             Contact: <{}>;expires={expires_s}\r\nExpires: {expires_s}\r\nAllow: {ALLOW}\r\nUser-Agent: {SERVER}\r\n\
             {authorization}Content-Length: 0\r\n\r\n",
            self.uri(),
            self.here,
            self.tag,
            self.call_id,
            self.contact_uri(),
            user = self.user,
            domain = self.domain,
        )
    }

    /// RFC 3261 §10.2.4: the time of our own binding among those that the 200 lists, else of all, else as asked.
    pub(super) fn granted_s(&self, answer: &Message, asked_s: u32) -> u32 {
        let own = format!("{}@{}", self.user, self.contact).to_ascii_lowercase();
        let bindings = answer.all("Contact").flat_map(|value| value.split(','));
        let mine = bindings.into_iter().find(|binding| binding.to_ascii_lowercase().contains(&own));
        let of_binding = mine.and_then(|binding| {
            let params = binding.rsplit('>').next()?.split(';').filter_map(|param| param.split_once('='));
            let mut params = params.filter(|(name, _)| name.trim().eq_ignore_ascii_case("expires"));
            params.next()?.1.trim().parse().ok()
        });
        of_binding.or_else(|| answer.header("Expires")?.trim().parse().ok()).unwrap_or(asked_s)
    }
}

fn parameter(transport: Transport) -> String {
    match transport {
        Transport::Udp => String::new(),
        other => format!(";transport={other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::read_datagram;

    fn registering(transport: Transport) -> Registering<'static> {
        Registering {
            host: "pbx.example:5070",
            domain: "pbx.example",
            transport,
            user: "700",
            here: "192.0.2.1:5060".parse().unwrap(),
            contact: "192.0.2.1:5061".parse().unwrap(),
            call_id: "call",
            tag: "tag",
        }
    }

    #[test]
    fn the_request_is_whole_and_legal() {
        let authorization = Some("Authorization: Digest x".to_owned());
        let attempt = Attempt { cseq: 3, branch: "b", expires_s: 300, authorization };
        let read = read_datagram(registering(Transport::Tls).text(&attempt).as_bytes()).unwrap();
        assert_eq!(read.problem, None);
        let header = |name| read.message.header(name).unwrap();
        assert_eq!(header("Via"), "SIP/2.0/TLS 192.0.2.1:5060;rport;branch=z9hG4bKb");
        assert_eq!(header("Contact"), "<sip:700@192.0.2.1:5061;transport=tls>;expires=300");
        assert_eq!((header("To"), header("CSeq")), ("<sip:700@pbx.example>", "3 REGISTER"));
        assert_eq!(header("Authorization"), "Digest x");
        assert!(registering(Transport::Udp).text(&attempt).starts_with("REGISTER sip:pbx.example:5070 SIP/2.0\r\n"));
    }

    #[test]
    fn the_time_of_our_own_binding_counts() {
        let granted = |headers: &str| {
            let text = format!("SIP/2.0 200 OK\r\n{headers}\r\n");
            registering(Transport::Udp).granted_s(&read_datagram(text.as_bytes()).unwrap().message, 300)
        };
        let others =
            "Contact: <sip:700@192.0.2.9:5060>;expires=7, \"A, B\" <sip:700@192.0.2.1:5061;x=y>;q=1;Expires=60\r\n";
        assert_eq!(granted(others), 60);
        assert_eq!(granted("Contact: <sip:700@192.0.2.1:5061>\r\nExpires: 120\r\n"), 120);
        assert_eq!(granted("Expires: 120\r\nContact: <sip:700@192.0.2.1:5061>;expires=soon\r\n"), 120);
        assert_eq!(granted(""), 300);
    }
}
