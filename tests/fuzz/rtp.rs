use std::net::SocketAddr;
use std::time::Duration;

use regulars::base::clock;
use regulars::rtp::{Codec, Negotiated, Packetizer, Received, Receiver, ReceiverOptions};

use crate::breaks::{Break, TIME, broken};

/// Ten packets, of which some are broken, lost, late or twice.
#[test]
fn packets_broken_lost_late_and_twice_are_each_counted_once() {
    let from: SocketAddr = "192.0.2.9:4000".parse().unwrap();
    let start = clock::now();
    let mut packetizer = Packetizer::new(7, u16::MAX - 3, u32::MAX - 500);
    let packets: Vec<Vec<u8>> = (0..10)
        .map(|n| {
            let mut packet = Vec::new();
            packetizer.next(8, Codec::Pcma, &[n; 160], &mut packet);
            packet
        })
        .collect();
    bolero::check!().with_type::<Vec<(u8, Vec<Break>, u8)>>().with_test_time(TIME).for_each(|plan| {
        let mut receiver = Receiver::new(ReceiverOptions::default(), start);
        receiver.negotiate(&Negotiated::plain(from, vec![(8, Codec::Pcma)]));
        let (mut now, mut heard, mut refused) = (start, 0, 0);
        for (which, breaks, later_ms) in plan {
            now += Duration::from_millis((*later_ms).into());
            let packet = broken(&packets[usize::from(*which) % packets.len()], breaks);
            refused += u64::from(receiver.receive(now, from, &packet).is_err());
            while let Some(received) = receiver.pop(now) {
                if let Received::Payload { bytes, .. } = received {
                    assert!(bytes.len() <= 640);
                    heard += 1;
                }
            }
        }
        let counted = receiver.statistics();
        assert!(counted.received + refused <= plan.len() as u64, "{counted:?}");
        assert!(heard <= counted.received, "{counted:?}");
    });
}
