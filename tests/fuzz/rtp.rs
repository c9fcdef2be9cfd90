use std::net::SocketAddr;
use std::time::{Duration, Instant};

use regulars::base::clock;
use regulars::rtp::{
    Codec, Identity, Keys, MasterKey, Negotiated, Outgoing, Received, Receiver, ReceiverOptions, Sender, Suite,
};

use crate::breaks::{Break, TIME, broken};

const MEDIA: &str = "192.0.2.9:4000";
const EVENTS: u8 = 101;

/// Ten packets over the wrap of sequence and timestamp, a report and a farewell, as a peer sends them.
fn sent(key: Option<&MasterKey>, start: Instant) -> Vec<Vec<u8>> {
    let identity = Identity { ssrc: 7, first_sequence: u16::MAX - 3, first_timestamp: u32::MAX - 500, cname: 1 };
    let (mut sender, nowhere, format) = (Sender::new(identity), SocketAddr::from(([0; 4], 0)), Some((8, Codec::Pcma)));
    let outgoing =
        Outgoing { media: nowhere, rtcp: nowhere, rtcp_mux: true, format, ptime_ms: 20, key, reception: None };
    let mut all = Vec::new();
    for _ in 0..10 {
        sender.silence(start, &outgoing, |packet| all.push(packet.to_vec()));
    }
    for second in 0..20 {
        all.extend(sender.poll_report(start + Duration::from_secs(second), 0x1234_5678_9abc_def0, 0.5, &outgoing));
    }
    all.extend(sender.bye());
    all
}

fn agreed(key: Option<&MasterKey>) -> Negotiated {
    let remote = MEDIA.parse().unwrap();
    let keys = key.map(|key| Keys { theirs: key.clone(), ours: key.clone() }.into());
    let plain = Negotiated::plain(remote, vec![(8, Codec::Pcma), (111, Codec::Opus)]);
    Negotiated { keys, events: vec![(EVENTS, 8000)], comfort_noise: vec![13], rtcp_mux: true, ..plain }
}

/// Packets broken, lost, late and twice; each is counted once, and none is heard longer than it may be.
#[test]
fn packets_and_reports_are_each_counted_once() {
    let (from, start) = (MEDIA.parse().unwrap(), clock::now());
    let packets = sent(None, start);
    let agreed = agreed(None);
    bolero::check!().with_type::<Vec<(u8, Vec<Break>, u8)>>().with_test_time(TIME).for_each(|plan| {
        let mut receiver = Receiver::new(ReceiverOptions::default(), start);
        receiver.negotiate(&agreed);
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
            let _ = receiver.outgoing();
        }
        let counted = receiver.statistics();
        assert!(counted.received + refused <= plan.len() as u64, "{counted:?}");
        assert!(heard <= counted.received, "{counted:?}");
    });
}

/// Whatever an encrypted packet meets on its way, nothing is heard but what its sender said, and never twice.
#[test]
fn a_broken_srtp_packet_is_not_heard() {
    let (from, start) = (MEDIA.parse().unwrap(), clock::now());
    let key = MasterKey::new(Suite::AesCm128HmacSha1_80, [7; 30], 0);
    let (packets, said) = (sent(Some(&key), start), sent(None, start));
    let agreed = agreed(Some(&key));
    bolero::check!().with_type::<Vec<(u8, Vec<Break>)>>().with_test_time(TIME).for_each(|plan| {
        let mut receiver = Receiver::new(ReceiverOptions::default(), start);
        receiver.negotiate(&agreed);
        let mut heard = 0;
        for (which, breaks) in plan {
            let packet = broken(&packets[usize::from(*which) % packets.len()], breaks);
            let _ = receiver.receive(start, from, &packet);
            while let Some(received) = receiver.pop(start + Duration::from_secs(1)) {
                if let Received::Payload { bytes, .. } = received {
                    assert_eq!(bytes, &said[0][12..], "not what was said");
                    heard += 1;
                }
            }
        }
        assert!(heard <= 10, "a packet was heard twice: {heard}");
    });
}
