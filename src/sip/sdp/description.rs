//! A session description as it was sent.

use std::net::IpAddr;

use super::crypto::Crypto;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    pub media: Vec<Media>,
}

/// One m-line with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    pub kind: String,
    /// 0: refused or switched off.
    pub port: u16,
    pub protocol: String,
    /// As written: payload types for RTP.
    pub formats: Vec<String>,
    /// Its own `c=` or the session's. `None` for a host name, which RTP cannot be checked against.
    pub address: Option<IpAddr>,
    pub direction: Direction,
    /// `a=label` (RFC 4574): what rs-metadata calls the stream.
    pub label: Option<String>,
    /// `a=rtpmap`
    pub encodings: Vec<Encoding>,
    /// `a=maxptime`: the longest packet that it can take.
    pub maxptime_ms: Option<u32>,
    /// `a=rtcp` (RFC 3605): port, and address where it is another.
    pub rtcp: Option<(u16, Option<IpAddr>)>,
    pub rtcp_mux: bool,
    /// The `a=crypto` lines that we can use, in order.
    pub crypto: Vec<Crypto>,
}

/// `a=rtpmap:111 opus/48000/2`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    pub payload_type: u8,
    pub name: String,
    pub clock_rate_hz: u32,
    /// 1 where nothing is said.
    pub channels: u8,
}

/// As seen by the side that wrote it (RFC 3264 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// Why a description cannot be used. Never repeats it: session names and origins hold names and addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    #[error("the session description does not begin with v=0")]
    NotSdp,
    #[error("the session description is not text")]
    NotText,
    #[error("line {line} of the session description cannot be read")]
    BadLine { line: usize },
    #[error("the session description has more than {MAX_MEDIA} m-lines")]
    TooLong,
    #[error(
        "the offer has no audio over RTP with a codec that we know (PCMU, PCMA, G722, opus), or only encrypted in a way that we do not know"
    )]
    NoCommonCodec,
    #[error("the audio of the session description names no IP address to send to")]
    NoAddress,
    #[error("the answer does not take the audio that we offered")]
    Refused,
    #[error("there is no session description where one is needed")]
    Missing,
}

/// A video conference offers about ten; more only costs memory.
const MAX_MEDIA: usize = 32;
/// Twelve suites are registered (RFC 4568, 5669, 6188).
const MAX_CRYPTO: usize = 16;
/// The payload types there are.
const MAX_FORMATS: usize = 128;
/// Labels in the field are a number or a word; a longer one is not worth repeating in every answer.
const MAX_LABEL: usize = 128;

impl Description {
    /// Unknown lines and attributes are skipped (RFC 8866 §5), and so are lines without `=`; bare LF is accepted.
    pub fn parse(bytes: &[u8]) -> Result<Description, SdpError> {
        let text = std::str::from_utf8(bytes).map_err(|_| SdpError::NotText)?;
        if !text.trim_start().starts_with("v=0") {
            return Err(SdpError::NotSdp);
        }
        let mut session = Media::default();
        let mut media: Vec<Media> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let Some((kind, value)) = line.split_once('=') else { continue };
            let bad = || SdpError::BadLine { line: index + 1 };
            match kind.trim() {
                "m" => {
                    if media.len() == MAX_MEDIA {
                        return Err(SdpError::TooLong);
                    }
                    media.push(media_line(value, &session).ok_or_else(bad)?);
                }
                "c" => media.last_mut().unwrap_or(&mut session).address = connection(value),
                "a" => attribute(value, media.last_mut().unwrap_or(&mut session)),
                _ => {}
            }
        }
        Ok(Description { media })
    }
}

impl Default for Media {
    /// What holds for the session before its first m-line.
    fn default() -> Self {
        Media {
            kind: String::new(),
            port: 0,
            protocol: String::new(),
            formats: Vec::new(),
            address: None,
            direction: Direction::SendRecv,
            encodings: Vec::new(),
            label: None,
            maxptime_ms: None,
            rtcp: None,
            rtcp_mux: false,
            crypto: Vec::new(),
        }
    }
}

impl Direction {
    pub fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    pub fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }

    /// RFC 3264 §6.1: the most that an answer to this may say.
    pub fn answered(self) -> Direction {
        match self {
            Direction::SendOnly => Direction::RecvOnly,
            Direction::RecvOnly => Direction::SendOnly,
            both_or_none => both_or_none,
        }
    }

    pub fn attribute(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }
}

/// `audio 49170/2 RTP/AVP 0 8`
fn media_line(value: &str, session: &Media) -> Option<Media> {
    let mut words = value.split_whitespace();
    let kind = words.next()?.to_owned();
    let port = words.next()?.split('/').next()?.parse().ok()?;
    let protocol = words.next()?.to_owned();
    let formats = words.take(MAX_FORMATS).map(str::to_owned).collect();
    Some(Media { kind, port, protocol, formats, ..session.clone() })
}

/// `IN IP4 192.0.2.1/127`
fn connection(value: &str) -> Option<IpAddr> {
    value.split_whitespace().nth(2)?.split('/').next()?.parse().ok()
}

fn attribute(value: &str, of: &mut Media) {
    let (name, value) = value.split_once(':').unwrap_or((value, ""));
    match name.trim() {
        "sendrecv" => of.direction = Direction::SendRecv,
        "sendonly" => of.direction = Direction::SendOnly,
        "recvonly" => of.direction = Direction::RecvOnly,
        "inactive" => of.direction = Direction::Inactive,
        "label" if !value.trim().is_empty() && value.len() <= MAX_LABEL => of.label = Some(value.trim().to_owned()),
        "maxptime" => of.maxptime_ms = value.trim().parse().ok(),
        "rtcp-mux" => of.rtcp_mux = true,
        "rtcp" => of.rtcp = rtcp(value),
        "crypto" if of.crypto.len() < MAX_CRYPTO => of.crypto.extend(Crypto::parse(value)),
        "rtpmap" if of.encodings.len() < MAX_FORMATS => of.encodings.extend(rtpmap(value)),
        _ => {}
    }
}

/// `96 L16/8000/1`
fn rtpmap(value: &str) -> Option<Encoding> {
    let mut words = value.split_whitespace();
    let payload_type = words.next()?.parse().ok()?;
    let mut encoding = words.next()?.split('/');
    let (name, clock_rate_hz) = (encoding.next()?.to_owned(), encoding.next()?.parse().ok()?);
    let channels = encoding.next().map_or(Some(1), |channels| channels.parse().ok())?;
    Some(Encoding { payload_type, name, clock_rate_hz, channels })
}

/// `53020 IN IP4 126.16.64.4`
fn rtcp(value: &str) -> Option<(u16, Option<IpAddr>)> {
    let (port, address) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
    Some((port.parse().ok().filter(|port| *port != 0)?, connection(address)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn session_values_hold_until_an_m_line_says_otherwise() {
        let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.1\r\na=inactive\r\nt=0 0\r\n\
                    m=audio 4000/2 RTP/AVP 0 96\r\na=rtpmap:96 PCMA/8000\r\na=sendonly\r\n\
                    m=video 4002 RTP/AVP 97\r\nc=IN IP6 2001:db8::1\r\n";
        let parsed = Description::parse(text.as_bytes()).unwrap();
        let audio = &parsed.media[0];
        assert_eq!((audio.port, audio.direction), (4000, Direction::SendOnly));
        assert_eq!(audio.address, Some("192.0.2.1".parse().unwrap()));
        let pcma = Encoding { payload_type: 96, name: "PCMA".to_owned(), clock_rate_hz: 8000, channels: 1 };
        assert_eq!(audio.encodings, [pcma]);
        let video = &parsed.media[1];
        assert_eq!((video.direction, video.address), (Direction::Inactive, Some("2001:db8::1".parse().unwrap())));
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        assert_eq!(Description::parse(b"hello"), Err(SdpError::NotSdp));
        assert_eq!(Description::parse(b"v=0\ns=\xe9\n"), Err(SdpError::NotText));
        assert_eq!(Description::parse(b"v=0\r\nm=audio x RTP/AVP 0\r\n"), Err(SdpError::BadLine { line: 2 }));
        let long = format!("v=0\n{}", "m=audio 1 RTP/AVP 0\n".repeat(33));
        assert_eq!(Description::parse(long.as_bytes()), Err(SdpError::TooLong));
    }

    proptest! {
        #[test]
        fn no_bytes_bring_the_parser_down(bytes in prop::collection::vec(any::<u8>(), 0..200), lines in "([mca]=[ -~]{0,30}\n){0,20}") {
            let _ = Description::parse(&bytes);
            let _ = Description::parse(format!("v=0\n{lines}").as_bytes());
        }
    }
}
