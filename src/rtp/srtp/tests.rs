use proptest::prelude::*;

use super::*;
use crate::rtp::{Codec, Packetizer};

fn key(seed: u8, suite: Suite) -> MasterKey {
    MasterKey::new(suite, std::array::from_fn(|n| seed.wrapping_add(n as u8 * 7)), 0)
}

const STRONG: Suite = Suite::AesCm128HmacSha1_80;

/// A peer that sends with a key.
struct Peer {
    stream: Packetizer,
    protection: Outbound,
    sequence: u16,
    ssrc: u32,
}

impl Peer {
    fn new(key: &MasterKey, ssrc: u32, first_sequence: u16) -> Self {
        let stream = Packetizer::new(ssrc, first_sequence, 5);
        Self { stream, protection: Outbound::new(key), sequence: first_sequence, ssrc }
    }

    /// Plain and sealed.
    fn packet(&mut self) -> (u16, Vec<u8>, Vec<u8>) {
        let (mut plain, sequence) = (Vec::new(), self.sequence);
        self.stream.next(0, Codec::Pcmu, &[0x55; 160], &mut plain);
        self.sequence = sequence.wrapping_add(1);
        let sealed = self.protection.seal(&plain).unwrap();
        (sequence, plain, sealed)
    }

    fn speak(&mut self, to: &mut Inbound) -> Result<(), Refused> {
        let (sequence, plain, sealed) = self.packet();
        let opened = to.open(self.ssrc, sequence, &sealed)?;
        assert_eq!(opened, plain);
        Ok(())
    }
}

#[test]
fn what_is_sealed_is_opened_in_both_suites_and_tags_are_as_long_as_they_say() {
    for (suite, tag) in [(STRONG, 10), (Suite::AesCm128HmacSha1_32, 4)] {
        let key = key(1, suite);
        let (mut peer, mut inbound) = (Peer::new(&key, 7, 65_530), Inbound::new(&key));
        let (sequence, plain, sealed) = peer.packet();
        assert_eq!(sealed.len(), plain.len() + tag);
        assert_ne!(sealed[12..172], plain[12..]);
        assert_eq!(inbound.open(7, sequence, &sealed), Ok(plain));
        (0..20).for_each(|_| peer.speak(&mut inbound).unwrap());
    }
}

#[test]
fn the_roll_over_is_followed_through_many_cycles() {
    let key = key(1, STRONG);
    let (mut peer, mut inbound) = (Peer::new(&key, 7, 40_000), Inbound::new(&key));
    for _ in 0..150_000 {
        peer.speak(&mut inbound).unwrap();
    }
    assert_eq!(inbound.current.streams[0].index >> 16, 2);
}

#[test]
fn forged_replayed_and_foreign_packets_are_told_apart_and_leave_nothing_behind() {
    let ours = key(1, STRONG);
    let (mut peer, mut inbound) = (Peer::new(&ours, 7, 100), Inbound::new(&ours));
    let (sequence, _, sealed) = peer.packet();
    inbound.open(7, sequence, &sealed).unwrap();
    assert_eq!(inbound.open(7, sequence, &sealed), Err(Refused::Replayed));
    let (sequence, plain, mut sealed) = peer.packet();
    sealed[40] ^= 1;
    assert_eq!(inbound.open(7, sequence, &sealed), Err(Refused::Forged));
    sealed[40] ^= 1;
    assert_eq!(inbound.open(7, sequence, &sealed), Ok(plain), "the tampered copy did not use its number up");
    for ssrc in 1000..2000 {
        let mut stranger = Peer::new(&key(9, STRONG), ssrc, 3);
        assert_eq!(stranger.speak(&mut inbound), Err(Refused::Forged));
    }
    assert_eq!(inbound.current.streams.len(), 1, "a thousand claims are not remembered");
    peer.speak(&mut inbound).unwrap();
}

/// The crate sets its replay window by the first packet of an SSRC before it has looked at the tag.
#[test]
fn a_forged_first_packet_does_not_shut_the_genuine_stream_out() {
    let ours = key(1, STRONG);
    let (mut peer, mut inbound) = (Peer::new(&ours, 7, 100), Inbound::new(&ours));
    assert_eq!(Peer::new(&key(9, STRONG), 7, 5000).speak(&mut inbound), Err(Refused::Forged));
    (0..3).for_each(|_| peer.speak(&mut inbound).unwrap());
}

#[test]
fn a_new_key_takes_over_with_its_first_good_packet() {
    let (old, new) = (key(1, STRONG), key(2, STRONG));
    let mut inbound = Inbound::new(&old);
    let (mut before, mut after) = (Peer::new(&old, 7, 10), Peer::new(&new, 7, 15));
    before.speak(&mut inbound).unwrap();
    inbound.rekey(&new);
    before.speak(&mut inbound).unwrap();
    after.speak(&mut inbound).unwrap();
    assert_eq!(before.speak(&mut inbound), Err(Refused::Forged), "the old key is over");
    inbound.rekey(&new);
    after.speak(&mut inbound).unwrap();
}

/// RFC 3711 §3.3.1 keeps the roll-over count through a change of keys; some senders begin again at 0.
#[test]
fn a_new_key_may_go_on_at_the_old_roll_over_count_or_begin_again() {
    let (old, new) = (key(1, STRONG), key(2, STRONG));
    for keeps in [true, false] {
        let (mut before, mut inbound) = (Peer::new(&old, 7, 1000), Inbound::new(&old));
        (0..70_000).for_each(|_| before.speak(&mut inbound).unwrap());
        let mut after = Peer::new(&new, 7, before.sequence);
        if keeps {
            // Its own context is led to the count of the old one.
            after = Peer::new(&new, 7, 1000);
            (0..70_000).for_each(|_| drop(after.packet()));
        }
        inbound.rekey(&new);
        (0..200).for_each(|_| after.speak(&mut inbound).unwrap());
    }
}

#[test]
fn the_same_stream_is_known_again_after_music_on_hold() {
    let key = key(1, STRONG);
    let (mut caller, mut music) = (Peer::new(&key, 7, 60_000), Peer::new(&key, 8, 1));
    let mut inbound = Inbound::new(&key);
    (0..10_000).for_each(|_| caller.speak(&mut inbound).unwrap());
    (0..100).for_each(|_| music.speak(&mut inbound).unwrap());
    caller.speak(&mut inbound).expect("its roll-over count is 1 and was kept");
}

#[test]
fn a_key_with_a_name_is_found_behind_the_name() {
    let plain_key = key(1, STRONG);
    let mut inbound = Inbound::new(&MasterKey::new(STRONG, *plain_key.expose(), 4));
    let mut peer = Peer::new(&plain_key, 7, 1);
    let (sequence, plain, mut sealed) = peer.packet();
    let tag = sealed.len() - 10;
    sealed.splice(tag..tag, [0, 0, 0, 1]);
    assert_eq!(inbound.open(7, sequence, &sealed), Ok(plain));
}

#[test]
fn rtcp_is_opened_and_without_the_flag_of_encryption_refused() {
    let key = key(1, STRONG);
    let (mut outbound, mut inbound) = (Outbound::new(&key), Inbound::new(&key));
    let report = [0x80, 201, 0, 1, 0, 0, 0, 7];
    let sealed = outbound.seal_rtcp(&report).unwrap();
    assert_eq!(inbound.open_rtcp(&sealed), Ok(report.to_vec()));
    assert_eq!(inbound.open_rtcp(&sealed), Err(Refused::Replayed));
    let mut forged = [&report[..], &[0; 14]].concat();
    assert_eq!(inbound.open_rtcp(&forged), Err(Refused::Forged), "E is 0: nothing vouches for it");
    forged[8] = 0x80;
    assert_eq!(inbound.open_rtcp(&forged), Err(Refused::Forged));
    for length in 0..sealed.len() {
        assert!(inbound.open_rtcp(&sealed[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_key_prints_nothing() {
    assert_eq!(format!("{:?}", key(1, STRONG)), "MasterKey(AES_CM_128_HMAC_SHA1_80, [redacted])");
}

#[test]
fn sound_header_extensions_pass_and_their_payload_is_in_place() {
    let key = key(1, STRONG);
    for extension in
        [&[0xbe, 0xde, 0, 1, 0x10, 0x55, 0, 0][..], &[0x10, 0, 0, 1, 1, 1, 9, 0], &[0xab, 0xcd, 0, 1, 1, 2, 3, 4]]
    {
        let mut plain = vec![0x90, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7];
        plain.extend_from_slice(extension);
        plain.extend_from_slice(&[0x55; 160]);
        let sealed = Outbound::new(&key).seal(&plain).unwrap();
        assert_eq!(Inbound::new(&key).open(7, 1, &sealed), Ok(plain), "{extension:?}");
    }
}

proptest! {
    /// The crate panics on header extensions that claim more than there is.
    #[test]
    fn no_bytes_bring_it_down(
        mut bytes in prop::collection::vec(any::<u8>(), 12..100),
        profile in prop::sample::select(vec![[0xbeu8, 0xde], [0x10, 0x00], [0x12, 0x34]]),
    ) {
        let key = key(1, STRONG);
        let mut inbound = Inbound::new(&key);
        let ssrc = u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
        prop_assert!(inbound.open(ssrc, 1, &bytes).is_err());
        bytes[0] = 0x90;
        if bytes.len() > 16 {
            bytes[12..14].copy_from_slice(&profile);
            bytes[14] = 0;
            bytes[15] %= 8;
        }
        prop_assert!(inbound.open(ssrc, 1, &bytes).is_err());
        prop_assert!(inbound.open_rtcp(&bytes).is_err());
    }
}
