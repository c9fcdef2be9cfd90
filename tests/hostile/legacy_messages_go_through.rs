use regulars::sip::Why;

use crate::service::{Behaviour, Service};
use crate::wire::{SDP, Udp, head, status};

/// rsipstack alone drops this INVITE without a word.
#[tokio::test]
async fn a_name_in_iso_8859_1_does_not_cost_the_call() {
    let mut service = Service::start(Behaviour::Answer).await;
    let peer = Udp::new(service.udp).await;
    let text = head("INVITE", service.udp, peer.here(), "UDP", "latin") + "Content-Type: application/sdp\r\n\r\n" + SDP;
    let (before, after) = text.split_once("Kim").unwrap();
    let invite = [before.as_bytes(), b"J\xfcrgen M\xfcller", after.as_bytes()].concat();
    let answer = peer.ask("INVITE", invite).await;
    assert_eq!(status(&answer), 200);
    assert!(answer.contains("\r\nm=audio "), "{answer}");
    let (line, caller) = service.ringing().await;
    assert_eq!(line, "pizza");
    assert_eq!(caller.number.unwrap().digits(), "+4930901820");
    assert_eq!(caller.name.unwrap().expose(), "Jürgen Müller");
    peer.ack(&answer, "latin").await;
    assert_eq!(status(&peer.bye(&answer, "latin").await), 200);
    assert_eq!(service.ended().await.why, Why::Bye);
    service.stop().await;
}

/// In another header, rsipstack alone loses every header behind it, and the body.
#[tokio::test]
async fn a_legacy_byte_in_another_header_costs_nothing_behind_it() {
    let service = Service::start(Behaviour::Answer).await;
    let peer = Udp::new(service.udp).await;
    let text = head("INVITE", service.udp, peer.here(), "UDP", "subject");
    let (first, rest) = text.split_once("Max-Forwards").unwrap();
    let tail = format!("Max-Forwards{rest}Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}", SDP.len());
    let answer =
        peer.ask("INVITE", [first.as_bytes(), b"Subject: Bestellung f\xfcr zwei\r\n", tail.as_bytes()].concat()).await;
    assert_eq!(status(&answer), 200);
    service.stop().await;
}

#[tokio::test]
async fn a_datagram_without_content_length_keeps_its_offer() {
    let mut service = Service::start(Behaviour::Answer).await;
    let peer = Udp::new(service.udp).await;
    let invite = head("INVITE", service.udp, peer.here(), "UDP", "no-length") + "c: application/sdp\r\n\r\n" + SDP;
    let answer = peer.ask("INVITE", invite).await;
    assert_eq!(status(&answer), 200);
    let (_, codecs, receive) = service.media().await;
    assert_eq!((codecs.len(), receive), (2, true), "the offer was read, not taken for a late one");
    service.stop().await;
}

/// RFC 4475 §3.1.1.1, in spirit: legal white space, folds and compact names.
#[tokio::test]
async fn legal_but_odd_white_space_is_understood() {
    let service = Service::start(Behaviour::Answer).await;
    let peer = Udp::new(service.udp).await;
    let (to, from) = (service.udp, peer.here());
    let invite = format!(
        "INVITE sip:pizza@{to} SIP/2.0\r\nv:  SIP  / 2.0 / UDP\r\n    {from} ; rport ;branch = z9hG4bKwsinv\r\n\
         TO :\r\n sip:pizza@{to}   ;   x =  y\r\nFrom   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@{from}>\r\n  ;\r\n  tag = 98asjd8\r\n\
         CaLl-Id: wsinv\r\ncseq: 0009\r\n  INVITE\r\nm:\"Quoted string \\\"\\\"\" <sip:jdrosen@{from}>\r\n\
         Content-TYPE: application/sdp\r\nl : {}\r\n\r\n{SDP}",
        SDP.len()
    );
    assert_eq!(status(&peer.ask("INVITE", invite).await), 200);
    service.stop().await;
}
