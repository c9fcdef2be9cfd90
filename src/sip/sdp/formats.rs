//! What one m-line of audio offers and what of it we take (RFC 3264 §6.1): codecs, key presses, comfort noise, packet time, keys.

use std::fmt::Write;
use std::net::SocketAddr;

use super::crypto::{Crypto, Secret};
use super::description::{Direction, Media, SdpError};
use crate::rtp::{Codec, Negotiated};

/// An m-line that we can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken<'a> {
    pub(super) media: &'a Media,
    /// All that we have in common, in the peer's order.
    formats: Vec<(u8, Format)>,
    ptime_ms: u32,
    crypto: Option<&'a Crypto>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Audio(Codec),
    Event { clock_rate_hz: u32 },
    ComfortNoise,
}

impl<'a> Taken<'a> {
    /// `None`: no audio, switched off, a transport that we do not have, no codec or no key that we know.
    pub(super) fn of(media: &'a Media) -> Option<Self> {
        if media.port == 0 || !media.kind.eq_ignore_ascii_case("audio") {
            return None;
        }
        // A key beside plain RTP is what some phones call optional encryption. No RFC knows it, and plain RTP is what was
        // asked for.
        let crypto = if is_secure(&media.protocol)? { Some(media.crypto.first()?) } else { None };
        let mut formats: Vec<_> = media
            .formats
            .iter()
            .filter_map(|number| Some((number.parse().ok()?, format_of(number.parse().ok()?, media)?)))
            .collect();
        let has = |clock: u32| {
            formats.iter().any(|(_, format)| matches!(format, Format::Audio(codec) if codec.clock_rate_hz() == clock))
        };
        let (narrow, full) = (has(8000), has(48_000));
        if !narrow && !full {
            return None;
        }
        // RFC 4733 §2.1: the clock of key presses is that of the audio. 8000 beside Opus is common all the same.
        formats.retain(|(_, format)| !matches!(format, Format::Event { clock_rate_hz: 48_000 }) || full);
        let ptime_ms = if media.maxptime_ms.is_some_and(|most| most < 20) { 10 } else { 20 };
        Some(Self { media, formats, ptime_ms, crypto })
    }

    /// What is agreed, and our m-line with all that belongs to it. `line` is its index; port and direction are ours.
    pub(super) fn answer(
        &self,
        secret: &Secret,
        line: usize,
        port: u16,
        direction: Direction,
    ) -> Result<(Negotiated, String), SdpError> {
        let mut agreed = self.agreed(direction)?;
        let mut attributes = String::new();
        if let Some(crypto) = self.crypto {
            let (keys, text) = crypto.answer(secret, line).ok_or(SdpError::NoCommonCodec)?;
            agreed.keys = Some(Box::new(keys));
            attributes.push_str(&text);
        }
        if agreed.rtcp_mux {
            attributes.push_str("a=rtcp-mux\r\n");
        }
        let _ = write!(attributes, "a=ptime:{}\r\na={}\r\n", self.ptime_ms, direction.attribute());
        Ok((agreed, m_line(port, &self.media.protocol, &self.formats) + &attributes))
    }

    /// `direction` is ours.
    pub(super) fn agreed(&self, direction: Direction) -> Result<Negotiated, SdpError> {
        let media = self.media;
        let ip = media.address.ok_or(SdpError::NoAddress)?;
        let audio = self.formats.iter().filter_map(|(number, format)| match format {
            Format::Audio(codec) => Some((*number, *codec)),
            _ => None,
        });
        let mut agreed = Negotiated::plain(SocketAddr::new(ip, media.port), audio.collect());
        for (number, format) in &self.formats {
            match format {
                Format::Audio(_) => {}
                Format::Event { clock_rate_hz } => agreed.events.push((*number, *clock_rate_hz)),
                Format::ComfortNoise => agreed.comfort_noise.push(*number),
            }
        }
        agreed.rtcp_mux = media.rtcp_mux;
        match media.rtcp {
            _ if media.rtcp_mux => agreed.remote_rtcp = agreed.remote,
            Some((port, address)) => agreed.remote_rtcp = SocketAddr::new(address.unwrap_or(ip), port),
            None => {}
        }
        agreed.ptime_ms = self.ptime_ms;
        agreed.receive = direction.receives();
        // RFC 3264 §8.4: an address of zeros is the old way to say "on hold".
        agreed.send = direction.sends() && !ip.is_unspecified();
        Ok(agreed)
    }
}

/// Our own offer of an m-line: these codecs, the favourite first, key presses at their clock rates, comfort noise.
pub(super) fn offered(codecs: &[Codec], port: u16, direction: Direction) -> String {
    let mut formats: Vec<_> =
        codecs.iter().map(|codec| (codec.offered_payload_type(), Format::Audio(*codec))).collect();
    for (number, clock_rate_hz) in [(101, 8000), (110, 48_000)] {
        if codecs.iter().any(|codec| codec.clock_rate_hz() == clock_rate_hz) {
            formats.push((number, Format::Event { clock_rate_hz }));
        }
    }
    formats.push((COMFORT_NOISE, Format::ComfortNoise));
    m_line(port, "RTP/AVP", &formats) + &format!("a=ptime:20\r\na={}\r\n", direction.attribute())
}

/// RFC 3551 table 4.
const COMFORT_NOISE: u8 = 13;

fn is_secure(protocol: &str) -> Option<bool> {
    let is = |names: [&str; 2]| names.iter().any(|name| protocol.eq_ignore_ascii_case(name));
    match () {
        () if is(["RTP/AVP", "RTP/AVPF"]) => Some(false),
        () if is(["RTP/SAVP", "RTP/SAVPF"]) => Some(true),
        () => None,
    }
}

/// `a=rtpmap` decides; without one, the static number does (RFC 3551 §6).
fn format_of(number: u8, media: &Media) -> Option<Format> {
    if number >= 128 {
        return None;
    }
    let Some(encoding) = media.encodings.iter().find(|encoding| encoding.payload_type == number) else {
        let codec = Codec::ALL.into_iter().find(|codec| codec.static_payload_type() == Some(number));
        return codec.map(Format::Audio).or((number == COMFORT_NOISE).then_some(Format::ComfortNoise));
    };
    let is = |name: &str| encoding.name.eq_ignore_ascii_case(name);
    match encoding.clock_rate_hz {
        clock_rate_hz @ (8000 | 48_000) if is("telephone-event") => return Some(Format::Event { clock_rate_hz }),
        8000 if is("CN") => return Some(Format::ComfortNoise),
        _ => {}
    }
    // Two channels of anything but Opus are two voices. Opus is 2 by decree, and 1 with some peers.
    let fits = |codec: &Codec| {
        is(codec.encoding_name())
            && encoding.clock_rate_hz == codec.clock_rate_hz()
            && (encoding.channels == 1 || encoding.channels == codec.channels())
    };
    Codec::ALL.into_iter().find(fits).map(Format::Audio)
}

fn m_line(port: u16, protocol: &str, formats: &[(u8, Format)]) -> String {
    let mut text = format!("m=audio {port} {protocol}");
    for (number, _) in formats {
        let _ = write!(text, " {number}");
    }
    text.push_str("\r\n");
    for (number, format) in formats {
        let _ = match format {
            // RFC 7587 §7: one channel of at most 8 kHz sound is all that we use, and what is lost stays lost.
            Format::Audio(Codec::Opus) => write!(
                text,
                "a=rtpmap:{number} opus/48000/2\r\na=fmtp:{number} maxplaybackrate=16000;stereo=0;useinbandfec=0\r\n"
            ),
            Format::Audio(codec) => {
                write!(text, "a=rtpmap:{number} {}/{}\r\n", codec.encoding_name(), codec.clock_rate_hz())
            }
            // RFC 4733 §2.4.1: the keys of a telephone.
            Format::Event { clock_rate_hz } => {
                write!(text, "a=rtpmap:{number} telephone-event/{clock_rate_hz}\r\na=fmtp:{number} 0-15\r\n")
            }
            Format::ComfortNoise => write!(text, "a=rtpmap:{number} CN/8000\r\n"),
        };
    }
    text
}

#[cfg(test)]
mod tests;
