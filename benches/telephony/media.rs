//! Streams from their sockets to samples: latch, order, decode. Nothing is recognised here.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use regulars::base::clock;
use regulars::rtp::{
    Codec, Identity, Keys, MasterKey, Negotiated, Outgoing, PortPool, Received, Receiver, ReceiverOptions, Sender,
    Socket, Suite,
};
use regulars::speech::codec::Decoder;
use tokio_util::sync::CancellationToken;

use super::cpu;

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// RFC 3551 §4.2.
const PTIME: Duration = Duration::from_millis(20);
const PACKETS_PER_S: u32 = 50;

/// Goal: 4000 G.711 streams a core, 3500 of SRTP, none lost.
pub fn run(streams: u32, seconds: u32) {
    for key in [None, Some(MasterKey::new(Suite::AesCm128HmacSha1_80, [7; 30], 0))] {
        measure(streams, seconds, key);
    }
}

fn measure(streams: u32, seconds: u32, key: Option<MasterKey>) {
    let sender = UdpSocket::bind((HOST, 0)).expect("a socket");
    let stop = CancellationToken::new();
    let (report, started) = mpsc::channel();
    let (remote, stopped) = (sender.local_addr().expect("an address"), stop.clone());
    let keys = key.clone().map(|key| Keys { theirs: key.clone(), ours: key }.into());
    let agreed = Negotiated { send: false, keys, ..Negotiated::plain(remote, vec![(8, Codec::Pcma)]) };
    let listening = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(listen(streams, agreed, report, stopped))
    });
    let targets: Vec<SocketAddr> = started.recv().expect("they listen");

    let before = cpu::of_the_others();
    let began = clock::now();
    let sent = send(&sender, &targets, PACKETS_PER_S * seconds, key.as_ref());
    let wall = began.elapsed();
    // What is in the sockets' queues is read by then.
    std::thread::sleep(Duration::from_millis(500));
    let spent = cpu::of_the_others() - before;
    stop.cancel();
    let samples: u64 = listening.join().expect("they listened");

    let heard = samples / 160;
    let share = spent.as_secs_f64() / wall.as_secs_f64();
    let rate = f64::from(sent) / wall.as_secs_f64() / f64::from(PACKETS_PER_S);
    println!(
        "streams    {rate:.0} {} streams at once, {sent} packets, {} lost: {:.2} us of CPU each, {:.0} % of a core, {:.0} streams a core",
        if key.is_some() { "SRTP" } else { "G.711" },
        u64::from(sent) - heard,
        spent.as_secs_f64() * 1e6 / f64::from(sent),
        share * 100.0,
        rate / share,
    );
}

/// All streams' packets, spread over each [`PTIME`].
fn send(socket: &UdpSocket, targets: &[SocketAddr], packets: u32, key: Option<&MasterKey>) -> u32 {
    let mut sender = Sender::new(Identity { ssrc: 7, first_sequence: 0, first_timestamp: 0, cname: 0 });
    let nowhere = SocketAddr::from(([0; 4], 0));
    let format = Some((8, Codec::Pcma));
    let outgoing =
        Outgoing { media: nowhere, rtcp: nowhere, rtcp_mux: false, format, ptime_ms: 20, key, reception: None };
    let mut sent = 0;
    let start = clock::now();
    for n in 0..packets {
        let mut datagram = Vec::new();
        sender.silence(clock::now(), &outgoing, |packet| datagram = packet.to_vec());
        for (place, target) in targets.iter().enumerate() {
            if place % 64 == 0 {
                let due = start + PTIME * n + PTIME * place as u32 / targets.len() as u32;
                std::thread::sleep(due.saturating_duration_since(clock::now()));
            }
            sent += u32::from(socket.send_to(&datagram, target).is_ok());
        }
    }
    sent
}

async fn listen(
    streams: u32,
    agreed: Negotiated,
    report: mpsc::Sender<Vec<SocketAddr>>,
    stop: CancellationToken,
) -> u64 {
    let ports = PortPool::new(HOST, 20_000..=32_767).expect("a range");
    let mut targets = Vec::new();
    let mut tasks = Vec::new();
    for _ in 0..streams {
        let socket = ports.open().await.expect("a free pair");
        targets.push(socket.local_addr());
        tasks.push(tokio::spawn(one(socket, agreed.clone(), stop.clone())));
    }
    report.send(targets).expect("somebody waits");
    let mut samples = 0;
    for task in tasks {
        samples += task.await.expect("a stream ends");
    }
    samples
}

/// One stream; the samples that it came to.
async fn one(socket: Socket, agreed: Negotiated, stop: CancellationToken) -> u64 {
    let mut receiver = Receiver::new(ReceiverOptions::default(), clock::now());
    receiver.negotiate(&agreed);
    let mut decoder = Decoder::new(Codec::Pcma).expect("G.711 is there");
    let (mut datagram, mut samples, mut heard) = ([0; 2048], Vec::new(), 0);
    loop {
        let received = tokio::select! {
            biased;
            received = socket.recv(&mut datagram) => received,
            () = stop.cancelled() => return heard,
        };
        let now: Instant = clock::now();
        let Ok((length, from)) = received else { continue };
        // What is refused is missing in the count.
        let _ = receiver.receive(now, from, &datagram[..length]);
        while let Some(received) = receiver.pop(now) {
            if let Received::Payload { bytes, .. } = received {
                samples.clear();
                decoder.decode(bytes, &mut samples).expect("G.711 decodes");
                heard += samples.len() as u64;
            }
        }
    }
}
