//! What a received packet costs: parse, latch, sequence, reorder window, statistics, and out again in order as samples.
//!
//! In one run SRTP costs 4.5 times what plain RTP costs, in either suite, and a forged packet 9.8 times (a context of its own
//! for each). Plain RTP was 0.16 us a packet without the socket: 127,000 streams a core; SRTP 0.71 us: 28,000. The goals,
//! 4,000 and 3,500, are for the socket too, which costs 3 us a packet and so most of it. SRTP allocates 5 times a packet, in
//! webrtc-srtp; plain RTP never.

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::ItemsCount;
use regulars::base::clock;
use regulars::rtp::{
    Codec, Identity, Keys, MasterKey, Negotiated, Outgoing, Received, Receiver, ReceiverOptions, Sender, Suite,
};
use regulars::speech::codec::Decoder;

/// Counts allocations: there must be none a packet, but for those of SRTP.
#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

/// Twenty seconds of one call.
const PACKETS: usize = 1000;

/// One packet in order.
#[divan::bench]
fn in_order(bencher: Bencher) {
    run(bencher, packets(None), None);
}

/// Neighbours swapped all along: every second packet waits in the window.
#[divan::bench]
fn reordered(bencher: Bencher) {
    let mut packets = packets(None);
    packets.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
    run(bencher, packets, None);
}

/// One packet in ten lost.
#[divan::bench]
fn lossy(bencher: Bencher) {
    let mut number = 0;
    let mut packets = packets(None);
    packets.retain(|_| {
        number += 1;
        number % 10 != 0
    });
    run(bencher, packets, None);
}

/// One packet in order, encrypted.
#[divan::bench(args = Suite::ALL)]
fn srtp(bencher: Bencher, suite: Suite) {
    let key = MasterKey::new(suite, [7; 30], 0);
    run(bencher, packets(Some(&key)), Some(key));
}

/// An encrypted packet of somebody without the key, from the address of the SDP: what an attacker can cost.
#[divan::bench]
fn forged(bencher: Bencher) {
    let [theirs, forgers] = [1, 2].map(|seed| MasterKey::new(Suite::AesCm128HmacSha1_80, [seed; 30], 0));
    run(bencher, packets(Some(&forgers)), Some(theirs));
}

fn run(bencher: Bencher, packets: Vec<Vec<u8>>, key: Option<MasterKey>) {
    let from: SocketAddr = SocketAddr::from(([192, 0, 2, 1], 4000));
    let start = clock::now();
    let keys = key.map(|key| Box::new(Keys { theirs: key.clone(), ours: key }));
    let agreed = Negotiated { keys, ..Negotiated::plain(from, vec![(8, Codec::Pcma)]) };
    bencher
        .counter(ItemsCount::new(packets.len()))
        .with_inputs(|| {
            let mut receiver = Receiver::new(ReceiverOptions::default(), start);
            receiver.negotiate(&agreed);
            (receiver, Decoder::new(Codec::Pcma), Vec::with_capacity(960))
        })
        .bench_local_refs(|(receiver, decoder, samples)| {
            let mut now: Instant = start;
            let mut sum = 0.0f32;
            for packet in &packets {
                now += Duration::from_millis(20);
                let _ = receiver.receive(now, from, black_box(packet));
                while let Some(received) = receiver.pop(now) {
                    if let (Received::Payload { bytes, .. }, Ok(decoder)) = (received, decoder.as_mut()) {
                        samples.clear();
                        let _ = decoder.decode(bytes, samples);
                        sum += samples.first().copied().unwrap_or(0.0);
                    }
                }
            }
            sum
        });
}

fn packets(key: Option<&MasterKey>) -> Vec<Vec<u8>> {
    let identity = Identity { ssrc: 7, first_sequence: 0, first_timestamp: 0, cname: 0 };
    let (mut sender, nowhere, mut packets) = (Sender::new(identity), SocketAddr::from(([0; 4], 0)), Vec::new());
    let format = Some((8, Codec::Pcma));
    let outgoing =
        Outgoing { media: nowhere, rtcp: nowhere, rtcp_mux: false, format, ptime_ms: 20, key, reception: None };
    for _ in 0..PACKETS {
        sender.silence(clock::now(), &outgoing, |packet| packets.push(packet.to_vec()));
    }
    packets
}
