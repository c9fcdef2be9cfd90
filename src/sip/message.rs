//! A SIP message as it came, made legal or found wanting, before rsipstack sees it.
//!
//! rsipstack drops what it cannot parse without a word, loses headers behind a byte that is not UTF-8, and loses the body
//! of a datagram without Content-Length. Here legacy bytes become UTF-8, odd but legal white space becomes plain, compact
//! names become long, and what is wrong becomes a [`Problem`] with the status that says so.

use super::headers::{Protection, full_name, is_token, tighten};
use super::status::{self, Status};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub start: Start,
    /// In order, with full names where we know them, unfolded.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    Request { method: String, uri: String },
    Response { line: String },
}

/// What is wrong with a message that can still be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    pub status: Status,
    /// For the reason phrase: names the fault, never the value.
    pub what: &'static str,
}

/// Why there is no message at all: nothing that an answer could be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Garbage {
    #[error("no start line of SIP/2.0")]
    NotSip,
    #[error("no end of the headers")]
    NoEnd,
    #[error("more than {MAX_HEADERS} headers or {MAX_HEAD_BYTES} bytes of them")]
    TooMuch,
}

/// Twenty are usual; an SBC's History-Info and Route sets may double that.
const MAX_HEADERS: usize = 128;
/// The largest UDP datagram; a head never comes near it.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Content-Length is no number, or several that differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLength;

/// A message with the first thing that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    pub message: Message,
    pub problem: Option<Problem>,
}

/// Reads a whole datagram. Without Content-Length the body is the rest of it (RFC 3261 §18.3).
pub fn read_datagram(bytes: &[u8]) -> Result<Read, Garbage> {
    let (head, body) = split(bytes).ok_or(Garbage::NoEnd)?;
    let mut read = read_head(head)?;
    match read.message.content_length() {
        Ok(None) => read.message.body = body.to_vec(),
        Ok(Some(length)) if length <= body.len() => read.message.body = body[..length].to_vec(),
        Ok(Some(_)) => read.blame(status::BAD_REQUEST, "Content-Length beyond the datagram"),
        Err(BadLength) => read.blame(status::BAD_REQUEST, "Bad Content-Length"),
    }
    Ok(read)
}

/// Reads a message that [`super::framing`] has cut out of a stream.
pub fn read_framed(head: &[u8], body: Vec<u8>) -> Result<Read, Garbage> {
    let mut read = read_head(head)?;
    read.message.body = body;
    Ok(read)
}

/// Head (without its empty line) and rest. Bare LF is found too, so that it can be answered.
pub(super) fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    // RFC 3261 §7.5: empty lines before the start line are skipped.
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let bytes = &bytes[start..];
    let ends =
        |mark: &'static [u8]| bytes.windows(mark.len()).position(|window| window == mark).map(|at| (at, mark.len()));
    let (at, length) = match (ends(b"\r\n\r\n"), ends(b"\n\n")) {
        (Some(legal), Some(bare)) => legal.min(bare),
        (legal, bare) => legal.or(bare)?,
    };
    Some((&bytes[..at], &bytes[at + length..]))
}

/// RFC 3261 §25.1. Unicode's white space is more: read as ISO-8859-1, the bytes 0x85 and 0xA0 are part of it.
const LWS: [char; 2] = [' ', '\t'];

fn read_head(head: &[u8]) -> Result<Read, Garbage> {
    if head.len() > MAX_HEAD_BYTES {
        return Err(Garbage::TooMuch);
    }
    let text = decode(head);
    let bare_lf =
        text.bytes().enumerate().any(|(at, byte)| byte == b'\n' && (at == 0 || text.as_bytes()[at - 1] != b'\r'));
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let (start, mut problem) = start_line(lines.next().unwrap_or_default())?;
    if bare_lf {
        problem = problem.or(Some(Problem { status: status::BAD_REQUEST, what: "Lines must end in CRLF" }));
    }
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines {
        if line.starts_with([' ', '\t']) {
            // RFC 3261 §7.3.1: a folded line continues the value before it.
            if let Some((_, value)) = headers.last_mut() {
                if !value.is_empty() {
                    value.push(' ');
                }
                value.push_str(line.trim_matches(LWS));
            }
            continue;
        }
        if headers.len() == MAX_HEADERS {
            return Err(Garbage::TooMuch);
        }
        match line.split_once(':') {
            Some((name, value)) if is_token(name.trim_matches(LWS)) => {
                headers.push((full_name(name.trim_matches(LWS)).to_owned(), value.trim_matches(LWS).to_owned()));
            }
            _ => problem = problem.or(Some(Problem { status: status::BAD_REQUEST, what: "Bad header line" })),
        }
    }
    for (name, value) in &mut headers {
        tighten(name, value);
    }
    let mut read = Read { message: Message { start, headers, body: Vec::new() }, problem };
    read.inspect();
    Ok(read)
}

/// UTF-8 where it is UTF-8; elsewhere each line that is not is read as ISO-8859-1, which legacy PBXs put into display names.
fn decode(head: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(head) {
        return text.to_owned();
    }
    let mut text = String::with_capacity(head.len() + head.len() / 8);
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(_) => text.extend(line.iter().map(|byte| char::from(*byte))),
        }
    }
    text
}

fn start_line(line: &str) -> Result<(Start, Option<Problem>), Garbage> {
    let mut words = line.split_whitespace();
    let (first, second) = (words.next().ok_or(Garbage::NotSip)?, words.next().ok_or(Garbage::NotSip)?);
    if first.eq_ignore_ascii_case("SIP/2.0") {
        let is_status = second.len() == 3 && second.bytes().all(|byte| byte.is_ascii_digit());
        return if is_status {
            Ok((Start::Response { line: line.trim().to_owned() }, None))
        } else {
            Err(Garbage::NotSip)
        };
    }
    let version = words.next_back().ok_or(Garbage::NotSip)?;
    let spaces_in_uri = words.next().is_some();
    if !is_token(first) || !version.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("SIP/")) {
        return Err(Garbage::NotSip);
    }
    let problem = if !version.eq_ignore_ascii_case("SIP/2.0") {
        Some(Problem { status: status::VERSION_NOT_SUPPORTED, what: status::VERSION_NOT_SUPPORTED.reason })
    } else if spaces_in_uri {
        Some(Problem { status: status::BAD_REQUEST, what: "Bad Request-URI" })
    } else {
        None
    };
    Ok((Start::Request { method: first.to_owned(), uri: second.to_owned() }, problem))
}

impl Read {
    fn blame(&mut self, status: Status, what: &'static str) {
        self.problem = self.problem.or(Some(Problem { status, what }));
    }

    /// What every request must have (RFC 3261 §8.1.1), and without which rsipstack would drop it.
    fn inspect(&mut self) {
        let Start::Request { method, uri } = &self.message.start else { return };
        let legible = !uri.starts_with('<') && !has_headers(uri);
        let scheme = uri.split(':').next().unwrap_or_default();
        if !legible {
            // RFC 3261 §19.1.1: neither brackets nor `?name=value` belong into a Request-URI.
            return self.blame(status::BAD_REQUEST, "Bad Request-URI");
        }
        if !["sip", "sips", "tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) || !uri.contains(':') {
            self.blame(status::UNSUPPORTED_URI_SCHEME, status::UNSUPPORTED_URI_SCHEME.reason);
            return;
        }
        let method = method.clone();
        for (name, missing) in [
            ("Via", "Missing Via"),
            ("To", "Missing To"),
            ("From", "Missing From"),
            ("Call-ID", "Missing Call-ID"),
            ("CSeq", "Missing CSeq"),
        ] {
            if self.message.header(name).is_none_or(str::is_empty) {
                self.blame(status::BAD_REQUEST, missing);
            }
        }
        for name in ["To", "From", "Call-ID", "CSeq", "Max-Forwards"] {
            if self.message.all(name).nth(1).is_some() {
                self.blame(status::BAD_REQUEST, "Several values where one belongs");
            }
        }
        for name in ["To", "From", "Contact"] {
            if self.message.all(name).any(|value| !is_closed(value)) {
                self.blame(status::BAD_REQUEST, "Unterminated quoted string");
            }
        }
        self.message.tag_sender();
        match self.message.cseq() {
            Some((_, of)) if of == method => {}
            _ => self.blame(status::BAD_REQUEST, "Bad CSeq"),
        }
    }
}

/// Behind the host: a `?` in the user part is legal.
fn has_headers(uri: &str) -> bool {
    uri.rsplit('@').next().is_some_and(|behind_user| behind_user.contains('?'))
}

/// Whether every quote has its end.
fn is_closed(value: &str) -> bool {
    let mut protection = Protection::default();
    value.chars().for_each(|c| protection.pass(c));
    !protection.is_quoted()
}

/// Stands where a peer of RFC 2543 has no From tag, which RFC 3261 §12.1.1 takes for an empty one and rsipstack for an
/// error. [`without_invented_tag`] takes it out of all that we send.
const INVENTED_TAG: &str = ";tag=regulars-rfc2543-none";

/// What goes out, as the peer wrote it.
pub(super) fn without_invented_tag(bytes: Vec<u8>) -> Vec<u8> {
    let mark = INVENTED_TAG.as_bytes();
    let Some(at) = bytes.windows(mark.len()).position(|window| window == mark) else { return bytes };
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.as_slice();
    let mut next = Some(at);
    while let Some(at) = next {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + mark.len()..];
        next = rest.windows(mark.len()).position(|window| window == mark);
    }
    out.extend_from_slice(rest);
    out
}

impl Message {
    /// Gives From a tag when it has none.
    fn tag_sender(&mut self) {
        if self.tag("From").is_none()
            && let Some((_, from)) = self.headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("From"))
        {
            from.push_str(INVENTED_TAG);
        }
    }

    /// The same with one header put in place of all of its name.
    pub(super) fn with_header(&self, name: &str, value: String) -> Message {
        let mut changed = self.clone();
        changed.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        changed.headers.push((name.to_owned(), value));
        changed
    }

    /// Every header: (full name, value).
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub fn method(&self) -> Option<&str> {
        match &self.start {
            Start::Request { method, .. } => Some(method),
            Start::Response { .. } => None,
        }
    }

    /// The first header of this full name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The tag parameter of From or To, past a display name that may hold anything.
    pub fn tag(&self, name: &str) -> Option<&str> {
        let value = self.header(name)?;
        let params = value.rfind('>').map_or(value, |at| &value[at + 1..]);
        let (_, tag) = params
            .split(';')
            .skip(1)
            .filter_map(|param| param.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("tag"))?;
        Some(tag.trim()).filter(|tag| !tag.is_empty())
    }

    /// RFC 3261 §20.16: the number fits 31 bits.
    pub fn cseq(&self) -> Option<(u32, &str)> {
        let (number, method) = self.header("CSeq")?.split_once(' ')?;
        let number: u32 = number.parse().ok().filter(|number| *number < 1 << 31)?;
        Some((number, method.trim()))
    }

    pub fn content_length(&self) -> Result<Option<usize>, BadLength> {
        let mut lengths = self.all("Content-Length").map(|value| {
            if value.bytes().all(|byte| byte.is_ascii_digit()) {
                value.parse().map_err(|_| BadLength)
            } else {
                Err(BadLength)
            }
        });
        let Some(first) = lengths.next().transpose()? else { return Ok(None) };
        if lengths.all(|other| other == Ok(first)) { Ok(Some(first)) } else { Err(BadLength) }
    }

    /// As rsipstack is to see it: CRLF, no folds, one Content-Length that is right.
    pub fn to_bytes(&self) -> Vec<u8> {
        let size: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let mut text = String::with_capacity(size + 200);
        match &self.start {
            Start::Request { method, uri } => text.extend([method, " ", uri, " SIP/2.0\r\n"]),
            Start::Response { line } => text.extend([line, "\r\n"]),
        }
        for (name, value) in &self.headers {
            if !name.eq_ignore_ascii_case("Content-Length") {
                text.extend([name, ": ", value, "\r\n"]);
            }
        }
        text.extend(["Content-Length: ", &self.body.len().to_string(), "\r\n\r\n"]);
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

#[cfg(test)]
mod tests;
