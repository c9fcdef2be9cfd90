use rtp_types::RtpPacket;

use super::*;
use crate::base::clock;
use crate::rtp::srtp::Inbound;
use crate::rtp::{Suite, rtcp};

const SSRC: u32 = 0x0102_0304;

fn sender() -> Sender {
    Sender::new(Identity { ssrc: SSRC, first_sequence: 9, first_timestamp: 1000, cname: 0xabcd << 100 })
}

fn outgoing(codec: Codec, ptime_ms: u32) -> Outgoing<'static> {
    Outgoing {
        media: "192.0.2.1:4000".parse().unwrap(),
        rtcp: "192.0.2.1:4001".parse().unwrap(),
        rtcp_mux: false,
        format: Some((96, codec)),
        ptime_ms,
        key: None,
        reception: None,
    }
}

fn sent(sender: &mut Sender, outgoing: &Outgoing<'_>) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    sender.silence(clock::now(), outgoing, |packet| packets.push(packet.to_vec()));
    packets
}

#[test]
fn twenty_milliseconds_go_out_in_packets_of_the_agreed_length_on_the_clock_of_the_codec() {
    for (codec, ptime_ms, ticks) in [
        (Codec::Pcma, 20, 160),
        (Codec::G722, 20, 160),
        (Codec::Opus, 20, 960),
        (Codec::Pcmu, 10, 80),
        (Codec::Opus, 10, 480),
    ] {
        let mut sender = sender();
        let packets =
            [sent(&mut sender, &outgoing(codec, ptime_ms)), sent(&mut sender, &outgoing(codec, ptime_ms))].concat();
        assert_eq!(packets.len() as u32, 40 / ptime_ms, "{codec:?}");
        for (n, packet) in (0u32..).zip(&packets) {
            let packet = RtpPacket::parse(packet).unwrap();
            assert_eq!((packet.ssrc(), packet.payload_type()), (SSRC, 96));
            assert_eq!(
                (u32::from(packet.sequence_number()), packet.timestamp()),
                (9 + n, 1000 + n * ticks),
                "{codec:?}"
            );
        }
    }
}

#[test]
fn who_wants_to_hear_nothing_gets_nothing_but_reports() {
    let (mut sender, start) = (sender(), clock::now());
    let silent = Outgoing { format: None, ..outgoing(Codec::Pcmu, 20) };
    assert_eq!(sent(&mut sender, &silent), Vec::<Vec<u8>>::new());
    assert_eq!(sender.poll_report(start, 0, 0.5, &silent), None, "not before its time");
    let report = sender.poll_report(start + Duration::from_secs(4), 0, 0.5, &silent).unwrap();
    assert_eq!(report[1], 201, "nothing was sent: a receiver report");
    sent(&mut sender, &outgoing(Codec::Pcmu, 20));
    let report = sender.poll_report(start + Duration::from_secs(9), 0, 0.5, &silent).unwrap();
    assert_eq!(report[1], 200, "a sender report");
    assert_eq!(report[20..28], [0, 0, 0, 1, 0, 0, 0, 160], "one packet, 160 octets");
}

#[test]
fn with_a_key_nothing_leaves_in_the_clear() {
    let key = MasterKey::new(Suite::AesCm128HmacSha1_32, [3; 30], 0);
    let protected = Outgoing { key: Some(&key), ..outgoing(Codec::Pcma, 20) };
    let (mut sender, mut peer) = (sender(), Inbound::new(&key));
    for n in 0..3 {
        let [packet] = &sent(&mut sender, &protected)[..] else { panic!("one packet") };
        assert_ne!(packet[12..172], [0xd5; 160]);
        assert_eq!(peer.open(SSRC, 9 + n, packet).unwrap()[12..], [0xd5; 160]);
    }
    let bye = sender.bye().unwrap();
    assert_eq!(rtcp::read(&bye, Some(SSRC)).filter(|read| read.bye), None, "sealed");
    assert!(rtcp::read(&peer.open_rtcp(&bye).unwrap(), Some(SSRC)).unwrap().bye);
}
