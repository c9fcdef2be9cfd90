use regulars::base::{Lifecycle, Pii};
use regulars::sip::softphone::{self, SoftphoneOptions, Tail};
use regulars::sip::{Limits, Transport, Why};
use tokio_util::sync::CancellationToken;

use crate::service::{Behaviour, Service};
use crate::wire::{Udp, head, invite, status};

/// rsipstack alone queues all of them: 1.3 million INVITEs made 2.7 GB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_stays_bounded_and_the_call_loses_nothing() {
    const FLOOD: usize = 30_000;
    let limits = Limits { invites_per_source_per_s: 50, messages_per_source_per_s: 1000, ..Limits::default() };
    let mut service = Service::start_with(Behaviour::Answer, limits).await;
    let hang_up = CancellationToken::new();
    let options = SoftphoneOptions {
        tail: Tail::UntilHangUp,
        ..SoftphoneOptions::new(service.uri(Transport::Udp), Some(Pii::new("+4930901820".into())), Vec::new())
    };
    let caller = tokio::spawn(softphone::place(options, Lifecycle::default(), hang_up.clone()));
    service.media().await;

    let before = resident_bytes();
    // Another source address than the caller's.
    let flooder = tokio::net::UdpSocket::bind("127.0.0.2:0").await.unwrap();
    let here = flooder.local_addr().unwrap();
    for number in 0..FLOOD {
        let invite = invite(service.udp, here, "UDP", &format!("flood-{number}"));
        flooder.send_to(invite.as_bytes(), service.udp).await.unwrap();
    }
    // The queue of the socket is first in, first out: what is answered now was asked after the flood.
    let peer = Udp::new(service.udp).await;
    let options = head("OPTIONS", service.udp, peer.here(), "UDP", "after") + "\r\n";
    assert_eq!(status(&peer.ask("OPTIONS", options).await), 200, "others are served");
    let grown = resident_bytes().saturating_sub(before);
    let statistics = service.endpoint.statistics();

    println!("{FLOOD} INVITEs: {} kB more than before, {statistics:?}", grown >> 10);
    hang_up.cancel();
    let outcome = caller.await.unwrap().unwrap();
    let ended = loop {
        let ended = service.ended().await;
        if ended.payloads > 0 {
            break ended;
        }
    };
    assert_eq!(ended.why, Why::Bye);
    assert_eq!((ended.statistics.received, ended.lost_samples), (outcome.packets_sent, 0));
    assert!(statistics.over_rate > 0, "{statistics:?}");
    assert!(statistics.invites < FLOOD as u64 / 10, "{statistics:?}");
    assert!(grown < 100 << 20, "{} MB more than before", grown >> 20);
    service.stop().await;
}

#[tokio::test]
async fn calls_beyond_the_cap_of_unanswered_ones_get_503_until_there_is_room() {
    let limits = Limits { pending_invites: 3, ..Limits::default() };
    let mut service = Service::start_with(Behaviour::Ring, limits).await;
    let peer = Udp::new(service.udp).await;
    for number in 0..3 {
        peer.send(invite(service.udp, peer.here(), "UDP", &format!("ringing-{number}"))).await;
        service.ringing().await;
    }
    let beyond = invite(service.udp, peer.here(), "UDP", "beyond");
    let refused = peer.ask("INVITE", &beyond).await;
    assert_eq!(status(&refused), 503);
    assert!(refused.contains("\r\nRetry-After: "), "{refused}");
    assert_eq!(service.endpoint.statistics().pending, 3);
    // A retransmission of a call that rings is the same call, not a fourth.
    peer.send(invite(service.udp, peer.here(), "UDP", "ringing-0")).await;
    assert_eq!(status(&peer.receive().await), 100);
    service.stop().await;
}

/// Of this process; Linux, in pages of 4 kB.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
