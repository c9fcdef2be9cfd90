use regulars::base::{Lifecycle, Pii};
use regulars::sip::softphone::{self, SoftphoneOptions, Tail};
use regulars::sip::{Refusal, SipError, Transport, Why};
use tokio_util::sync::CancellationToken;

use crate::service::{Behaviour, Service};

fn half_second() -> Vec<u8> {
    vec![0x55; 4000]
}

#[tokio::test]
async fn our_softphone_calls_over_udp_and_tcp_and_hears_silence() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let mut service = Service::start(Behaviour::Answer).await;
        let options = SoftphoneOptions::new(service.uri(transport), Some(Pii::new("030901820".into())), half_second());
        let outcome = softphone::place(options, Lifecycle::default(), CancellationToken::new()).await.unwrap();
        assert_eq!((outcome.status, outcome.packets_sent, outcome.ended_by_peer), (200, 25, false));
        assert!(outcome.packets_received > 0, "silence comes back");
        assert_eq!(service.ringing().await.1.number.unwrap().digits(), "+4930901820");
        let ended = service.ended().await;
        assert_eq!((ended.why, ended.samples, ended.lost_samples), (Why::Bye, 4000, 0));
        service.stop().await;
    }
}

#[tokio::test]
async fn a_withheld_number_is_withheld() {
    let mut service = Service::start(Behaviour::Answer).await;
    let options = SoftphoneOptions::new(service.uri(Transport::Udp), None, Vec::new());
    softphone::place(options, Lifecycle::default(), CancellationToken::new()).await.unwrap();
    let (_, caller) = service.ringing().await;
    assert_eq!((caller.number, caller.withheld), (None, true));
    service.stop().await;
}

#[tokio::test]
async fn a_refused_call_gives_its_status() {
    let service = Service::start(Behaviour::Refuse(Refusal::BusyHere)).await;
    let options = SoftphoneOptions::new(service.uri(Transport::Tcp), None, half_second());
    let outcome = softphone::place(options, Lifecycle::default(), CancellationToken::new()).await.unwrap();
    assert_eq!((outcome.status, outcome.reason.as_str(), outcome.packets_sent), (486, "Busy Here", 0));
    service.stop().await;
}

#[tokio::test]
async fn hanging_up_while_it_rings_cancels_the_call() {
    let mut service = Service::start(Behaviour::Ring).await;
    let hang_up = CancellationToken::new();
    let options = SoftphoneOptions {
        tail: Tail::UntilHangUp,
        ..SoftphoneOptions::new(service.uri(Transport::Udp), None, Vec::new())
    };
    let caller = tokio::spawn(softphone::place(options, Lifecycle::default(), hang_up.clone()));
    service.ringing().await;
    hang_up.cancel();
    assert_eq!(caller.await.unwrap().unwrap().status, 487);
    service.stop().await;
}

#[tokio::test]
async fn nobody_there_is_said_at_once() {
    // A port that was free a moment ago.
    let free = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for uri in [format!("sip:pizza@{free}"), format!("sip:pizza@{free};transport=tcp")] {
        let options = SoftphoneOptions::new(uri, None, half_second());
        let error = softphone::place(options, Lifecycle::default(), CancellationToken::new()).await.unwrap_err();
        assert!(matches!(error, SipError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains("nothing listens there"), "{error}");
    }
}

#[tokio::test]
async fn a_dropped_service_is_noticed_and_its_tasks_end() {
    let mut service = Service::start(Behaviour::Answer).await;
    let options = SoftphoneOptions {
        tail: Tail::UntilHangUp,
        ..SoftphoneOptions::new(service.uri(Transport::Tcp), None, Vec::new())
    };
    let life = Lifecycle::default();
    let caller = tokio::spawn(softphone::place(options, life.clone(), CancellationToken::new()));
    service.media().await;
    service.stop().await;
    assert!(caller.await.unwrap().unwrap().ended_by_peer);
    life.shut_down_hard();
    assert!(life.finished(crate::service::PATIENCE).await, "the softphone's own tasks end too");
}
