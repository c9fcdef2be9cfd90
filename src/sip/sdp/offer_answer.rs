//! Offer and answer for one audio stream (RFC 3264).

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use super::description::{Description, Direction, Media, SdpError};
use crate::rtp::{Codec, Negotiated};

/// Our side of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// `o=`: stays for the whole session.
    pub session: u64,
    /// `o=`: grows by one with each description sent (RFC 3264 §8).
    pub version: u64,
    pub rtp: SocketAddr,
}

/// Whether the offer holds audio that we can take: asked before a port is opened for it.
pub fn is_usable(offer: &Description) -> bool {
    usable_audio(offer).is_some_and(|audio| audio.media.address.is_some())
}

/// Answers every m-line (RFC 3264 §6): the first usable audio is taken, the others are refused with port 0.
pub fn answer(offer: &Description, local: &Local) -> Result<(String, Negotiated), SdpError> {
    let Usable { index: taken, media, formats } = usable_audio(offer).ok_or(SdpError::NoCommonCodec)?;
    let direction = media.direction.answered();
    let agreed = negotiated(media, formats, direction)?;
    let mut text = session_lines(local);
    for (index, media) in offer.media.iter().enumerate() {
        if index == taken {
            audio_lines(&mut text, local, &media.protocol, &agreed.formats, direction);
        } else {
            let formats = if media.formats.is_empty() { "0".to_owned() } else { media.formats.join(" ") };
            let _ = write!(text, "m={} 0 {} {formats}\r\n", media.kind, media.protocol);
        }
    }
    Ok((text, agreed))
}

/// One audio stream in any of these codecs, the favourite first.
pub fn offer(local: &Local, codecs: &[Codec]) -> String {
    let formats: Vec<_> = codecs.iter().map(|codec| (codec.static_payload_type(), *codec)).collect();
    let mut text = session_lines(local);
    audio_lines(&mut text, local, "RTP/AVP", &formats, Direction::SendRecv);
    text
}

/// The peer's answer to [`offer`].
pub fn accept_answer(answer: &Description) -> Result<Negotiated, SdpError> {
    let Usable { index: taken, media, formats } = usable_audio(answer).ok_or(SdpError::Refused)?;
    if taken != 0 {
        return Err(SdpError::Refused);
    }
    negotiated(media, formats, media.direction.answered())
}

struct Usable<'a> {
    index: usize,
    media: &'a Media,
    formats: Vec<(u8, Codec)>,
}

/// The first m-line of audio over plain RTP that has a codec of ours, with those codecs in the peer's order.
fn usable_audio(description: &Description) -> Option<Usable<'_>> {
    description.media.iter().enumerate().find_map(|(index, media)| {
        let plain_rtp = ["RTP/AVP", "RTP/AVPF"].iter().any(|name| media.protocol.eq_ignore_ascii_case(name));
        if media.port == 0 || !plain_rtp || !media.kind.eq_ignore_ascii_case("audio") {
            return None;
        }
        let known = |format: &String| codec_of(format.parse().ok()?, media);
        let formats: Vec<_> = media.formats.iter().filter_map(known).collect();
        (!formats.is_empty()).then_some(Usable { index, media, formats })
    })
}

/// `a=rtpmap` decides; without one, the static number does (RFC 3551 §6).
fn codec_of(payload_type: u8, media: &Media) -> Option<(u8, Codec)> {
    let mapped = media.encodings.iter().find(|(number, _, _)| *number == payload_type);
    let codec = Codec::ALL.into_iter().find(|codec| match mapped {
        Some((_, name, clock_hz)) => {
            name.eq_ignore_ascii_case(codec.encoding_name()) && *clock_hz == codec.clock_rate_hz()
        }
        None => codec.static_payload_type() == payload_type,
    })?;
    (payload_type < 128).then_some((payload_type, codec))
}

/// `direction` is ours.
fn negotiated(media: &Media, formats: Vec<(u8, Codec)>, direction: Direction) -> Result<Negotiated, SdpError> {
    let ip = media.address.ok_or(SdpError::NoAddress)?;
    // RFC 3264 §8.4: an address of zeros is the old way to say "on hold".
    let send = direction.sends() && !ip.is_unspecified();
    Ok(Negotiated { remote: SocketAddr::new(ip, media.port), formats, receive: direction.receives(), send })
}

fn session_lines(local: &Local) -> String {
    let (family, ip) = address(local.rtp.ip());
    // RFC 8866 §5: v, o, s, c, t in this order; `s=-` where a session has no name.
    format!("v=0\r\no=- {} {} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n", local.session, local.version)
}

fn audio_lines(text: &mut String, local: &Local, protocol: &str, formats: &[(u8, Codec)], direction: Direction) {
    let _ = write!(text, "m=audio {} {protocol}", local.rtp.port());
    for (payload_type, _) in formats {
        let _ = write!(text, " {payload_type}");
    }
    text.push_str("\r\n");
    for (payload_type, codec) in formats {
        let _ = write!(text, "a=rtpmap:{payload_type} {}/{}\r\n", codec.encoding_name(), codec.clock_rate_hz());
    }
    let _ = write!(text, "a=ptime:20\r\na={}\r\n", direction.attribute());
}

fn address(ip: IpAddr) -> (&'static str, IpAddr) {
    match ip {
        IpAddr::V4(_) => ("IP4", ip),
        IpAddr::V6(_) => ("IP6", ip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> Local {
        Local { session: 7, version: 3, rtp: "192.0.2.1:20000".parse().unwrap() }
    }

    fn parse(media: &str) -> Description {
        Description::parse(
            format!("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n{media}").as_bytes(),
        )
        .unwrap()
    }

    #[test]
    fn every_m_line_is_answered_in_place_and_the_first_usable_audio_is_taken() {
        let offer = parse(
            "m=video 5000 RTP/AVP 97 98\r\nm=audio 5002 RTP/SAVP 8\r\n\
             m=audio 5004 RTP/AVP 111 8 101\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n\
             m=audio 5006 RTP/AVP 0\r\n",
        );
        let (text, agreed) = answer(&offer, &local()).unwrap();
        assert_eq!(agreed.remote, "192.0.2.9:5004".parse().unwrap());
        assert_eq!(agreed.formats, [(8, Codec::Pcma)]);
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with("m=")).collect();
        assert_eq!(
            lines,
            ["m=video 0 RTP/AVP 97 98", "m=audio 0 RTP/SAVP 8", "m=audio 20000 RTP/AVP 8", "m=audio 0 RTP/AVP 0"]
        );
        assert!(text.contains("o=- 7 3 IN IP4 192.0.2.1\r\n"));
        assert!(text.contains("a=rtpmap:8 PCMA/8000\r\n"));
    }

    #[test]
    fn directions_are_mirrored() {
        for (offered, answered, receive, send) in [
            ("a=sendrecv\r\n", "a=sendrecv", true, true),
            ("a=sendonly\r\n", "a=recvonly", true, false),
            ("a=recvonly\r\n", "a=sendonly", false, true),
            ("a=inactive\r\n", "a=inactive", false, false),
            ("c=IN IP4 0.0.0.0\r\n", "a=sendrecv", true, false),
        ] {
            let (text, agreed) = answer(&parse(&format!("m=audio 4000 RTP/AVP 0\r\n{offered}")), &local()).unwrap();
            assert!(text.lines().any(|line| line == answered), "{offered}");
            assert_eq!((agreed.receive, agreed.send), (receive, send), "{offered}");
        }
    }

    #[test]
    fn a_dynamic_number_counts_by_its_name_and_a_static_one_can_be_renamed_away() {
        let offer = parse("m=audio 4000 RTP/AVP 96 0 8\r\na=rtpmap:96 pcma/8000\r\na=rtpmap:0 L16/8000\r\n");
        let (text, agreed) = answer(&offer, &local()).unwrap();
        assert_eq!(agreed.formats, [(96, Codec::Pcma), (8, Codec::Pcma)]);
        assert!(text.contains("m=audio 20000 RTP/AVP 96 8\r\n"));
    }

    #[test]
    fn an_offer_without_our_codecs_or_without_an_address_is_not_usable() {
        for media in ["", "m=audio 4000 RTP/AVP 18\r\n", "m=audio 0 RTP/AVP 0\r\n", "m=image 4000 udptl t38\r\n"] {
            let offer = parse(media);
            assert!(!is_usable(&offer), "{media}");
            assert_eq!(answer(&offer, &local()), Err(SdpError::NoCommonCodec), "{media}");
        }
        let named = parse("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 media.example\r\n");
        assert!(!is_usable(&named));
        assert_eq!(answer(&named, &local()), Err(SdpError::NoAddress));
    }

    #[test]
    fn our_offer_is_usable_and_its_answer_is_read_from_the_first_m_line() {
        let offered = Description::parse(offer(&local(), &Codec::ALL).as_bytes()).unwrap();
        assert!(is_usable(&offered));
        let agreed = accept_answer(&parse("m=audio 4000 RTP/AVP 8\r\na=recvonly\r\n")).unwrap();
        assert_eq!(agreed.formats, [(8, Codec::Pcma)]);
        assert_eq!((agreed.receive, agreed.send), (false, true));
        assert_eq!(accept_answer(&parse("m=audio 0 RTP/AVP 0\r\n")), Err(SdpError::Refused));
    }
}
