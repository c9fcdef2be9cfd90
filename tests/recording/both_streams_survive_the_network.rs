//! Every packet of both sides that arrives is heard once, in its place, under its label; nobody else's is.

use std::net::SocketAddr;
use std::sync::Arc;

use regulars::base::{Lifecycle, clock};
use regulars::rtp::{PortPool, Received, Receiver, ReceiverOptions, Socket};
use regulars::sip::{DialogEvent, Endpoint, Listen, Options, Transport};
use tokio::sync::mpsc;

use crate::client::{Client, HOST, PATIENCE, fixture};
use crate::stream::{Network, PAYLOAD, Sent, Stream};

/// What was heard of one stream.
pub struct Heard {
    pub label: String,
    pub payloads: Vec<Vec<u8>>,
    pub lost_samples: u64,
    foreign: u64,
    duplicate: u64,
}

/// A recording server with nobody behind it: it takes one session, and reports each stream at its end.
pub async fn server(life: &Lifecycle) -> ([SocketAddr; 2], mpsc::Receiver<Heard>) {
    let any = SocketAddr::new(HOST, 0);
    let listen = [Transport::Udp, Transport::Tcp].map(|transport| Listen { transport, addr: any }).to_vec();
    let (endpoint, mut invites) = Endpoint::bind(Options { listen, ..Options::default() }, life.clone()).await.unwrap();
    let (report, reports) = mpsc::channel(8);
    let ports = PortPool::new(HOST, 31_000..=31_999).unwrap();
    life.spawn(async move {
        let Some(invite) = invites.recv().await else { return };
        assert_eq!(invite.line.as_str(), "4711");
        let mut sockets = Vec::new();
        for _ in 0..invite.sockets() {
            sockets.push(Arc::new(ports.open().await.unwrap()));
        }
        let mut dialog = invite.accept(sockets.iter().map(|socket| socket.local_addr()).collect()).await.unwrap();
        let DialogEvent::Media(media) = dialog.next().await else { panic!("no media") };
        let over = tokio_util::sync::CancellationToken::new();
        let streams: Vec<_> = media
            .streams
            .into_iter()
            .map(|stream| {
                let mut receiver = Receiver::new(ReceiverOptions::default(), clock::now());
                receiver.negotiate(&stream.media);
                tokio::spawn(listen_to(sockets[stream.slot].clone(), receiver, stream.label.unwrap(), over.clone()))
            })
            .collect();
        while !matches!(dialog.next().await, DialogEvent::Ended(_)) {}
        over.cancel();
        for stream in streams {
            report.send(stream.await.unwrap()).await.unwrap();
        }
    });
    ([0, 1].map(|n: usize| endpoint.listeners()[n].addr), reports)
}

async fn listen_to(
    socket: Arc<Socket>,
    mut receiver: Receiver,
    label: String,
    over: tokio_util::sync::CancellationToken,
) -> Heard {
    let mut heard = Heard { label, payloads: Vec::new(), lost_samples: 0, foreign: 0, duplicate: 0 };
    let mut buffer = [0; 2048];
    loop {
        let timeout = receiver.poll_timeout();
        tokio::select! {
            biased;
            datagram = socket.recv(&mut buffer) => {
                let (length, from) = datagram.unwrap();
                let _ = receiver.receive(clock::now(), from, &buffer[..length]);
            }
            () = async { tokio::time::sleep_until(timeout.unwrap().into()).await }, if timeout.is_some() => {}
            () = over.cancelled(), if timeout.is_none() => break,
        }
        while let Some(received) = receiver.pop(clock::now()) {
            match received {
                Received::Payload { bytes, .. } => heard.payloads.push(bytes.to_vec()),
                Received::Lost { samples } => heard.lost_samples += u64::from(samples),
                #[allow(unreachable_patterns)] // other kinds do not come from these streams
                _ => {}
            }
        }
    }
    let statistics = receiver.statistics();
    (heard.foreign, heard.duplicate) = (statistics.foreign, statistics.duplicate);
    heard
}

/// Packets that say whose they are, and which.
pub fn numbered(side: u8, count: u16) -> impl Iterator<Item = Vec<u8>> {
    (0..count).map(move |n| {
        let mut payload = vec![side; PAYLOAD];
        payload[..2].copy_from_slice(&n.to_be_bytes());
        payload
    })
}

pub fn check(heard: &Heard, sent: &Sent, side: u8) {
    let numbers: Vec<u16> = heard.payloads.iter().map(|p| u16::from_be_bytes([p[0], p[1]])).collect();
    assert!(numbers.is_sorted() && numbers.windows(2).all(|two| two[0] != two[1]), "in order, each once");
    assert!(heard.payloads.iter().all(|payload| payload[2..].iter().all(|byte| *byte == side)), "nobody else");
    assert_eq!(numbers.len() as u64, sent.packets - sent.lost, "all that arrived");
    assert_eq!(heard.lost_samples, sent.lost * PAYLOAD as u64);
    assert_eq!(heard.duplicate, sent.doubled);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_labels_are_recovered_and_an_injector_is_not_heard() {
    let bad = Network { lost: 30, doubled: 40, late: 60, held: 200 };
    for (over, at) in [(Transport::Udp, 0), (Transport::Tcp, 1)] {
        let life = Lifecycle::default();
        let (listeners, mut reports) = server(&life).await;
        let mut client = Client::new(listeners[at], over, &format!("bad-network-{at}")).await;
        let answer = client.invite(&fixture("rfc7865.txt")).await;
        assert_eq!((answer.status, answer.m_lines().len()), (200, 2));
        let mut streams = Vec::new();
        for (to, seed) in answer.media().into_iter().zip([11, 12]) {
            streams.push(Stream::new(to, seed).await);
        }
        let [first, second] = &mut streams[..] else { panic!("two streams") };
        // Early media: the first packets come before the ACK.
        let (mut early, mut sent) = (Vec::new(), Vec::new());
        early.push(first.send(numbered(1, 5), Network::default()).await);
        early.push(second.send(numbered(2, 5), Network::default()).await);
        client.ack(None).await;
        // From the address of the SDP but of another source, and from another address.
        let mut strangers = vec![Stream::new(answer.media()[0], 99).await, Stream::new(answer.media()[1], 98).await];
        strangers.push(Stream::from(([127, 0, 0, 2], 0).into(), answer.media()[1], 97).await);
        let inject = async {
            for n in 0..20 {
                for stranger in &mut strangers {
                    stranger.inject(&[9; PAYLOAD]).await;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10 + n)).await;
            }
        };
        let rest = |side| numbered(side, 205).skip(5);
        let (one, two, ()) = tokio::join!(first.send(rest(1), bad), second.send(rest(2), bad), inject);
        sent.extend([one, two]);
        client.bye().await;
        for (n, label, side) in [(0, "96", 1), (1, "97", 2)] {
            let heard = tokio::time::timeout(PATIENCE, reports.recv()).await.unwrap().unwrap();
            assert_eq!(heard.label, label);
            let all = Sent { packets: early[n].packets + sent[n].packets, ..sent[n].clone() };
            assert!(all.lost > 0 && all.doubled > 0, "the network was bad: {all:?}");
            check(&heard, &all, side);
            assert_eq!(heard.foreign, if side == 1 { 20 } else { 40 }, "every packet of the injector was refused");
        }
        life.shut_down_hard();
        assert!(life.finished(PATIENCE).await);
    }
}
