use super::*;
use crate::base::clock;
use proptest::prelude::*;

const WINDOW: Duration = Duration::from_millis(80);
const FIRST: u64 = 65_536;

struct Line {
    buffer: JitterBuffer,
    now: Instant,
}

/// What came out: the packet's own number from its first byte, or the samples lost.
#[derive(Debug, PartialEq)]
enum Out {
    Packet(u8),
    Lost(u32),
    Pause(u32),
}

const PCMU: Content = Content::Audio(Codec::Pcmu);
/// 20 ms in ticks.
const PACKET: u64 = 960;

impl Line {
    fn new() -> Self {
        let now = clock::now();
        Self { buffer: JitterBuffer::new(WINDOW, now), now }
    }

    fn put(&mut self, packet: u8) -> Put {
        let at = MediaTime(u64::from(packet) * PACKET);
        self.buffer.put(self.now, ExtendedSeq(FIRST + u64::from(packet)), at, PCMU, &[packet; 160])
    }

    fn wait_ms(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
    }

    fn drain(&mut self) -> Vec<Out> {
        let mut out = Vec::new();
        while let Some(received) = self.buffer.pop(self.now) {
            out.push(match received {
                Popped::Packet(packet) => {
                    let number = self.buffer.bytes(&packet)[0];
                    assert_eq!(packet.media_time, MediaTime(u64::from(number) * PACKET));
                    Out::Packet(number)
                }
                Popped::Lost { samples } => Out::Lost(samples),
                Popped::Pause { samples } => Out::Pause(samples),
            });
        }
        out
    }
}

#[test]
fn a_packet_in_order_does_not_wait() {
    let mut line = Line::new();
    assert_eq!(line.put(0), Put::Stored);
    assert_eq!(line.drain(), [Out::Packet(0)]);
    assert_eq!(line.buffer.gap_deadline(), None);
}

#[test]
fn swapped_packets_come_out_in_order() {
    let mut line = Line::new();
    line.put(0);
    line.put(2);
    assert_eq!(line.drain(), [Out::Packet(0)]);
    assert_eq!(line.buffer.gap_deadline(), Some(line.now + WINDOW));
    line.wait_ms(79);
    line.put(1);
    assert_eq!(line.drain(), [Out::Packet(1), Out::Packet(2)]);
}

#[test]
fn a_missing_packet_is_given_up_after_the_window_and_reported_by_its_length() {
    let mut line = Line::new();
    line.put(0);
    line.put(3);
    line.wait_ms(79);
    assert_eq!(line.drain(), [Out::Packet(0)]);
    line.wait_ms(1);
    assert_eq!(line.drain(), [Out::Lost(320), Out::Packet(3)]);
    assert_eq!(line.put(1), Put::Late);
    assert_eq!(line.put(3), Put::Duplicate);
    assert_eq!(line.buffer.given_up(), 2);
    assert_eq!(line.drain(), []);
}

#[test]
fn a_gap_longer_than_the_buffer_does_not_wait_for_what_cannot_be_held() {
    let mut line = Line::new();
    line.put(0);
    line.drain();
    line.put(200);
    // 1..=184 could not be stored beside 200 any more: given up at once; 185..=199 still may come.
    assert_eq!(line.drain(), [Out::Lost(184 * 160)]);
    line.wait_ms(80);
    assert_eq!(line.drain(), [Out::Lost(15 * 160), Out::Packet(200)]);
    line.put(201);
    assert_eq!(line.drain(), [Out::Packet(201)]);
}

#[test]
fn a_timestamp_jump_over_a_loss_is_not_believed() {
    let mut line = Line::new();
    line.put(0);
    line.drain();
    let far = MediaTime(80_000_000);
    line.buffer.put(line.now, ExtendedSeq(FIRST + 2), far, PCMU, &[2; 160]);
    line.wait_ms(80);
    assert_eq!(line.buffer.pop(line.now), Some(Popped::Lost { samples: 160 }));
}

#[test]
fn a_sender_that_falls_silent_leaves_a_pause_and_one_whose_clock_runs_double_does_not() {
    let mut line = Line::new();
    let mut put = |seq: u64, packets: u64, content| {
        line.buffer.put(line.now, ExtendedSeq(FIRST + seq), MediaTime(packets * PACKET), content, &[packets as u8; 160])
    };
    for (seq, packets, content) in
        [(0, 0, PCMU), (1, 1, PCMU), (2, 2, Content::ComfortNoise), (3, 3, PCMU), (4, 13, PCMU)]
    {
        put(seq, packets, content);
    }
    let pause = |packets: u32| Out::Pause(packets * 160);
    assert_eq!(
        line.drain(),
        [Out::Packet(0), Out::Packet(1), Out::Packet(2), pause(1), Out::Packet(3), pause(9), Out::Packet(13)],
        "packet 2 is comfort noise and stands for 20 ms"
    );
    let mut double = Line::new();
    for seq in 0..4 {
        double.buffer.put(
            double.now,
            ExtendedSeq(FIRST + seq),
            MediaTime(seq * 2 * PACKET),
            PCMU,
            &[2 * seq as u8; 160],
        );
    }
    assert_eq!(double.drain(), [0, 2, 4, 6].map(Out::Packet));
}

#[test]
fn a_payload_longer_than_a_slot_is_refused() {
    let mut line = Line::new();
    let put = line.buffer.put(line.now, ExtendedSeq(FIRST), MediaTime(0), PCMU, &[0; MAX_PAYLOAD + 1]);
    assert_eq!(put, Put::Oversized);
}

proptest! {
    /// Whatever the network does, packets leave once each, in order, and every one is delivered or inside a loss.
    #[test]
    fn order_and_accounts_hold_under_any_arrival(arrivals in prop::collection::vec((0u8..=255, 0u64..40), 1..300)) {
        let mut line = Line::new();
        line.put(0);
        let mut out = line.drain();
        for (packet, pause) in arrivals {
            line.wait_ms(pause);
            line.put(packet);
            out.extend(line.drain());
        }
        line.wait_ms(1000);
        out.extend(line.drain());
        let mut position = 0u32;
        for item in out {
            match item {
                Out::Packet(packet) => {
                    prop_assert_eq!(u32::from(packet) * 160, position);
                    position += 160;
                }
                Out::Lost(samples) | Out::Pause(samples) => position += samples,
            }
        }
        prop_assert_eq!(line.buffer.gap_deadline(), None);
    }
}
