//! SRTP and SRTCP (RFC 3711) with keys from SDES, over the transforms of webrtc-srtp.
//!
//! What that crate leaves open is closed here: it parses header extensions before it authenticates and panics on broken
//! ones, keeps state for every SSRC that anybody claims, lets the first packet of one set the replay window before it has
//! proved itself, believes SRTCP that says it is not encrypted, knows no MKI, and cannot begin a key at another roll-over
//! count than 0.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use webrtc_srtp::Error;
use webrtc_srtp::context::Context;
use webrtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use webrtc_srtp::protection_profile::ProtectionProfile;
use zeroize::Zeroizing;

/// A crypto suite of RFC 4568 §6.2 that we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    AesCm128HmacSha1_80,
    /// The tag of RTP has 32 bits, that of RTCP still 80 (§6.2.2).
    AesCm128HmacSha1_32,
}

impl Suite {
    pub const ALL: [Suite; 2] = [Suite::AesCm128HmacSha1_80, Suite::AesCm128HmacSha1_32];

    pub fn name(self) -> &'static str {
        match self {
            Suite::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Suite::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    fn tag_bytes(self) -> usize {
        match self {
            Suite::AesCm128HmacSha1_80 => 10,
            Suite::AesCm128HmacSha1_32 => 4,
        }
    }

    fn profile(self) -> ProtectionProfile {
        match self {
            Suite::AesCm128HmacSha1_80 => ProtectionProfile::Aes128CmHmacSha1_80,
            Suite::AesCm128HmacSha1_32 => ProtectionProfile::Aes128CmHmacSha1_32,
        }
    }
}

/// Master key and salt of one direction. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey {
    suite: Suite,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    /// Length of the key's name in each packet (RFC 3711 §3.1); 0: none.
    mki_bytes: u8,
}

/// 16 of the key and 14 of the salt (RFC 4568 §6.2).
pub const KEY_BYTES: usize = 30;
const SALT_AT: usize = 16;

impl MasterKey {
    pub fn new(suite: Suite, bytes: [u8; KEY_BYTES], mki_bytes: u8) -> Self {
        Self { suite, bytes: Zeroizing::new(bytes), mki_bytes }
    }

    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// For the `a=crypto` line of our own key, and nothing else.
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }

    fn context(&self) -> Option<Transform> {
        let (key, salt) = self.bytes.split_at(SALT_AT);
        let windows = (srtp_replay_protection(REPLAY_WINDOW), srtcp_replay_protection(REPLAY_WINDOW));
        // It refuses keys of other lengths alone.
        Context::new(key, salt, self.suite.profile(), Some(windows.0), Some(windows.1))
            .ok()
            .map(|context| Transform(Mutex::new(context)))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, [redacted])", self.suite.name())
    }
}

/// The crate's context may not be shared between threads, though a call that holds it may be. Whoever has it alone needs no
/// lock, so none is ever taken.
struct Transform(Mutex<Context>);

impl Transform {
    fn open(&mut self, packet: &[u8]) -> Result<Vec<u8>, Refused> {
        Ok(self.context().decrypt_rtp(packet)?.into())
    }

    fn open_rtcp(&mut self, packet: &[u8]) -> Result<Vec<u8>, Refused> {
        Ok(self.context().decrypt_rtcp(packet)?.into())
    }

    fn seal(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        Some(self.context().encrypt_rtp(packet).ok()?.into())
    }

    fn seal_rtcp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        Some(self.context().encrypt_rtcp(packet).ok()?.into())
    }

    fn context(&mut self) -> &mut Context {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

/// RFC 3711 §3.3.2: at least 64. Reordering in a call is a few packets.
const REPLAY_WINDOW: usize = 64;

/// Why a packet was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// Not of the peer's key, or too broken to tell.
    Forged,
    Replayed,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        match error {
            Error::SrtpSsrcDuplicated(..) | Error::SrtcpSsrcDuplicated(..) => Refused::Replayed,
            _ => Refused::Forged,
        }
    }
}

/// The receiving direction: the peer's key, and its last one until the first good packet of the new.
pub(super) struct Inbound {
    current: Keyed,
    previous: Option<Keyed>,
    scratch: Vec<u8>,
}

/// A key with what was learnt under it.
struct Keyed {
    key: MasterKey,
    /// Streams that have proved themselves, the newest last. Any other is tried on a context of its own, which goes when
    /// it fails: what is claimed leaves nothing behind.
    streams: Vec<Stream>,
    /// The same for RTCP, of which one source is enough.
    rtcp: Option<(u32, Transform)>,
    /// Attempts left to go on at the roll-over count of the key before.
    windings: u32,
}

struct Stream {
    ssrc: u32,
    context: Transform,
    /// Roll-over count and sequence number (RFC 3711 §3.3.1).
    index: u64,
}

/// The caller, the music on hold, and one more on each side of a transfer. Going back to one further past needs a re-INVITE.
const MAX_STREAMS: usize = 4;
/// Packets that pass neither key while a new one is awaited; each attempt costs tens of microseconds.
const MAX_WINDINGS: u32 = 32;

impl Inbound {
    pub(super) fn new(key: &MasterKey) -> Self {
        Self { current: Keyed::new(key), previous: None, scratch: Vec::new() }
    }

    /// The key of a new offer. The same key goes on as it is: its roll-over count and replay window are not forgotten.
    pub(super) fn rekey(&mut self, key: &MasterKey) {
        if self.current.key != *key {
            self.previous = Some(std::mem::replace(&mut self.current, Keyed::new(key)));
        }
    }

    /// The RTP packet, authenticated and in the clear. `datagram` has at least the 12 bytes of a header.
    pub(super) fn open(&mut self, ssrc: u32, sequence: u16, datagram: &[u8]) -> Result<Vec<u8>, Refused> {
        if !has_sound_header(datagram) {
            return Err(Refused::Forged);
        }
        let refused = match self.current.open(ssrc, sequence, datagram, &mut self.scratch) {
            Ok(packet) => {
                self.previous = None;
                return Ok(packet);
            }
            Err(refused) => refused,
        };
        let Some(previous) = &mut self.previous else { return Err(refused) };
        if let Ok(packet) = previous.open(ssrc, sequence, datagram, &mut self.scratch) {
            return Ok(packet);
        }
        let index = previous.streams.iter().find(|stream| stream.ssrc == ssrc).map_or(0, |stream| stream.index);
        let packet = self.current.go_on(ssrc, index, datagram, &mut self.scratch).ok_or(refused)?;
        self.previous = None;
        Ok(packet)
    }

    /// The RTCP packet, authenticated and in the clear.
    pub(super) fn open_rtcp(&mut self, datagram: &[u8]) -> Result<Vec<u8>, Refused> {
        let opened = self.current.open_rtcp(datagram, &mut self.scratch);
        match (&mut self.previous, opened) {
            (Some(previous), Err(_)) => previous.open_rtcp(datagram, &mut self.scratch),
            (_, opened) => opened,
        }
    }
}

impl Keyed {
    fn new(key: &MasterKey) -> Self {
        Self { key: key.clone(), streams: Vec::new(), rtcp: None, windings: MAX_WINDINGS }
    }

    fn open(&mut self, ssrc: u32, sequence: u16, datagram: &[u8], scratch: &mut Vec<u8>) -> Result<Vec<u8>, Refused> {
        let datagram = without_mki(datagram, self.key.mki_bytes, self.key.suite.tag_bytes(), scratch)?;
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.ssrc == ssrc) {
            let packet = stream.context.open(datagram)?;
            stream.follow(sequence);
            return Ok(packet);
        }
        let mut context = self.key.context().ok_or(Refused::Forged)?;
        let packet = context.open(datagram)?;
        self.keep(Stream { ssrc, context, index: u64::from(sequence) });
        Ok(packet)
    }

    /// RFC 3711 §3.3.1: a new key does not set the roll-over count back. Some senders do, so 0 is tried before this.
    fn go_on(&mut self, ssrc: u32, index: u64, datagram: &[u8], scratch: &mut Vec<u8>) -> Option<Vec<u8>> {
        if index >> 16 == 0 || self.windings == 0 {
            return None;
        }
        self.windings -= 1;
        let datagram = without_mki(datagram, self.key.mki_bytes, self.key.suite.tag_bytes(), scratch).ok()?;
        let mut context = wound_to(&self.key, ssrc, index)?;
        let packet = context.open(datagram).ok()?;
        self.keep(Stream { ssrc, context, index });
        Some(packet)
    }

    fn open_rtcp(&mut self, datagram: &[u8], scratch: &mut Vec<u8>) -> Result<Vec<u8>, Refused> {
        /// 80 bits in both suites.
        const TAG_BYTES: usize = 10;
        /// The flag E and the index (RFC 3711 §3.4).
        const INDEX_BYTES: usize = 4;
        let datagram = without_mki(datagram, self.key.mki_bytes, TAG_BYTES, scratch)?;
        let index_at = datagram.len().checked_sub(TAG_BYTES + INDEX_BYTES).ok_or(Refused::Forged)?;
        // The crate would let a packet without E pass unauthenticated.
        if index_at < 8 || datagram[index_at] >> 7 == 0 {
            return Err(Refused::Forged);
        }
        let ssrc = u32::from_be_bytes([datagram[4], datagram[5], datagram[6], datagram[7]]);
        if let Some((proved, context)) = &mut self.rtcp
            && *proved == ssrc
        {
            return context.open_rtcp(datagram);
        }
        let mut context = self.key.context().ok_or(Refused::Forged)?;
        let packet = context.open_rtcp(datagram)?;
        self.rtcp = Some((ssrc, context));
        Ok(packet)
    }

    fn keep(&mut self, stream: Stream) {
        if self.streams.len() == MAX_STREAMS {
            self.streams.remove(0);
        }
        self.streams.push(stream);
    }
}

impl Stream {
    fn follow(&mut self, sequence: u16) {
        let step = sequence.wrapping_sub(self.index as u16) as i16;
        self.index = self.index.max(self.index.saturating_add_signed(i64::from(step)));
    }
}

/// A context of `key` that stands shortly before `index`, led there by packets of our own making.
fn wound_to(key: &MasterKey, ssrc: u32, index: u64) -> Option<Transform> {
    /// Half of what a sequence number may jump ahead.
    const STEP: usize = 1 << 14;
    /// Two days of packets of 20 ms.
    const MAX_INDEX: u64 = 128 << 16;
    let (mut sender, mut receiver) = (key.context()?, key.context()?);
    let mut packet = [0; 12];
    packet[0] = 2 << 6;
    packet[8..].copy_from_slice(&ssrc.to_be_bytes());
    for at in (0..=index.min(MAX_INDEX).saturating_sub(STEP as u64)).step_by(STEP) {
        packet[2..4].copy_from_slice(&(at as u16).to_be_bytes());
        receiver.open(&sender.seal(&packet)?).ok()?;
    }
    Some(receiver)
}

/// The sending direction.
pub(super) struct Outbound {
    key: MasterKey,
    context: Option<Transform>,
}

impl Outbound {
    pub(super) fn new(key: &MasterKey) -> Self {
        Self { key: key.clone(), context: key.context() }
    }

    pub(super) fn is_of(&self, key: &MasterKey) -> bool {
        self.key == *key
    }

    /// `packet` must be a well-formed RTP packet.
    pub(super) fn seal(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.context.as_mut()?.seal(packet)
    }

    pub(super) fn seal_rtcp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.context.as_mut()?.seal_rtcp(packet)
    }
}

/// The packet without the name of its key, which stands before the tag and is not authenticated (RFC 3711 §3.1).
fn without_mki<'a>(
    datagram: &'a [u8],
    mki_bytes: u8,
    tag_bytes: usize,
    scratch: &'a mut Vec<u8>,
) -> Result<&'a [u8], Refused> {
    let mki_bytes = usize::from(mki_bytes);
    if mki_bytes == 0 {
        return Ok(datagram);
    }
    let end = datagram.len().checked_sub(mki_bytes + tag_bytes).ok_or(Refused::Forged)?;
    scratch.clear();
    scratch.extend_from_slice(&datagram[..end]);
    scratch.extend_from_slice(&datagram[end + mki_bytes..]);
    Ok(scratch)
}

/// Whether header extensions (RFC 3550 §5.3.1, RFC 8285) fill the room that they claim, element by element.
fn has_sound_header(datagram: &[u8]) -> bool {
    let Some(first) = datagram.first() else { return false };
    let at = 12 + 4 * usize::from(first & 0x0f);
    if first & 0x10 == 0 {
        return datagram.len() >= at;
    }
    let Some(&[profile_high, profile_low, high, low]) = datagram.get(at..at + 4) else { return false };
    let length = 4 * usize::from(u16::from_be_bytes([high, low]));
    let Some(mut rest) = datagram.get(at + 4..at + 4 + length) else { return false };
    let one_byte = match [profile_high, profile_low] {
        [0xbe, 0xde] => true,
        [0x10, 0x00] => false,
        _ => return true,
    };
    while let Some((&id, after)) = rest.split_first() {
        let body = match (id, one_byte) {
            (0, _) => Some(after),
            // RFC 8285 §4.2: 15 ends the list; nobody sends it, and the crate would lose count.
            (0xf0.., true) => None,
            (id, true) => after.get(usize::from(id & 0x0f) + 1..),
            (_, false) => after.split_first().and_then(|(&length, body)| body.get(usize::from(length)..)),
        };
        let Some(body) = body else { return false };
        rest = body;
    }
    true
}

#[cfg(test)]
mod tests;
