//! Keys pressed during a call (RFC 4733): many packets a press become one digit.

use std::fmt;

use super::MediaTime;

/// A key of the telephone. What callers key in may be a secret of theirs, so printing it prints nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digit(char);

impl Digit {
    /// `0` to `9`, `*`, `#`, `A` to `D`.
    pub fn new(key: char) -> Option<Digit> {
        let key = key.to_ascii_uppercase();
        KEYS.contains(&key).then_some(Digit(key))
    }

    pub fn key(self) -> char {
        self.0
    }
}

impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Events 0 to 15 (RFC 4733 table 3).
const KEYS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

/// Tells presses apart: all packets of one carry the timestamp of its beginning (§2.3.5, §2.5.1.2).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct KeyPresses {
    last: Option<Press>,
}

#[derive(Clone, Copy, Debug)]
struct Press {
    event: u8,
    begins: MediaTime,
}

impl KeyPresses {
    /// The payload of a packet whose timestamp stands for `begins`; `ticks` of media time are one of its clock. Gives
    /// the digit at the first packet seen: the end may be lost, and nobody waits for a caller to let go of a key.
    pub(super) fn packet(&mut self, begins: MediaTime, payload: &[u8], ticks: u64) -> Option<Digit> {
        let [event, _, _, _, ..] = *payload else { return None };
        let digit = Digit(*KEYS.get(usize::from(event))?);
        let goes_on = self.last.is_some_and(|last| {
            // §2.5.1.3: a press longer than the duration field goes on in a segment that begins where the last one ended.
            last.event == event && (begins == last.begins || begins == MediaTime(last.begins.0 + LONGEST * ticks))
        });
        let is_old = self.last.is_some_and(|last| begins < last.begins);
        if !is_old {
            self.last = Some(Press { event, begins });
        }
        (!goes_on && !is_old).then_some(digit)
    }
}

/// The most that the duration field holds.
const LONGEST: u64 = 0xffff;

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(event: u8, end: bool, duration: u16) -> [u8; 4] {
        let [high, low] = duration.to_be_bytes();
        [event, u8::from(end) << 7 | 10, high, low]
    }

    fn keys(packets: &[(u64, [u8; 4])]) -> String {
        let mut presses = KeyPresses::default();
        packets.iter().filter_map(|(at, payload)| presses.packet(MediaTime(*at), payload, 6)).map(Digit::key).collect()
    }

    #[test]
    fn a_press_is_one_digit_however_many_packets_tell_of_it() {
        let press = |at, event| {
            [(at, packet(event, false, 160)), (at, packet(event, false, 320))]
                .into_iter()
                .chain([(at, packet(event, true, 480)); 3])
        };
        let two: Vec<_> = press(960, 1).chain(press(9600, 1)).chain(press(19_200, 11)).collect();
        assert_eq!(keys(&two), "11#");
    }

    #[test]
    fn one_packet_of_a_press_is_enough_and_a_late_one_is_nothing_new() {
        assert_eq!(
            keys(&[(960, packet(5, true, 480)), (9600, packet(6, true, 480)), (960, packet(5, true, 480))]),
            "56"
        );
    }

    #[test]
    fn a_key_held_for_longer_than_the_field_counts_once() {
        let segment = 0xffff * 6;
        assert_eq!(
            keys(&[
                (0, packet(2, false, 0xffff)),
                (segment, packet(2, false, 800)),
                (segment + 60_000, packet(2, false, 160))
            ]),
            "22"
        );
    }

    #[test]
    fn what_is_no_key_is_no_digit() {
        assert_eq!(keys(&[(0, packet(16, true, 480)), (960, packet(200, true, 480))]), "", "a flash and a fax tone");
        assert_eq!(KeyPresses::default().packet(MediaTime(0), &[1, 0, 0], 6), None, "too short");
        assert_eq!(Digit::new('x'), None);
        assert_eq!(format!("{:?}", Digit::new('7')), "Some([redacted])");
    }
}
