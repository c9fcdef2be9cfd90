use super::*;
use crate::base::clock;
use crate::rtp::{MediaTime, Packetizer};
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

    /// Start and length of each payload handed out, in samples.
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
        remote: PEER.parse().unwrap(),
        formats: vec![(8, Codec::Pcma), (0, Codec::Pcmu)],
        receive: true,
        send: true,
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
    assert_eq!(line.payloads(), [(0, 160), (160, 160), (320, 160), (480, 160)]);
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
    assert_eq!(line.receiver.reply_to(), Some(PEER.parse().unwrap()));
}

#[test]
fn the_source_port_may_differ_from_the_sdp_and_is_then_the_one_answered() {
    let mut line = Line::new();
    line.send("192.0.2.7:61000", &mut stream(1)).unwrap();
    assert_eq!(line.receiver.reply_to(), Some("192.0.2.7:61000".parse().unwrap()));
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
    assert_eq!(line.payloads(), [(0, 160), (160, 160)]);
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
    caller.clone().next(101, Codec::Pcma, &[0; 4], &mut packet);
    assert!(matches!(line.receive(PEER, &packet), Err(RtpError::PayloadType { payload_type: 101, .. })));
    caller.clone().next(8, Codec::Pcma, &[0; MAX_PAYLOAD + 1], &mut packet);
    assert!(matches!(line.receive(PEER, &packet), Err(RtpError::Oversized { .. })));
    line.send(PEER, &mut caller).unwrap();
    assert_eq!(line.payloads().len(), 2);
    let statistics = line.receiver.statistics();
    assert_eq!((statistics.malformed, statistics.unknown_payload_type, statistics.received), (2, 1, 2));
}

#[test]
fn rtcp_on_the_media_port_is_neither_media_nor_an_error() {
    let mut line = Line::new();
    line.receive(PEER, &[0x80, 200, 0, 1, 0, 0, 0, 1]).unwrap();
    assert_eq!(line.receiver.statistics(), Statistics::default());
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
