//! Offer and answer (RFC 3264): one audio stream of a plain call, every audio stream of a recording session.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use super::crypto::Secret;
use super::description::{Description, Direction, Media, SdpError};
use super::formats::{self, Taken};
use crate::rtp::{Codec, Negotiated};

/// Our side of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// `o=`: stays for the whole session.
    pub session: u64,
    /// `o=`: grows by one with each description sent (RFC 3264 §8).
    pub version: u64,
    /// Our media sockets, all of one address. Stream `n` of a recording session has the `n`-th; a plain call has one.
    pub rtp: Vec<SocketAddr>,
    pub take: Take,
    /// Our keys come from it.
    pub secret: Secret,
}

impl Local {
    fn port(&self, slot: usize) -> u16 {
        self.rtp.get(slot).map_or(0, SocketAddr::port)
    }
}

/// Which of the offered streams we want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// The first usable audio: a plain call.
    One,
    /// Every usable audio, only to listen (RFC 7866 §7.2): a recording session.
    All,
}

/// One stream that both sides want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Which of [`Local::rtp`] it comes to.
    pub slot: usize,
    /// `a=label`.
    pub label: Option<String>,
    pub media: Negotiated,
}

/// An answer of ours, and what it agrees to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
    /// By slot. Empty when the peer has switched every stream off for now.
    pub streams: Vec<Stream>,
    /// What every m-line came to: a later offer of ours must have the same ones (RFC 3264 §8).
    pub lines: Vec<Line>,
}

/// An m-line of the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Taken {
        slot: usize,
        label: Option<String>,
    },
    /// As we wrote it, with port 0.
    Refused(String),
}

/// Streams of one recording session: a conference of four with a stream each way. More are refused with port 0.
pub const MAX_STREAMS: usize = 8;

/// Whether the offer holds audio that we can take: asked before a port is opened for it.
pub fn is_usable(offer: &Description, take: Take) -> bool {
    match take {
        Take::One => first_usable(offer).is_some_and(|(_, audio)| audio.media.address.is_some()),
        // Streams that are off may come on later.
        Take::All => recorded_streams(offer).any(|(_, media)| media.port == 0 || is_recordable(media)),
    }
}

/// How many media sockets the answer to this offer takes; at least one, so that there is an address to answer with.
pub fn sockets_for(offer: &Description, take: Take) -> usize {
    let highest = match take {
        Take::One => None,
        Take::All => recorded_streams(offer).filter(|(_, media)| is_recordable(media)).map(|(slot, _)| slot).max(),
    };
    highest.map_or(1, |slot| slot + 1)
}

/// The audio streams of a recording session with their numbers, which stay for the whole session: RFC 3264 §8 lets no
/// m-line vanish.
pub fn recorded_streams(description: &Description) -> impl Iterator<Item = (usize, &Media)> {
    description.media.iter().filter(|media| is_audio(media)).take(MAX_STREAMS).enumerate()
}

/// Answers every m-line in its place (RFC 3264 §6): what is wanted is taken, the others are refused with port 0.
pub fn answer(offer: &Description, local: &Local) -> Result<Answer, SdpError> {
    let taken = match local.take {
        Take::One => first_usable(offer).map(|first| (0, first)).into_iter().collect(),
        Take::All => all_usable(offer, local.rtp.len()),
    };
    let off = offer.media.iter().any(|media| is_audio(media) && media.port == 0);
    if taken.is_empty() && !off {
        return Err(SdpError::NoCommonCodec);
    }
    let (mut streams, mut lines) = (Vec::with_capacity(taken.len()), Vec::with_capacity(offer.media.len()));
    let mut text = session_lines(local);
    for (index, media) in offer.media.iter().enumerate() {
        let Some((slot, (_, usable))) = taken.iter().find(|(_, (at, _))| *at == index) else {
            let formats = if media.formats.is_empty() { "0".to_owned() } else { media.formats.join(" ") };
            let line = format!("m={} 0 {} {formats}\r\n", media.kind, media.protocol);
            text.push_str(&line);
            lines.push(Line::Refused(line));
            continue;
        };
        let direction = match local.take {
            Take::One => media.direction.answered(),
            Take::All if media.direction.sends() => Direction::RecvOnly,
            Take::All => Direction::Inactive,
        };
        let (agreed, lines_of_media) = usable.answer(&local.secret, index, local.port(*slot), direction)?;
        text.push_str(&lines_of_media);
        label_line(&mut text, media.label.as_deref());
        lines.push(Line::Taken { slot: *slot, label: media.label.clone() });
        streams.push(Stream { slot: *slot, label: media.label.clone(), media: agreed });
    }
    Ok(Answer { text, streams, lines })
}

/// Our offer, where the peer wants it from us. `lines`: the session's so far; without any, one stream of a plain call, or
/// as many of a recording session as there are sockets.
pub fn offer(local: &Local, codecs: &[Codec], lines: &[Line]) -> String {
    let first: Vec<_> = (0..local.rtp.len()).map(|slot| Line::Taken { slot, label: None }).collect();
    let direction = match local.take {
        Take::One => Direction::SendRecv,
        Take::All => Direction::RecvOnly,
    };
    let mut text = session_lines(local);
    for line in if lines.is_empty() { &first } else { lines } {
        match line {
            Line::Taken { slot, label } => {
                text.push_str(&formats::offered(codecs, local.port(*slot), direction));
                label_line(&mut text, label.as_deref());
            }
            Line::Refused(line) => text.push_str(line),
        }
    }
    text
}

/// The peer's answer to [`offer`].
pub fn accept_answer(answer: &Description, take: Take) -> Result<Vec<Stream>, SdpError> {
    let taken = match take {
        Take::One => first_usable(answer).map(|first| (0, first)).into_iter().collect(),
        Take::All => all_usable(answer, MAX_STREAMS),
    };
    if taken.is_empty() {
        return Err(SdpError::Refused);
    }
    let stream = |(slot, (_, usable)): (usize, Indexed<'_>)| {
        let media = usable.agreed(usable.media.direction.answered())?;
        Ok(Stream { slot, label: usable.media.label.clone(), media })
    };
    taken.into_iter().map(stream).collect()
}

/// An m-line that we can take, behind its index.
type Indexed<'a> = (usize, Taken<'a>);

fn first_usable(description: &Description) -> Option<Indexed<'_>> {
    description.media.iter().enumerate().find_map(|(index, media)| Some((index, Taken::of(media)?)))
}

/// With their slots; those beyond the `sockets` that there are stay out.
fn all_usable(description: &Description, sockets: usize) -> Vec<(usize, Indexed<'_>)> {
    let audio =
        description.media.iter().enumerate().filter(|(_, media)| is_audio(media)).take(sockets.min(MAX_STREAMS));
    audio
        .enumerate()
        .filter(|(_, (_, media))| media.address.is_some())
        .filter_map(|(slot, (index, media))| Some((slot, (index, Taken::of(media)?))))
        .collect()
}

fn is_recordable(media: &Media) -> bool {
    media.address.is_some() && Taken::of(media).is_some()
}

fn is_audio(media: &Media) -> bool {
    media.kind.eq_ignore_ascii_case("audio")
}

fn session_lines(local: &Local) -> String {
    let ip = local.rtp.first().map_or(IpAddr::from([0, 0, 0, 0]), SocketAddr::ip);
    let (family, ip) = address(ip);
    // RFC 8866 §5: v, o, s, c, t in this order; `s=-` where a session has no name.
    format!("v=0\r\no=- {} {} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n", local.session, local.version)
}

fn label_line(text: &mut String, label: Option<&str>) {
    if let Some(label) = label {
        let _ = write!(text, "a=label:{label}\r\n");
    }
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
        Local {
            session: 7,
            version: 3,
            rtp: vec!["192.0.2.1:20000".parse().unwrap()],
            take: Take::One,
            secret: Secret::new([7; 32]),
        }
    }

    /// With this many sockets.
    fn recorder(sockets: u16) -> Local {
        let rtp = (0..sockets).map(|n| format!("192.0.2.1:{}", 20_000 + 2 * n).parse().unwrap()).collect();
        Local { rtp, take: Take::All, ..local() }
    }

    /// The answer to one plain call, and what was agreed of its stream.
    fn one(offer: &Description) -> (String, Negotiated) {
        let Answer { text, mut streams, .. } = answer(offer, &local()).unwrap();
        assert_eq!(streams.len(), 1);
        (text, streams.remove(0).media)
    }

    fn m_lines(text: &str) -> Vec<&str> {
        text.lines().filter(|line| line.starts_with("m=")).collect()
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
             m=audio 5004 RTP/AVP 111 18 8 101\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n\
             m=audio 5006 RTP/AVP 0\r\n",
        );
        let (text, agreed) = one(&offer);
        assert_eq!(agreed.remote, "192.0.2.9:5004".parse().unwrap());
        assert_eq!(agreed.formats, [(111, Codec::Opus), (8, Codec::Pcma)]);
        assert_eq!(agreed.events, [(101, 8000)]);
        assert_eq!(
            m_lines(&text),
            [
                "m=video 0 RTP/AVP 97 98",
                "m=audio 0 RTP/SAVP 8",
                "m=audio 20000 RTP/AVP 111 8 101",
                "m=audio 0 RTP/AVP 0"
            ]
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
            let (text, agreed) = one(&parse(&format!("m=audio 4000 RTP/AVP 0\r\n{offered}")));
            assert!(text.lines().any(|line| line == answered), "{offered}");
            assert_eq!((agreed.receive, agreed.send), (receive, send), "{offered}");
        }
    }

    #[test]
    fn a_dynamic_number_counts_by_its_name_and_a_static_one_can_be_renamed_away() {
        let offer = parse("m=audio 4000 RTP/AVP 96 0 8\r\na=rtpmap:96 pcma/8000\r\na=rtpmap:0 L16/8000\r\n");
        let (text, agreed) = one(&offer);
        assert_eq!(agreed.formats, [(96, Codec::Pcma), (8, Codec::Pcma)]);
        assert!(text.contains("m=audio 20000 RTP/AVP 96 8\r\n"));
    }

    #[test]
    fn an_offer_without_our_codecs_or_without_an_address_is_not_usable() {
        for media in ["", "m=audio 4000 RTP/AVP 18\r\n", "m=image 4000 udptl t38\r\n"] {
            let offer = parse(media);
            assert!(!is_usable(&offer, Take::One) && !is_usable(&offer, Take::All), "{media}");
            assert_eq!(answer(&offer, &local()), Err(SdpError::NoCommonCodec), "{media}");
        }
        let named = parse("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 media.example\r\n");
        assert!(!is_usable(&named, Take::One));
        assert_eq!(answer(&named, &local()), Err(SdpError::NoAddress));
    }

    #[test]
    fn our_offer_is_usable_and_its_answer_is_read_from_the_first_m_line() {
        let offered = Description::parse(offer(&local(), &Codec::ALL, &[]).as_bytes()).unwrap();
        assert!(is_usable(&offered, Take::One));
        let answer = parse("m=audio 4000 RTP/AVP 8\r\na=recvonly\r\n");
        let agreed = accept_answer(&answer, Take::One).unwrap().remove(0).media;
        assert_eq!(agreed.formats, [(8, Codec::Pcma)]);
        assert_eq!((agreed.receive, agreed.send), (false, true));
        assert_eq!(accept_answer(&parse("m=audio 0 RTP/AVP 0\r\n"), Take::One), Err(SdpError::Refused));
    }

    #[test]
    fn every_stream_of_a_recording_is_taken_to_listen_with_its_label() {
        let offer = parse(
            "m=audio 5000 RTP/AVP 0\r\na=label:caller\r\na=sendonly\r\nm=video 5002 RTP/AVP 97\r\na=label:v\r\n\
             m=audio 5004 RTP/AVP 8\r\na=label:10\r\na=inactive\r\nm=audio 5006 RTP/AVP 0\r\n",
        );
        assert_eq!(sockets_for(&offer, Take::All), 3);
        let Answer { text, streams, .. } = answer(&offer, &recorder(3)).unwrap();
        let lines =
            ["m=audio 20000 RTP/AVP 0", "m=video 0 RTP/AVP 97", "m=audio 20002 RTP/AVP 8", "m=audio 20004 RTP/AVP 0"];
        assert_eq!(m_lines(&text), lines);
        let attributes: Vec<_> =
            text.lines().filter(|l| l.starts_with("a=label") || l.ends_with("only") || l.ends_with("active")).collect();
        assert_eq!(attributes, ["a=recvonly", "a=label:caller", "a=inactive", "a=label:10", "a=recvonly"]);
        let agreed: Vec<_> =
            streams.iter().map(|s| (s.slot, s.label.as_deref(), s.media.receive, s.media.send)).collect();
        assert_eq!(agreed, [(0, Some("caller"), true, false), (1, Some("10"), false, false), (2, None, true, false)]);
    }

    #[test]
    fn a_stream_of_a_recording_keeps_its_socket_while_others_come_and_go() {
        let offer = parse("m=audio 0 RTP/AVP 0\r\na=label:1\r\nm=audio 5004 RTP/AVP 0\r\na=label:2\r\n");
        let Answer { text, streams, .. } = answer(&offer, &recorder(2)).unwrap();
        assert_eq!(m_lines(&text), ["m=audio 0 RTP/AVP 0", "m=audio 20002 RTP/AVP 0"]);
        assert_eq!(streams.iter().map(|s| s.slot).collect::<Vec<_>>(), [1]);
        let off = parse("m=audio 0 RTP/AVP 0\r\nm=audio 0 RTP/AVP 0\r\n");
        assert!(is_usable(&off, Take::All) && sockets_for(&off, Take::All) == 1);
        assert_eq!(answer(&off, &recorder(2)).unwrap().streams, []);
    }

    #[test]
    fn streams_beyond_the_sockets_are_refused_in_place() {
        let offer = parse(&"m=audio 5000 RTP/AVP 0\r\n".repeat(9));
        assert_eq!(sockets_for(&offer, Take::All), MAX_STREAMS);
        let Answer { text, streams, .. } = answer(&offer, &recorder(2)).unwrap();
        assert_eq!(streams.len(), 2);
        assert_eq!(m_lines(&text).iter().filter(|line| line.starts_with("m=audio 0 ")).count(), 7);
    }

    #[test]
    fn a_later_offer_has_the_m_lines_of_the_session_in_their_places() {
        let first = parse("m=video 5000 RTP/AVP 97\r\nm=audio 5002 RTP/AVP 0\r\na=label:a\r\n");
        for local in [local(), recorder(1)] {
            let agreed = answer(&first, &local).unwrap();
            let text = offer(&local, &[Codec::Pcmu], &agreed.lines);
            assert_eq!(m_lines(&text), ["m=video 0 RTP/AVP 97", "m=audio 20000 RTP/AVP 0 101 13"]);
            assert!(text.contains("a=label:a\r\n"));
        }
    }

    #[test]
    fn a_late_offer_of_a_recorder_listens_on_every_socket() {
        let text = offer(&recorder(2), &[Codec::Pcmu], &[]);
        assert_eq!(m_lines(&text), ["m=audio 20000 RTP/AVP 0 101 13", "m=audio 20002 RTP/AVP 0 101 13"]);
        assert_eq!(text.matches("a=recvonly").count(), 2);
        let answer = parse("m=audio 0 RTP/AVP 0\r\nm=audio 5004 RTP/AVP 0\r\na=sendonly\r\na=label:b\r\n");
        let streams = accept_answer(&answer, Take::All).unwrap();
        assert_eq!((streams[0].slot, streams[0].label.as_deref(), streams[0].media.receive), (1, Some("b"), true));
    }
}
