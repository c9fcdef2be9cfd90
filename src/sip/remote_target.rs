//! Where requests of ours will go: the Contact of a caller behind a NAT leads nowhere, and a peer of RFC 2543 may have none.

use std::net::{IpAddr, SocketAddr};

use super::message::Message;
use super::options::Transport;

/// A better Contact for an INVITE that came from here; `None`: its own will do.
pub(super) fn contact(invite: &Message, transport: Transport, from: SocketAddr) -> Option<String> {
    let via = invite.header("Via")?;
    let single = invite.all("Via").count() == 1 && !via.contains(',');
    let reached = match transport {
        Transport::Udp => format!("{from}"),
        Transport::Tcp | Transport::Tls => format!("{from};transport={transport}"),
    };
    let Some(contact) = invite.header("Contact") else {
        // RFC 2543 §6.13 had it optional; RFC 3261's branch tells the one from the other.
        return (!via.contains("branch=z9hG4bK")).then(|| format!("<sip:{reached}>"));
    };
    // A proxy in between knows the way itself.
    if !single || invite.header("Record-Route").is_some() {
        return None;
    }
    let sent_by = via.split(';').next()?.split_whitespace().nth(1)?;
    let (written, _) = host_and_port(sent_by);
    let written: IpAddr = written.parse().ok()?;
    let (before, uri, after) = split_uri(contact)?;
    let (user, rest) = match uri.split_once('@') {
        Some((user, rest)) => (format!("{user}@"), rest),
        None => ("sip:".to_owned(), uri.split_once(':')?.1),
    };
    let end = rest.find([';', '?']).unwrap_or(rest.len());
    let (host, _) = host_and_port(&rest[..end]);
    // The address that the caller believes to have, in Via and Contact alike, is not the one that it is seen from.
    let behind_nat = host.parse() == Ok(written) && written != from.ip().to_canonical();
    behind_nat.then(|| format!("{before}<{user}{from}{}>{after}", &rest[end..]))
}

/// `host:port` or `[v6]:port`, the host without brackets.
fn host_and_port(text: &str) -> (&str, &str) {
    match text.strip_prefix('[') {
        Some(v6) => v6.split_once(']').unwrap_or((v6, "")),
        None => text.split_once(':').unwrap_or((text, "")),
    }
}

/// What stands before the URI of the first address, the URI, and what stands behind it.
fn split_uri(contact: &str) -> Option<(&str, &str, &str)> {
    let after_name = if contact.starts_with('"') { contact.rfind('"')? } else { 0 };
    match contact[after_name..].find('<') {
        Some(open) => {
            let open = after_name + open;
            let close = open + contact[open..].find('>')?;
            Some((&contact[..open], contact[open + 1..close].trim(), &contact[close + 1..]))
        }
        None => {
            let end = contact.find(';').unwrap_or(contact.len());
            Some(("", contact[..end].trim(), &contact[end..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::read_datagram;

    fn better(via: &str, contact_and_more: &str) -> Option<String> {
        let text = format!(
            "INVITE sip:a@192.0.2.1 SIP/2.0\r\nVia: {via}\r\nFrom: <sip:b@x>;tag=1\r\nTo: <sip:a@y>\r\nCall-ID: 1\r\n\
             CSeq: 1 INVITE\r\n{contact_and_more}\r\n"
        );
        let message = read_datagram(text.as_bytes()).unwrap().message;
        contact(&message, Transport::Udp, "198.51.100.7:1024".parse().unwrap())
    }

    const VIA: &str = "SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK1;rport";

    #[test]
    fn a_caller_behind_a_nat_is_reached_where_it_was_seen() {
        for (contact, expected) in [
            ("<sip:kim@10.0.0.9:5060;ob>;x=1", "<sip:kim@198.51.100.7:1024;ob>;x=1"),
            ("\"A <b>\" <sip:kim@10.0.0.9>", "\"A <b>\" <sip:kim@198.51.100.7:1024>"),
            ("sip:10.0.0.9;x=1", "<sip:198.51.100.7:1024>;x=1"),
        ] {
            assert_eq!(better(VIA, &format!("Contact: {contact}\r\n")).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_contact_that_may_well_lead_somewhere_is_left_alone() {
        let contact = "Contact: <sip:kim@10.0.0.9>\r\n";
        assert_eq!(better("SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1", "Contact: <sip:198.51.100.7>\r\n"), None);
        assert_eq!(better(VIA, "Contact: <sip:kim@10.0.0.8>\r\n"), None, "another host than the Via's");
        assert_eq!(better(VIA, "Contact: <sip:kim@pbx.example>\r\n"), None);
        assert_eq!(better("SIP/2.0/UDP pbx.example;branch=z9hG4bK1", contact), None);
        assert_eq!(better(VIA, &format!("{contact}Record-Route: <sip:192.0.2.8;lr>\r\n")), None, "behind a proxy");
        assert_eq!(better(&format!("{VIA}\r\nVia: SIP/2.0/UDP 10.0.0.1"), contact), None, "behind a proxy");
    }

    #[test]
    fn a_peer_of_rfc_2543_without_contact_is_reached_where_it_was_seen() {
        assert_eq!(better("SIP/2.0/UDP 10.0.0.9", ""), Some("<sip:198.51.100.7:1024>".into()));
        assert_eq!(better(VIA, ""), None, "who knows RFC 3261 must have one");
    }
}
