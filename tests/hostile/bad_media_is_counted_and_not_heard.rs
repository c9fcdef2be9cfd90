use std::net::SocketAddr;

use regulars::base::{Lifecycle, Pii};
use regulars::rtp::{Codec, Packetizer};
use regulars::sip::softphone::{self, Impairments, SoftphoneOptions, Tail};
use regulars::sip::{Transport, Why};
use tokio_util::sync::CancellationToken;

use crate::service::{Behaviour, Service};

/// One second of it.
fn speech() -> Vec<u8> {
    vec![0x55; 8000]
}

#[tokio::test]
async fn truncated_and_foreign_packets_do_not_reach_the_call() {
    let mut service = Service::start(Behaviour::Answer).await;
    let hang_up = CancellationToken::new();
    let options = SoftphoneOptions {
        tail: Tail::UntilHangUp,
        ..SoftphoneOptions::new(service.uri(Transport::Udp), Some(Pii::new("+4930901820".into())), speech())
    };
    let caller = tokio::spawn(softphone::place(options, Lifecycle::default(), hang_up.clone()));
    let (rtp, ..) = service.media().await;
    let injector = tokio::net::UdpSocket::bind("127.0.0.2:0").await.unwrap();
    inject(&injector, rtp).await;
    hang_up.cancel();
    let outcome = caller.await.unwrap().unwrap();
    let ended = service.ended().await;
    assert_eq!(ended.why, Why::Bye);
    assert_eq!(ended.statistics.received, outcome.packets_sent, "every packet of the caller's own");
    assert_eq!(ended.payloads, outcome.packets_sent);
    assert_eq!((ended.lost_samples, ended.statistics.malformed, ended.statistics.foreign), (0, 20, 20));
    service.stop().await;
}

async fn inject(injector: &tokio::net::UdpSocket, rtp: SocketAddr) {
    let mut stream = Packetizer::new(0xdead_beef, 1, 1);
    let mut packet = Vec::new();
    for round in 0..20usize {
        stream.next(8, Codec::Pcma, &[0; 160], &mut packet);
        injector.send_to(&packet, rtp).await.unwrap();
        injector.send_to(&packet[..round % 12], rtp).await.unwrap();
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn loss_is_reported_and_duplicates_and_reordering_are_put_right() {
    let mut service = Service::start(Behaviour::Answer).await;
    let options = SoftphoneOptions {
        audio: [speech(), speech(), speech()].concat(),
        impairments: Impairments { seed: 3, drop_one_in: 10, duplicate_one_in: 7, swap_one_in: 6 },
        codec: Codec::Pcmu,
        ..SoftphoneOptions::new(service.uri(Transport::Tcp), None, Vec::new())
    };
    let outcome = softphone::place(options, Lifecycle::default(), CancellationToken::new()).await.unwrap();
    assert_eq!(outcome.status, 200);
    let ended = service.ended().await;
    let statistics = ended.statistics;
    assert!(statistics.duplicate > 0 && ended.lost_samples > 0, "{ended:?}");
    assert_eq!(statistics.received, outcome.packets_sent);
    assert_eq!(statistics.late, 0, "a swap of neighbours is within the window");
    assert_eq!(ended.payloads + statistics.duplicate, outcome.packets_sent);
    assert_eq!(
        ended.samples + ended.lost_samples,
        (statistics.expected) * 160,
        "every span is heard or known to be lost"
    );
    service.stop().await;
}
