use crate::service::{Behaviour, Service};
use crate::wire::{Udp, invite, status};

/// RFC 3261 §15: a caller who has not read our 200 yet would answer 481 to the BYE and stay in the call for good.
#[tokio::test]
async fn the_bye_of_a_call_that_is_not_acknowledged_yet_comes_after_the_ack() {
    let mut service = Service::start(Behaviour::Answer).await;
    let peer = Udp::new(service.udp).await;
    let answer = peer.ask("INVITE", invite(service.udp, peer.here(), "UDP", "slow")).await;
    assert_eq!(status(&answer), 200);
    service.media().await;
    service.life.shut_down_hard();
    let repeated = peer.receive().await;
    assert!(repeated.starts_with("SIP/2.0 200 "), "before the ACK: {repeated}");
    peer.ack(&answer, "slow").await;
    while !peer.receive().await.starts_with("BYE ") {}
}
