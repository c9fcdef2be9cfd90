use regulars::base::{Lifecycle, Pii};
use regulars::sip::softphone::{self, SoftphoneOptions, Tail};
use regulars::sip::{Transport, Why};
use tokio_util::sync::CancellationToken;

use crate::service::{Behaviour, Service};
use crate::wire::{Udp, head, header, invite, status};

#[tokio::test]
async fn a_soft_shutdown_keeps_calls_and_a_hard_one_hangs_up() {
    let mut service = Service::start(Behaviour::Answer).await;
    let options = SoftphoneOptions {
        tail: Tail::UntilHangUp,
        ..SoftphoneOptions::new(service.uri(Transport::Udp), Some(Pii::new("+4930901820".into())), Vec::new())
    };
    let caller = tokio::spawn(softphone::place(options, Lifecycle::default(), CancellationToken::new()));
    service.media().await;
    service.life.shut_down_softly();
    let peer = Udp::new(service.udp).await;
    let refused = peer.ask("INVITE", invite(service.udp, peer.here(), "UDP", "late")).await;
    assert_eq!((status(&refused), header(&refused, "Retry-After")), (503, "5".to_owned()));
    peer.ack(&refused, "late").await;
    let refused = peer.ask("OPTIONS", head("OPTIONS", service.udp, peer.here(), "UDP", "late-options") + "\r\n").await;
    assert_eq!(status(&refused), 503);
    assert!(!caller.is_finished(), "the call goes on");
    service.life.shut_down_hard();
    let outcome = caller.await.unwrap().unwrap();
    assert!(outcome.ended_by_peer, "the service has said BYE");
    assert_eq!(service.ended().await.why, Why::Bye);
    service.stop().await;
}
