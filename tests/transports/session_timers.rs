use std::time::Duration;

use regulars::sip::Why;

use crate::service::{Behaviour, Service};
use crate::wire::{Udp, head, header, invite, replace_to, status};

const TIMED: &str = "Supported: timer\r\nSession-Expires: 90\r\nContact:";

async fn service_and_peer() -> (Service, Udp) {
    let service = Service::start(Behaviour::Answer).await;
    let peer = Udp::new(service.udp).await;
    (service, peer)
}

fn timed(service: &Service, peer: &Udp, call: &str, headers: &str) -> String {
    invite(service.udp, peer.here(), "UDP", call).replacen("Contact:", headers, 1)
}

#[tokio::test]
async fn the_peer_is_made_the_refresher_and_every_refresh_is_answered_with_its_interval() {
    let (mut service, peer) = service_and_peer().await;
    let required = "Require: timer\r\nx: 1800;refresher=uac\r\nContact:";
    let answer = peer.ask("INVITE", timed(&service, &peer, "timed", required)).await;
    assert_eq!(status(&answer), 200);
    assert_eq!(header(&answer, "Session-Expires"), "1800;refresher=uac");
    assert_eq!(header(&answer, "Require"), "timer");
    peer.ack(&answer, "timed").await;
    let to = header(&answer, "To");
    let within = |method: &str, cseq: u32, headers: &str| {
        let request = head(method, service.udp, peer.here(), "UDP", "timed").replacen("Contact:", headers, 1);
        let request =
            request.replace("CSeq: 1", &format!("CSeq: {cseq}")).replace("z9hG4bK", &format!("z9hG4bK{cseq}"));
        replace_to(&request, &to) + "Content-Length: 0\r\n\r\n"
    };
    let update = peer.ask("UPDATE", within("UPDATE", 2, TIMED)).await;
    assert_eq!((status(&update), header(&update, "Session-Expires")), (200, "90;refresher=uac".into()));
    // Shorter than RFC 4028 allows: within a call that is no reason to refuse.
    let short = peer.ask("UPDATE", within("UPDATE", 3, &TIMED.replace("90", "30"))).await;
    assert_eq!((status(&short), header(&short, "Session-Expires")), (200, "30;refresher=uac".into()));
    let untimed = peer.ask("UPDATE", within("UPDATE", 4, "Contact:")).await;
    assert!(!untimed.contains("Session-Expires"), "a refresh without an interval ends the timer");
    assert_eq!(status(&peer.ask("BYE", within("BYE", 5, "Contact:")).await), 200);
    assert_eq!(service.ended().await.why, Why::Bye);
    service.stop().await;
}

#[tokio::test]
async fn we_do_not_refresh_and_say_so_by_leaving_the_timer_out() {
    let (service, peer) = service_and_peer().await;
    for (call, headers) in [
        ("of-us", "Supported: timer\r\nSession-Expires: 1800;refresher=uas\r\nContact:"),
        ("of-nobody", "Session-Expires: 1800\r\nContact:"),
    ] {
        let answer = peer.ask("INVITE", timed(&service, &peer, call, headers)).await;
        assert_eq!(status(&answer), 200);
        assert!(!answer.contains("Session-Expires") && !answer.contains("\r\nRequire:"), "{answer}");
        peer.ack(&answer, call).await;
    }
    service.stop().await;
}

#[tokio::test]
async fn a_new_call_that_asks_for_too_short_a_session_is_told_the_least() {
    let (service, peer) = service_and_peer().await;
    let answer = peer.ask("INVITE", timed(&service, &peer, "short", &TIMED.replace("90", "60"))).await;
    assert_eq!((status(&answer), header(&answer, "Min-SE")), (422, "90".into()));
    peer.ack(&answer, "short").await;
    service.stop().await;
}

/// Takes a minute: RFC 4028 knows no shorter session.
#[tokio::test]
async fn a_session_that_is_not_refreshed_ends_with_a_bye() {
    let (mut service, peer) = service_and_peer().await;
    let answer = peer.ask("INVITE", timed(&service, &peer, "forgotten", TIMED)).await;
    let answered = std::time::Instant::now();
    peer.ack(&answer, "forgotten").await;
    service.media().await;
    let bye = peer.receive_within(Duration::from_secs(120), "BYE ").await;
    assert_eq!(header(&bye, "Call-ID"), "forgotten");
    assert!(answered.elapsed() > Duration::from_secs(55), "not before two thirds of the interval");
    assert_eq!(service.ended().await.why, Why::Failed);
    service.stop().await;
}
