use regulars::base::Pii;
use regulars::sip::{Login, Options, TrustOptions, Why};

use crate::password::Proof;
use crate::service::{Behaviour, HOST, Service};
use crate::wire::{Udp, head, header, invite, status};

async fn service(networks: &[&str], users: &[(&str, &str)]) -> Service {
    let pii = |text: &str| Pii::new(text.to_owned());
    let trust = TrustOptions {
        networks: networks.iter().map(|network| network.parse().unwrap()).collect(),
        users: users.iter().map(|(user, password)| Login { user: pii(user), password: pii(password) }).collect(),
        realm: "regulars".into(),
    };
    Service::start_as(Behaviour::Answer, Options { trust, ..Service::options(HOST) }).await
}

#[tokio::test]
async fn only_named_addresses_may_call() {
    let service = service(&["192.0.2.0/24", "127.0.0.2"], &[]).await;
    let stranger = Udp::new(service.udp).await;
    let refused = stranger.ask("INVITE", invite(service.udp, stranger.here(), "UDP", "stranger")).await;
    assert_eq!(status(&refused), 403);
    stranger.ack(&refused, "stranger").await;
    let options = head("OPTIONS", service.udp, stranger.here(), "UDP", "ping") + "\r\n";
    assert_eq!(status(&stranger.ask("OPTIONS", options).await), 403);
    let known = Udp::bound_to("127.0.0.2:0", service.udp).await;
    let answer = known.ask("INVITE", invite(service.udp, known.here(), "UDP", "known")).await;
    assert_eq!(status(&answer), 200);
    let statistics = service.endpoint.statistics();
    assert_eq!((statistics.invites, statistics.refused), (1, 2));
    service.stop().await;
}

/// The same INVITE with the next CSeq and an answer to the challenge.
fn answered(text: &str, challenge: &str, password: &str, cseq: u32, count: &str) -> String {
    let uri = text.split_whitespace().nth(1).unwrap();
    let proof = Proof { user: "sbc", password, method: "INVITE", uri, count };
    let authorization = format!("Authorization: {}\r\nContact:", proof.header(challenge));
    text.replace("CSeq: 1 ", &format!("CSeq: {cseq} "))
        .replace("branch=z9hG4bK", &format!("branch=z9hG4bK{cseq}"))
        .replacen("Contact:", &authorization, 1)
}

#[tokio::test]
async fn others_are_asked_for_a_password() {
    let mut service = service(&["192.0.2.0/24"], &[("sbc", "secret")]).await;
    let peer = Udp::new(service.udp).await;
    let call = invite(service.udp, peer.here(), "UDP", "asked");
    let asked = peer.ask("INVITE", &call).await;
    assert_eq!(status(&asked), 401);
    peer.ack(&asked, "asked").await;
    let challenges: Vec<_> = asked.lines().filter(|line| line.starts_with("WWW-Authenticate: Digest ")).collect();
    let algorithms: Vec<_> = challenges.iter().map(|line| crate::password::param(line, "algorithm")).collect();
    assert_eq!(algorithms, ["SHA-256", "SHA-512-256", "MD5"], "RFC 8760: by preference");
    assert_eq!(service.endpoint.statistics().pending, 0, "a question costs no state");

    let wrong = peer.ask("INVITE", answered(&call, challenges[0], "guess", 2, "00000001")).await;
    assert_eq!((status(&wrong), wrong.contains("stale")), (401, false));
    let right = answered(&call, challenges[0], "secret", 3, "00000001");
    let answer = peer.ask("INVITE", &right).await;
    assert_eq!(status(&answer), 200);
    // The same once more is a retransmission, and no replay.
    assert_eq!(status(&peer.ask("INVITE", &right).await), 200);
    let ack = head("ACK", service.udp, peer.here(), "UDP", "asked").replace("CSeq: 1", "CSeq: 3");
    peer.send(crate::wire::replace_to(&ack, &header(&answer, "To")) + "\r\n").await;
    let bye = head("BYE", service.udp, peer.here(), "UDP", "asked").replace("CSeq: 1", "CSeq: 4");
    let ended = peer.ask("BYE", crate::wire::replace_to(&bye, &header(&answer, "To")) + "\r\n").await;
    assert_eq!(status(&ended), 200, "within the call nobody is asked again");
    assert_eq!(service.ended().await.why, Why::Bye);

    let replayed = answered(&call, challenges[0], "secret", 5, "00000001").replace("Call-ID: asked", "Call-ID: again");
    let replayed = peer.ask("INVITE", replayed).await;
    assert_eq!((status(&replayed), replayed.contains(", stale=true")), (401, true));
    let next = answered(&call, challenges[0], "secret", 6, "00000002").replace("Call-ID: asked", "Call-ID: next");
    assert_eq!(status(&peer.ask("INVITE", next).await), 200, "the same nonce, counted on");
    let options = head("OPTIONS", service.udp, peer.here(), "UDP", "ping") + "\r\n";
    assert_eq!(status(&peer.ask("OPTIONS", options).await), 200, "a keep-alive needs no password");
    service.stop().await;
}
