use regulars::sip::Refusal;

use crate::service::{Behaviour, Service};
use crate::wire::{SDP, Udp, head, header, invite, status};

async fn service_and_peer(behaviour: Behaviour) -> (Service, Udp) {
    let service = Service::start(behaviour).await;
    let peer = Udp::new(service.udp).await;
    (service, peer)
}

/// What a recording server takes besides SDP (RFC 7866 §6.2).
const ACCEPT: &str = "application/sdp, multipart/mixed, application/rs-metadata+xml";

#[tokio::test]
async fn what_we_cannot_do_is_said_with_the_status_the_rfc_names() {
    let (service, peer) = service_and_peer(Behaviour::Answer).await;
    let request = |method: &str, call: &str| head(method, service.udp, peer.here(), "UDP", call) + "\r\n";
    for (method, expected) in [
        ("REGISTER", 405),
        ("SUBSCRIBE", 405),
        ("MESSAGE", 405),
        ("NEWMETHOD", 501),
        ("BYE", 481),
        ("UPDATE", 481),
        ("PRACK", 481),
        ("CANCEL", 481),
    ] {
        let answer = peer.ask(method, request(method, method)).await;
        assert_eq!(status(&answer), expected, "{method}");
        assert_eq!(answer.contains("\r\nAllow: INVITE, ACK"), [405, 501].contains(&expected), "{method}");
    }
    service.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_an_invite_is_said() {
    let (service, peer) = service_and_peer(Behaviour::Answer).await;
    for (call, wrong, right, expected) in [
        ("version", "SIP/2.0\r\nVia", "SIP/3.0\r\nVia", 505),
        ("scheme", "INVITE sip:pizza", "INVITE unknown:pizza", 416),
        ("extension", "Contact", "Require: 100rel, teleport\r\nContact", 420),
        ("body", "application/sdp", "text/plain", 415),
        ("no-contact", "Contact", "X-Contact", 400),
        ("cseq", "CSeq: 1 INVITE", "CSeq: 36893488147419103232 INVITE", 400),
        ("cseq-method", "CSeq: 1 INVITE", "CSeq: 1 OPTIONS", 400),
        ("several", "Max-Forwards: 70", "Max-Forwards: 70\r\nMax-Forwards: 7", 400),
        ("coding", "Content-Type", "Content-Encoding: gzip\r\nContent-Type", 415),
        ("codecs", "RTP/AVP 8 0", "RTP/AVP 18 4", 488),
        ("no-sdp", "v=0", "x=0", 488),
    ] {
        let text = invite(service.udp, peer.here(), "UDP", call);
        assert!(text.contains(wrong), "{call}");
        let text = text.replacen(wrong, right, 1);
        let length = text.split_once("\r\n\r\n").unwrap().1.len();
        let text = text.replace(&format!("Content-Length: {}", SDP.len()), &format!("Content-Length: {length}"));
        let method = if call == "cseq-method" { "OPTIONS" } else { "INVITE" };
        let answer = peer.ask(method, text).await;
        assert_eq!(status(&answer), expected, "{call}");
        peer.ack(&answer, call).await;
        match expected {
            420 => assert_eq!(header(&answer, "Unsupported"), "teleport"),
            488 => assert!(header(&answer, "Warning").starts_with("305 regulars \"")),
            415 if call == "coding" => assert_eq!(header(&answer, "Accept-Encoding"), "identity"),
            415 => assert_eq!(header(&answer, "Accept"), ACCEPT),
            _ => {}
        }
    }
    service.stop().await;
}

#[tokio::test]
async fn bare_line_feeds_are_refused_politely() {
    let (service, peer) = service_and_peer(Behaviour::Answer).await;
    let text = head("OPTIONS", service.udp, peer.here(), "UDP", "lf") + "\r\n";
    assert_eq!(status(&peer.ask("OPTIONS", text.replace("\r\n", "\n")).await), 400);
    service.stop().await;
}

#[tokio::test]
async fn garbage_is_counted_and_the_next_request_answered() {
    let (service, peer) = service_and_peer(Behaviour::Answer).await;
    let garbage: [&[u8]; 6] = [
        b"\0\0\0\0",
        b"\xff\xfe\xfd",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"INVITE",
        b"SIP/2.0 200 OK\r\n\r\n",
        &[b'A'; 60_000],
    ];
    for datagram in garbage {
        peer.send(datagram).await;
    }
    peer.send(b"\r\n\r\n").await;
    let answer = peer.ask("OPTIONS", head("OPTIONS", service.udp, peer.here(), "UDP", "after") + "\r\n").await;
    assert_eq!(status(&answer), 200);
    assert_eq!(header(&answer, "Accept"), ACCEPT);
    assert_eq!(service.endpoint.statistics().garbage, 6);
    service.stop().await;
}

#[tokio::test]
async fn refusals_carry_their_status_and_a_time_to_retry() {
    for (refusal, expected) in [
        (Refusal::BusyHere, 486),
        (Refusal::NotAcceptableHere, 488),
        (Refusal::ServiceUnavailable { retry_after_s: 17 }, 503),
    ] {
        let (service, peer) = service_and_peer(Behaviour::Refuse(refusal)).await;
        let answer = peer.ask("INVITE", invite(service.udp, peer.here(), "UDP", "refused")).await;
        assert_eq!(status(&answer), expected);
        assert_eq!(answer.contains("\r\nRetry-After: 17\r\n"), expected == 503);
        peer.ack(&answer, "refused").await;
        service.stop().await;
    }
}

#[tokio::test]
async fn a_cancelled_call_ends_with_487_and_cannot_be_answered_any_more() {
    let (mut service, peer) = service_and_peer(Behaviour::Ring).await;
    peer.send(invite(service.udp, peer.here(), "UDP", "cancel")).await;
    service.ringing().await;
    let cancel = head("CANCEL", service.udp, peer.here(), "UDP", "cancel") + "\r\n";
    peer.send(cancel.replace("cancel-CANCEL", "cancel-INVITE")).await;
    let (mut to_cancel, mut to_invite) = (None, None);
    while to_cancel.is_none() || to_invite.is_none() {
        let answer = peer.receive().await;
        match header(&answer, "CSeq").as_str() {
            "1 CANCEL" => to_cancel = Some(status(&answer)),
            _ if status(&answer) >= 200 => to_invite = Some(answer),
            _ => {}
        }
    }
    let to_invite = to_invite.unwrap();
    assert_eq!((to_cancel, status(&to_invite)), (Some(200), 487));
    peer.ack(&to_invite, "cancel").await;
    service.life.shut_down_softly();
    let crate::service::Report::NotAnswered(error) = service.report().await else { panic!() };
    assert_eq!(error.kind(), regulars::base::ErrorKind::Conflict, "{error}");
    assert_eq!(service.endpoint.statistics().pending, 0);
    service.stop().await;
}

/// RFC 3261 §8.2.2.2: a proxy has forked a call, and both branches lead here. One card for one call.
#[tokio::test]
async fn the_second_branch_of_a_forked_call_is_refused_and_a_second_try_is_not() {
    let (service, peer) = service_and_peer(Behaviour::Answer).await;
    let first = invite(service.udp, peer.here(), "UDP", "forked");
    assert_eq!(status(&peer.ask("INVITE", &first).await), 200);
    let branch = first.replace("branch=z9hG4bK", "branch=z9hG4bKother").replace("sip:pizza@", "sip:pasta@");
    peer.send(&branch).await;
    // The 200 of the first branch comes again until its ACK.
    let refused = peer.receive_within(crate::service::PATIENCE, "SIP/2.0 482").await;
    assert!(header(&refused, "Via").contains("z9hG4bKother"));
    let again = first.replace("CSeq: 1", "CSeq: 2").replace("branch=z9hG4bK", "branch=z9hG4bKagain");
    peer.send(&again).await;
    while !header(&peer.receive_within(crate::service::PATIENCE, "SIP/2.0 200").await, "CSeq").starts_with('2') {}
    let statistics = service.endpoint.statistics();
    assert_eq!((statistics.invites, statistics.pending), (2, 0));
    service.stop().await;
}

/// RFC 3261 §12.2.2: rsipstack alone is silent to an old CSeq.
#[tokio::test]
async fn requests_within_a_call_are_answered_too() {
    let (service, peer) = service_and_peer(Behaviour::Answer).await;
    let answer =
        peer.ask("INVITE", invite(service.udp, peer.here(), "UDP", "within").replace("CSeq: 1", "CSeq: 5")).await;
    let to = header(&answer, "To");
    let within = |method: &str, cseq: u32| {
        let request = head(method, service.udp, peer.here(), "UDP", "within");
        let request =
            request.replace("CSeq: 1", &format!("CSeq: {cseq}")).replace("branch=", &format!("branch=z9hG4bK{cseq}"));
        crate::wire::replace_to(&request, &to) + "\r\n"
    };
    peer.send(within("ACK", 5)).await;
    for (method, cseq, expected) in [
        ("OPTIONS", 6, 200),
        ("INFO", 7, 200),
        ("MESSAGE", 8, 405),
        ("UPDATE", 9, 200),
        ("BYE", 4, 500),
        ("BYE", 70, 200),
        ("BYE", 71, 481),
    ] {
        assert_eq!(status(&peer.ask(method, within(method, cseq)).await), expected, "{method} {cseq}");
    }
    service.stop().await;
}

/// RFC 3261 §13.3.1.4: on UDP the 200 may be lost, so it comes again until the ACK does.
#[tokio::test]
async fn the_200_is_repeated_until_it_is_acked() {
    let (mut service, peer) = service_and_peer(Behaviour::Answer).await;
    let answer = peer.ask("INVITE", invite(service.udp, peer.here(), "UDP", "lost-ack")).await;
    assert_eq!(status(&answer), 200);
    let again = peer.final_answer("INVITE").await;
    assert_eq!(again, answer);
    peer.ack(&answer, "lost-ack").await;
    assert_eq!(status(&peer.bye(&answer, "lost-ack").await), 200);
    assert_eq!(service.ended().await.why, regulars::sip::Why::Bye);
    service.stop().await;
}
