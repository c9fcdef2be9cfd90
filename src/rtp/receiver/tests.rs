use super::*;
use crate::base::clock;
use crate::rtp::srtp::Outbound;
use crate::rtp::{Codec, Keys, MasterKey, MediaTime, Packetizer, Suite};
use proptest::prelude::*;

const PEER: &str = "192.0.2.7:4000";
const ELSEWHERE: &str = "198.51.100.9:4000";

struct Line {
    receiver: Receiver,
    now: Instant,
}

impl Line {
    fn new() -> Self {
        let now = clock::now();
        let mut receiver = Receiver::new(ReceiverOptions::default(), now);
        receiver.negotiate(&agreed());
        Self { receiver, now }
    }

    fn send(&mut self, from: &str, stream: &mut Packetizer) -> Result<(), RtpError> {
        let mut packet = Vec::new();
        stream.next(8, Codec::Pcma, &[0xd5; 160], &mut packet);
        self.receive(from, &packet)
    }

    fn receive(&mut self, from: &str, packet: &[u8]) -> Result<(), RtpError> {
        self.now += Duration::from_millis(20);
        self.receiver.receive(self.now, from.parse().unwrap(), packet)
    }

    /// Start and length of each payload handed out, in ticks and bytes.
    fn payloads(&mut self) -> Vec<(u64, usize)> {
        let mut payloads = Vec::new();
        while let Some(received) = self.receiver.pop(self.now) {
            if let Received::Payload { media_time: MediaTime(at), bytes, codec } = received {
                assert_eq!(codec, Codec::Pcma);
                payloads.push((at, bytes.len()));
            }
        }
        payloads
    }
}

fn agreed() -> Negotiated {
    Negotiated {
        events: vec![(101, 8000)],
        comfort_noise: vec![13],
        ..Negotiated::plain(
            PEER.parse().unwrap(),
            vec![(8, Codec::Pcma), (0, Codec::Pcmu), (9, Codec::G722), (111, Codec::Opus)],
        )
    }
}

fn stream(ssrc: u32) -> Packetizer {
    Packetizer::new(ssrc, 65_534, u32::MAX - 200)
}

#[test]
fn a_stream_is_handed_out_in_order_over_both_wraps() {
    let mut line = Line::new();
    let mut caller = stream(1);
    for _ in 0..4 {
        line.send(PEER, &mut caller).unwrap();
    }
    assert_eq!(line.payloads(), [(0, 160), (960, 160), (1920, 160), (2880, 160)]);
    let statistics = line.receiver.statistics();
    assert_eq!((statistics.received, statistics.expected, statistics.cumulative_lost()), (4, 4, 0));
}

#[test]
fn nobody_but_the_latched_source_is_heard() {
    let mut line = Line::new();
    let (mut caller, mut injector) = (stream(1), stream(2));
    assert!(
        matches!(line.send(ELSEWHERE, &mut injector), Err(RtpError::Foreign { ssrc: 2, .. })),
        "not the SDP address"
    );
    line.send(PEER, &mut caller).unwrap();
    assert!(line.send("192.0.2.7:4002", &mut injector).is_err(), "another port once latched");
    assert!(line.send(PEER, &mut injector).is_err(), "another SSRC once latched");
    line.send(PEER, &mut caller).unwrap();
    assert_eq!(line.payloads().len(), 2);
    assert_eq!(line.receiver.statistics().foreign, 3);
    assert_eq!(line.receiver.outgoing().unwrap().media, PEER.parse().unwrap());
}

#[test]
fn the_source_port_may_differ_from_the_sdp_and_is_then_the_one_answered() {
    let mut line = Line::new();
    line.send("192.0.2.7:61000", &mut stream(1)).unwrap();
    assert_eq!(line.receiver.outgoing().unwrap().media, "192.0.2.7:61000".parse().unwrap());
}

#[test]
fn after_two_seconds_of_silence_a_new_stream_continues_the_clock() {
    let mut line = Line::new();
    let (mut before, mut after) = (stream(1), Packetizer::new(2, 7, 99));
    line.send(PEER, &mut before).unwrap();
    line.now += Duration::from_millis(1900);
    assert!(line.send(PEER, &mut after).is_err(), "1.92 s are not 2 s");
    line.now += Duration::from_millis(100);
    line.send(PEER, &mut after).unwrap();
    assert_eq!(line.payloads(), [(0, 160), (960, 160)]);
    assert!(line.send(PEER, &mut before).is_err(), "the old stream is foreign now");
    let statistics = line.receiver.statistics();
    assert_eq!((statistics.latched, statistics.expected, statistics.received), (2, 2, 2));
}

#[test]
fn a_reinvite_opens_the_latch_for_a_new_source_even_after_stragglers() {
    let mut line = Line::new();
    let (mut old, mut new) = (stream(1), stream(2));
    line.send(PEER, &mut old).unwrap();
    let moved = Negotiated { remote: ELSEWHERE.parse().unwrap(), ..agreed() };
    line.receiver.negotiate(&moved);
    line.send(PEER, &mut old).unwrap();
    line.send(ELSEWHERE, &mut new).unwrap();
    assert!(line.send(PEER, &mut old).is_err());
    assert_eq!(line.payloads().len(), 3);
}

#[test]
fn a_reinvite_that_changes_nothing_does_not_leave_the_latch_open() {
    let mut line = Line::new();
    let (mut caller, mut injector) = (stream(1), stream(2));
    line.send(PEER, &mut caller).unwrap();
    line.receiver.negotiate(&agreed());
    for _ in 0..101 {
        line.send(PEER, &mut caller).unwrap();
    }
    assert!(line.send(PEER, &mut injector).is_err());
}

#[test]
fn refused_packets_are_counted_and_change_nothing() {
    let mut line = Line::new();
    let mut caller = stream(1);
    line.send(PEER, &mut caller).unwrap();
    assert!(matches!(line.receive(PEER, &[0x80; 11]), Err(RtpError::Malformed { bytes: 11, .. })));
    let mut packet = Vec::new();
    caller.clone().next(102, Codec::Pcma, &[0; 4], &mut packet);
    assert!(matches!(line.receive(PEER, &packet), Err(RtpError::PayloadType { payload_type: 102, .. })));
    caller.clone().next(8, Codec::Pcma, &[0; MAX_PAYLOAD + 1], &mut packet);
    assert!(matches!(line.receive(PEER, &packet), Err(RtpError::Oversized { .. })));
    line.send(PEER, &mut caller).unwrap();
    assert_eq!(line.payloads().len(), 2);
    let statistics = line.receiver.statistics();
    assert_eq!((statistics.malformed, statistics.unknown_payload_type, statistics.received), (2, 1, 2));
}

#[test]
fn a_duplicate_is_heard_once() {
    let mut line = Line::new();
    let mut packet = Vec::new();
    stream(1).next(8, Codec::Pcma, &[0xd5; 160], &mut packet);
    line.receive(PEER, &packet).unwrap();
    line.receive(PEER, &packet).unwrap();
    assert_eq!(line.payloads().len(), 1);
    let statistics = line.receiver.statistics();
    assert_eq!((statistics.duplicate, statistics.cumulative_lost()), (1, -1));
}

#[test]
fn a_new_port_after_a_reinvite_is_taken_over_and_the_old_one_is_foreign() {
    let mut line = Line::new();
    let (mut caller, mut injector) = (stream(1), stream(3));
    line.send(PEER, &mut caller).unwrap();
    assert!(line.send("192.0.2.7:4444", &mut injector).is_err(), "in the middle of a call");
    line.receiver.negotiate(&Negotiated { remote: "192.0.2.7:5000".parse().unwrap(), ..agreed() });
    line.send("192.0.2.7:5000", &mut caller).unwrap();
    assert_eq!(line.receiver.outgoing().unwrap().media, "192.0.2.7:5000".parse().unwrap());
    assert!(line.send(PEER, &mut caller.clone()).is_err());
    assert!(line.send("192.0.2.7:4444", &mut injector).is_err());
    assert_eq!(line.payloads().len(), 2);
    assert_eq!(line.receiver.statistics().latched, 2);
}

#[test]
fn every_packet_time_of_every_codec_keeps_the_clock() {
    for (payload_type, codec, bytes_per_ms) in [(0, Codec::Pcmu, 8), (9, Codec::G722, 8), (111, Codec::Opus, 0)] {
        for ms in [10u64, 20, 40, 60] {
            let mut line = Line::new();
            let mut caller = stream(1);
            let opus = match ms {
                10 => vec![8 << 3],
                40 => vec![9 << 3 | 1, 0],
                60 => vec![11 << 3],
                _ => vec![9 << 3],
            };
            let payload = if codec == Codec::Opus { opus } else { vec![0x55; bytes_per_ms * ms as usize] };
            let mut packets = Vec::new();
            for _ in 0..6 {
                let mut packet = Vec::new();
                caller.next(payload_type, codec, &payload, &mut packet);
                packets.push(packet);
            }
            packets.remove(3);
            packets.iter().for_each(|packet| line.receive(PEER, packet).unwrap());
            line.now += Duration::from_millis(100);
            let mut heard = Vec::new();
            while let Some(received) = line.receiver.pop(line.now) {
                heard.push(match received {
                    Received::Payload { media_time, .. } => media_time.0 / 48,
                    Received::Lost { samples } => 1000 + u64::from(samples) * 1000 / u64::from(codec.clock_rate_hz()),
                    other => panic!("{other:?}"),
                });
            }
            assert_eq!(heard, [0, ms, 2 * ms, 1000 + ms, 4 * ms, 5 * ms], "{codec:?} {ms} ms: the fourth is lost");
        }
    }
}

#[test]
fn a_codec_of_another_clock_goes_on_where_the_last_one_ended() {
    let mut line = Line::new();
    let mut packet = Vec::new();
    let mut caller = stream(1);
    let mut heard = Vec::new();
    for (payload_type, codec) in
        [(8, Codec::Pcma), (8, Codec::Pcma), (111, Codec::Opus), (111, Codec::Opus), (9, Codec::G722)]
    {
        let payload = if codec == Codec::Opus { vec![9 << 3, 1, 2] } else { vec![0xd5; 160] };
        caller.next(payload_type, codec, &payload, &mut packet);
        line.receive(PEER, &packet).unwrap();
        while let Some(received) = line.receiver.pop(line.now) {
            let Received::Payload { codec, media_time, .. } = received else { panic!("{received:?}") };
            heard.push((codec, media_time.0));
        }
    }
    let expected =
        [(Codec::Pcma, 0), (Codec::Pcma, 960), (Codec::Opus, 1920), (Codec::Opus, 2880), (Codec::G722, 3840)];
    assert_eq!(heard, expected);
}

/// A packet with a timestamp of its own, as key presses and comfort noise have.
fn packet(payload_type: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&timestamp.to_be_bytes());
    packet.extend_from_slice(&[0, 0, 0, 9]);
    packet.extend_from_slice(payload);
    packet
}

#[derive(Debug, PartialEq)]
enum Heard {
    Audio(u64),
    Pause(u32),
    Lost(u32),
    Key(char),
}

impl Line {
    fn heard(&mut self) -> Vec<Heard> {
        let mut heard = Vec::new();
        while let Some(received) = self.receiver.pop(self.now) {
            heard.push(match received {
                Received::Payload { media_time, .. } => Heard::Audio(media_time.0 / 960),
                Received::Pause { samples } => Heard::Pause(samples),
                Received::Lost { samples } => Heard::Lost(samples),
                Received::Digit { digit } => Heard::Key(digit.key()),
            });
        }
        heard
    }
}

/// RFC 4733 §2.5.1: while a key is down the audio stops; three packets tell of its end.
#[test]
fn a_key_press_is_one_digit_and_its_time_is_no_speech() {
    let mut line = Line::new();
    let event = |end: bool, packets: u8| [1, u8::from(end) << 7 | 10, 0, packets];
    let audio = [0xd5; 160];
    line.receive(PEER, &packet(8, 1, 0, &audio)).unwrap();
    for (sequence, (end, packets)) in (2..).zip([(false, 1), (false, 2), (false, 3), (true, 4), (true, 4), (true, 4)]) {
        line.receive(PEER, &packet(101, sequence, 160, &event(end, packets))).unwrap();
    }
    line.receive(PEER, &packet(8, 8, 7 * 160, &audio)).unwrap();
    assert_eq!(line.heard(), [Heard::Audio(0), Heard::Key('1'), Heard::Pause(960), Heard::Audio(7)]);
    assert_eq!(line.receiver.statistics().jitter, 0, "the timestamps of the key stand still, and are left out")
}

#[test]
fn a_press_whose_first_packets_are_lost_is_a_digit_all_the_same() {
    let mut line = Line::new();
    line.receive(PEER, &packet(8, 1, 0, &[0xd5; 160])).unwrap();
    line.receive(PEER, &packet(101, 4, 160, &[11, 0x8a, 1, 0xe0])).unwrap();
    line.now += Duration::from_millis(100);
    assert_eq!(line.heard(), [Heard::Audio(0), Heard::Lost(320), Heard::Key('#')]);
}

#[test]
fn comfort_noise_and_the_silence_after_it_are_a_pause() {
    let mut line = Line::new();
    for (payload_type, sequence, at) in [(8, 1, 0), (13, 2, 1), (13, 3, 11), (8, 4, 20), (8, 5, 21)] {
        let payload = if payload_type == 13 { vec![60] } else { vec![0xd5; 160] };
        line.receive(PEER, &packet(payload_type, sequence, at * 160, &payload)).unwrap();
    }
    assert_eq!(line.heard(), [Heard::Audio(0), Heard::Pause(19 * 160), Heard::Audio(20), Heard::Audio(21)]);
    assert_eq!(line.receiver.statistics().given_up, 0);
}

/// A caller with SRTP: packets in the clear, and as they are sent.
struct Secured {
    stream: Packetizer,
    protection: Outbound,
}

impl Secured {
    fn new(key: &MasterKey, ssrc: u32) -> Self {
        Self { stream: stream(ssrc), protection: Outbound::new(key) }
    }

    fn packet(&mut self) -> Vec<u8> {
        let mut packet = Vec::new();
        self.stream.next(8, Codec::Pcma, &[0xd5; 160], &mut packet);
        self.protection.seal(&packet).unwrap()
    }
}

fn key(seed: u8) -> MasterKey {
    MasterKey::new(Suite::AesCm128HmacSha1_80, [seed; 30], 0)
}

fn secured(theirs: u8) -> Negotiated {
    Negotiated { keys: Some(Box::new(Keys { theirs: key(theirs), ours: key(99) })), ..agreed() }
}

#[test]
fn what_is_forged_is_counted_and_never_latched_to() {
    let mut line = Line::new();
    line.receiver.negotiate(&secured(1));
    let (mut forger, mut caller) = (Secured::new(&key(2), 5), Secured::new(&key(1), 6));
    assert!(matches!(line.receive(PEER, &forger.packet()), Err(RtpError::Forged { ssrc: 5, .. })));
    let mut plain = Vec::new();
    stream(7).next(8, Codec::Pcma, &[0xd5; 160], &mut plain);
    assert!(matches!(line.receive(PEER, &plain), Err(RtpError::Forged { ssrc: 7, .. })), "in the clear");
    assert_eq!(line.receiver.statistics().latched, 0);
    let first = caller.packet();
    line.receive(PEER, &first).unwrap();
    assert!(matches!(line.receive(PEER, &first), Err(RtpError::Replayed { ssrc: 6, .. })));
    line.receive(PEER, &caller.packet()).unwrap();
    line.now += Duration::from_secs(3);
    assert!(line.receive(PEER, &forger.packet()).is_err(), "the latch is open after silence, the key is not");
    line.receive(PEER, &caller.packet()).unwrap();
    assert_eq!(line.payloads().iter().map(|(_, bytes)| *bytes).collect::<Vec<_>>(), [160, 160, 160]);
    let statistics = line.receiver.statistics();
    assert_eq!((statistics.forged, statistics.replayed, statistics.latched, statistics.received), (3, 1, 1, 3));
}

#[test]
fn a_reinvite_may_bring_a_new_key_and_keeping_it_keeps_the_stream() {
    let mut line = Line::new();
    line.receiver.negotiate(&secured(1));
    let (mut old, mut new) = (Secured::new(&key(1), 5), Secured::new(&key(2), 6));
    let replayed = old.packet();
    line.receive(PEER, &replayed).unwrap();
    line.receiver.negotiate(&secured(1));
    assert!(line.receive(PEER, &replayed).is_err(), "the replay window outlives a re-INVITE");
    line.receiver.negotiate(&secured(2));
    line.receive(PEER, &old.packet()).expect("still on its way");
    line.receive(PEER, &new.packet()).unwrap();
    assert!(line.receive(PEER, &old.packet()).is_err());
    assert_eq!(line.payloads().len(), 3);
}

/// NTP time 0x11112222_33334444, then SDES and BYE where wanted.
fn sender_report(ssrc: u8, bye: bool) -> Vec<u8> {
    let mut report = vec![0x80, 200, 0, 6, 0, 0, 0, ssrc, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44];
    report.extend_from_slice(&[0; 12]);
    if bye {
        report.extend_from_slice(&[0x81, 203, 0, 1, 0, 0, 0, ssrc]);
    }
    report
}

#[test]
fn the_peers_reports_are_noted_and_nobody_elses() {
    let mut line = Line::new();
    let mut caller = stream(1);
    line.send(PEER, &mut caller).unwrap();
    assert!(line.receive("198.51.100.9:4001", &sender_report(1, true)).is_err());
    assert!(line.receive("192.0.2.7:4001", &[0x80, 200, 0, 9, 0, 0, 0, 1]).is_err(), "cut short");
    line.receive("192.0.2.7:61001", &sender_report(2, true)).unwrap();
    assert_eq!(line.receiver.outgoing().unwrap().reception.unwrap().last_report, None, "of another stream");
    line.receive("192.0.2.7:61001", &sender_report(1, true)).unwrap();
    let outgoing = line.receiver.outgoing().unwrap();
    let reception = outgoing.reception.unwrap();
    assert_eq!(reception.last_report, Some(LastReport { ntp_middle: 0x2222_3333, at: line.now }));
    assert_eq!((reception.ssrc, reception.expected, reception.received), (1, 1, 1));
    assert_eq!(outgoing.rtcp, "192.0.2.7:61001".parse().unwrap(), "back to where it came from");
    let statistics = line.receiver.statistics();
    assert_eq!((statistics.reports, statistics.malformed_reports, statistics.foreign, statistics.byes), (2, 1, 1, 1));
    line.send(PEER, &mut caller).expect("a BYE ends nothing: anybody could send one");
}

#[test]
fn reports_count_the_stream_as_a_3_does() {
    let mut line = Line::new();
    let mut caller = stream(1);
    for n in 0..10 {
        let mut packet = Vec::new();
        caller.next(8, Codec::Pcma, &[0xd5; 160], &mut packet);
        if ![3, 4].contains(&n) {
            line.receive(PEER, &packet).unwrap();
        }
    }
    let reception = line.receiver.outgoing().unwrap().reception.unwrap();
    assert_eq!((reception.expected, reception.received), (10, 8));
    assert_eq!(reception.highest, 0x0001_0007, "65534 and nine more: one cycle and 7");
}

proptest! {
    #[test]
    fn no_bytes_from_anywhere_bring_the_receiver_down(
        datagrams in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..80)), 0..200),
    ) {
        let mut line = Line::new();
        for (from_peer, mut bytes) in datagrams {
            if from_peer && bytes.len() > 2 {
                // Past the version and payload type, so that sequence, timestamp and extensions are what is tried.
                bytes[0] |= 0x80;
                bytes[0] &= 0xbf;
                bytes[1] = 8 | bytes[1] & 0x80;
            }
            let _ = line.receive(if from_peer { PEER } else { ELSEWHERE }, &bytes);
            line.payloads();
        }
        let _ = line.receiver.statistics();
    }
}
