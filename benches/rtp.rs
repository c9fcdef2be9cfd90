//! What a received packet costs: parse, latch, sequence, reorder window, statistics, and out again in order.

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::ItemsCount;
use regulars::base::clock;
use regulars::rtp::{Codec, Negotiated, Packetizer, Received, Receiver, ReceiverOptions};

/// Counts allocations: there must be none a packet.
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
    run(bencher, packets());
}

/// Neighbours swapped all along: every second packet waits in the window.
#[divan::bench]
fn reordered(bencher: Bencher) {
    let mut packets = packets();
    packets.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
    run(bencher, packets);
}

/// One packet in ten lost.
#[divan::bench]
fn lossy(bencher: Bencher) {
    let mut number = 0;
    let mut packets = packets();
    packets.retain(|_| {
        number += 1;
        number % 10 != 0
    });
    run(bencher, packets);
}

fn run(bencher: Bencher, packets: Vec<Vec<u8>>) {
    let from: SocketAddr = SocketAddr::from(([192, 0, 2, 1], 4000));
    let start = clock::now();
    bencher
        .counter(ItemsCount::new(packets.len()))
        .with_inputs(|| {
            let mut receiver = Receiver::new(ReceiverOptions::default(), start);
            receiver.negotiate(&Negotiated {
                remote: from,
                formats: vec![(8, Codec::Pcma)],
                receive: true,
                send: true,
            });
            receiver
        })
        .bench_local_refs(|receiver| {
            let mut now: Instant = start;
            let mut bytes = 0;
            for packet in &packets {
                now += Duration::from_millis(20);
                let _ = receiver.receive(now, from, black_box(packet));
                while let Some(received) = receiver.pop(now) {
                    if let Received::Payload { bytes: payload, .. } = received {
                        bytes += payload.len();
                    }
                }
            }
            bytes
        });
}

fn packets() -> Vec<Vec<u8>> {
    let mut sender = Packetizer::new(7, 0, 0);
    let packet = |_| {
        let mut packet = Vec::new();
        sender.next(8, Codec::Pcma, &[0xd5; 160], &mut packet);
        packet
    };
    (0..PACKETS).map(packet).collect()
}
