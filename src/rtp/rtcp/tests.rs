use proptest::prelude::*;

use super::*;
use crate::base::clock;

const OURS: u32 = 0x0a0b_0c0d;
const THEIRS: u32 = 7;

fn reporter() -> Reporter {
    Reporter::new(OURS, "0123456789abcdef01234567".into())
}

fn reception(expected: u64, received: u64) -> Reception {
    Reception { ssrc: THEIRS, expected, received, highest: 0x0002_1234, jitter: 55, last_report: None }
}

/// The report block of a compound packet, as the RFC lays it out: SSRC, fraction and lost, highest, jitter, LSR, DLSR.
fn block(report: &[u8]) -> [u32; 6] {
    let at = if report[1] == 200 { 28 } else { 8 };
    std::array::from_fn(|n| u32::from_be_bytes(report[at + 4 * n..][..4].try_into().unwrap()))
}

#[test]
fn a_receiver_report_says_what_a_3_computes() {
    let (now, mut reporter) = (clock::now(), reporter());
    let [ssrc, lost, highest, jitter, ..] = block(&reporter.report(now, None, Some(&reception(100, 90))));
    assert_eq!((ssrc, highest, jitter), (THEIRS, 0x0002_1234, 55));
    assert_eq!(lost, 25 << 24 | 10, "10 of 100 are 25 of 256");
    let [_, lost, ..] = block(&reporter.report(now, None, Some(&reception(200, 190))));
    assert_eq!(lost, 10, "none since the last report, 10 altogether");
    let [_, lost, ..] = block(&reporter.report(now, None, Some(&reception(300, 240))));
    assert_eq!(lost, 128 << 24 | 60, "50 of the last 100");
    let [_, lost, ..] = block(&reporter.report(now, None, Some(&reception(310, 330))));
    assert_eq!(lost, 0xff_ffec, "duplicates: no fraction, and -20 in 24 bits");
    let other = Reception { ssrc: 8, ..reception(50, 25) };
    assert_eq!(
        block(&reporter.report(now, None, Some(&other)))[1],
        128 << 24 | 25,
        "another stream counts from its own start"
    );
}

#[test]
fn losses_stop_at_the_ends_of_their_fields() {
    assert_eq!((fraction_lost(0, 0), fraction_lost(100, 0), fraction_lost(100, 120)), (0, 255, 0));
    assert_eq!(cumulative_lost(10_000_000, 0), 0x7f_ffff);
    assert_eq!(cumulative_lost(0, 10_000_000), 0x80_0000);
}

#[test]
fn the_delay_since_the_last_sender_report_is_told_in_65536ths() {
    let now = clock::now();
    let last_report = Some(LastReport { ntp_middle: 0xb44d_b705, at: now });
    let late = now + Duration::from_millis(5250);
    let report = reporter().report(late, None, Some(&Reception { last_report, ..reception(1, 1) }));
    // The figures of RFC 3550 §6.4.1, figure 2: DLSR of 5.25 s is 0x00054000.
    assert_eq!(block(&report)[4..], [0xb44d_b705, 0x0005_4000]);
}

#[test]
fn who_sends_tells_how_much_and_every_packet_names_the_stream() {
    let sent = Sent { ntp: 0x0123_4567_89ab_cdef, rtp_timestamp: 99, packets: 1000, octets: 160_000 };
    let report = reporter().report(clock::now(), Some(sent), Some(&reception(5, 5)));
    let mut packets = Compound::parse(&report).unwrap();
    let Some(Ok(Packet::Sr(sender))) = packets.next() else { panic!("a sender report first") };
    assert_eq!((sender.ssrc(), sender.ntp_timestamp(), sender.rtp_timestamp()), (OURS, sent.ntp, 99));
    assert_eq!((sender.packet_count(), sender.octet_count(), sender.n_reports()), (1000, 160_000, 1));
    let Some(Ok(Packet::Sdes(sdes))) = packets.next() else { panic!("then the name") };
    let chunk = sdes.chunks().next().unwrap();
    let item = chunk.items().next().unwrap();
    assert_eq!((chunk.ssrc(), item.type_(), item.value()), (OURS, SdesItem::CNAME, &b"0123456789abcdef01234567"[..]));
    let bye = reporter().bye();
    assert_eq!(read(&bye, Some(OURS)), Some(PeerReport { ntp_middle: None, bye: true }));
    assert_eq!(bye[1], 201, "a compound packet begins with a report");
}

#[test]
fn reports_keep_the_interval_of_the_rfc() {
    let start = clock::now();
    // 2.5 s and 5 s, times 0.5 to 1.5, over e - 1.5.
    for (chance, first_ms, next_ms) in [(0.0, 1026, 2052), (0.5, 2052, 4104), (0.999_999, 3078, 6156)] {
        let mut reporter = reporter();
        let mut due =
            (0..60_000u64).step_by(1).filter(|ms| reporter.is_due(start + Duration::from_millis(*ms), chance));
        let (first, second) = (due.next().unwrap(), due.next().unwrap());
        assert!(first.abs_diff(first_ms) <= 1 && (second - first).abs_diff(next_ms) <= 1, "{chance}: {first} {second}");
    }
}

#[test]
fn of_the_peers_reports_only_those_on_its_stream_count() {
    let sent = Sent { ntp: 0x1111_2222_3333_4444, rtp_timestamp: 0, packets: 0, octets: 0 };
    let report = reporter().report(clock::now(), Some(sent), None);
    assert_eq!(read(&report, Some(OURS)), Some(PeerReport { ntp_middle: Some(0x2222_3333), bye: false }));
    assert_eq!(read(&report, Some(THEIRS)), Some(PeerReport::default()));
    assert_eq!(read(&report[..30], Some(OURS)), None, "cut short");
    let unknown = [&report[..], &[0x80, 210, 0, 1, 1, 2, 3, 4]].concat();
    assert!(read(&unknown, Some(OURS)).is_some(), "a type that nobody knows");
}

proptest! {
    #[test]
    fn no_bytes_bring_the_reader_down(mut bytes in prop::collection::vec(any::<u8>(), 0..120), kind in 200u8..208, words in 0u8..30) {
        let _ = read(&bytes, Some(THEIRS));
        if bytes.len() > 4 {
            bytes[0] = 0x80 | bytes[0] & 0x3f;
            (bytes[1], bytes[2], bytes[3]) = (kind, 0, words);
        }
        let _ = read(&bytes, Some(THEIRS));
    }
}
