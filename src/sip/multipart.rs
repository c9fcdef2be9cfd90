//! What a SIP body holds for us: an SDP, rs-metadata (RFC 7866), or both in a multipart body (RFC 2046 §5.1).
//!
//! Recording clients order the parts as they like, quote the boundary or not, and forget the last one. Whatever can be
//! found is found; what is left of a broken body is still a body.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Body<'a> {
    /// `None` in a body with other parts means the same as no body at all: RFC 7866 leaves offer and answer to RFC 3264,
    /// so an INVITE that brings only metadata is one without an offer (RFC 3261 §13.2.1), and an UPDATE changes no media.
    pub sdp: Option<&'a [u8]>,
    pub metadata: Option<&'a [u8]>,
}

/// The body is of a type that we do not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported;

/// SDP and metadata are two; a few more come from SBCs that add parts of their own (RFC 7866 does not bound them).
const MAX_PARTS: usize = 16;
/// RFC 2046 §5.1.1.
const MAX_BOUNDARY: usize = 70;

/// `content_type`: the value of the header, `None` where there is none. Then the body is what it looks like.
pub fn read<'a>(content_type: Option<&str>, body: &'a [u8]) -> Result<Body<'a>, Unsupported> {
    if body.trim_ascii().is_empty() {
        return Ok(Body::default());
    }
    match kind(content_type, body) {
        Kind::Sdp => Ok(Body { sdp: Some(body), metadata: None }),
        Kind::Metadata => Ok(Body { sdp: None, metadata: Some(body) }),
        Kind::Multipart => {
            let named = content_type.and_then(boundary);
            Ok(named.and_then(|named| parts(body, named.as_bytes())).unwrap_or_else(|| {
                // The boundary is missing from the header or another one than in the body.
                first_boundary(body).and_then(|found| parts(body, found)).unwrap_or_default()
            }))
        }
        Kind::Other => Err(Unsupported),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sdp,
    Metadata,
    Multipart,
    Other,
}

fn kind(content_type: Option<&str>, body: &[u8]) -> Kind {
    let name = content_type.map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match name.as_deref() {
        Some("application/sdp") => Kind::Sdp,
        // RFC 7866 §9.1 has the first; some clients leave the suffix out.
        Some("application/rs-metadata+xml" | "application/rs-metadata") => Kind::Metadata,
        Some(name) if name.starts_with("multipart/") => Kind::Multipart,
        None | Some("" | "application/xml" | "text/xml") => look(body),
        Some(_) => Kind::Other,
    }
}

/// What the first bytes say.
fn look(body: &[u8]) -> Kind {
    let text = body.trim_ascii_start();
    if text.starts_with(b"v=0") {
        Kind::Sdp
    } else if [b"<".as_slice(), b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe", b"\0<"].iter().any(|s| text.starts_with(s)) {
        Kind::Metadata
    } else if text.starts_with(b"--") {
        Kind::Multipart
    } else {
        Kind::Other
    }
}

/// The `boundary` parameter, out of its quotes.
fn boundary(content_type: &str) -> Option<String> {
    let mut rest = content_type.split_once(';')?.1;
    loop {
        let (name, value) = rest.split_once('=')?;
        let name = name.trim().trim_start_matches(';').trim();
        let (value, after) = parameter(value.trim_start());
        if name.eq_ignore_ascii_case("boundary") {
            return Some(value).filter(|value| !value.is_empty() && value.len() <= MAX_BOUNDARY);
        }
        rest = after;
    }
}

/// The value up to the next `;`, and what follows.
fn parameter(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, after) = text.split_once(';').unwrap_or((text, ""));
        return (value.trim_end().to_owned(), after);
    };
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in quoted.char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => {
                let after = &quoted[at + 1..];
                return (value.trim_end().to_owned(), after.split_once(';').map_or("", |(_, after)| after));
            }
            _ => {
                value.push(c);
                escaped = false;
            }
        }
    }
    (value, "")
}

/// The first line that could be a delimiter.
fn first_boundary(body: &[u8]) -> Option<&[u8]> {
    let mut lines = body.split(|byte| *byte == b'\n').map(|line| line.trim_ascii_end());
    let line = lines.find(|line| line.len() > 2 && line.len() <= 2 + MAX_BOUNDARY && line.starts_with(b"--"))?;
    line.get(2..)
}

/// `None` when the boundary does not occur.
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Option<Body<'a>> {
    let (_, mut start, mut last) = delimiter(body, 0, boundary)?;
    let mut found = Body::default();
    for _ in 0..MAX_PARTS {
        if last {
            break;
        }
        let next = delimiter(body, start, boundary);
        let end = next.map_or(body.len(), |(at, _, _)| at);
        found.take(body.get(start..end).unwrap_or_default());
        let Some((_, after, closing)) = next else { break };
        (start, last) = (after, closing);
    }
    Some(found)
}

/// Where the next delimiter line begins, where the line after it does, and whether it is the last (`--` behind it).
fn delimiter(body: &[u8], from: usize, boundary: &[u8]) -> Option<(usize, usize, bool)> {
    let mut at = from;
    loop {
        let line = body.get(at..).filter(|rest| !rest.is_empty())?;
        let length = line.iter().position(|byte| *byte == b'\n').map_or(line.len(), |end| end + 1);
        if let Some(behind) = line[..length].strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary)) {
            let closing = behind.starts_with(b"--");
            if closing || behind.trim_ascii().is_empty() {
                return Some((at, at + length, closing));
            }
        }
        at += length;
    }
}

impl<'a> Body<'a> {
    /// One part with its headers. The first of a kind counts.
    fn take(&mut self, part: &'a [u8]) {
        let (content_type, content) = head(part);
        let content = content.strip_suffix(b"\n").unwrap_or(content);
        let content = content.strip_suffix(b"\r").unwrap_or(content);
        let place = match kind(content_type.as_deref(), content) {
            Kind::Sdp => &mut self.sdp,
            Kind::Metadata => &mut self.metadata,
            Kind::Multipart | Kind::Other => return,
        };
        place.get_or_insert(content);
    }
}

/// The Content-Type of a part and where its content begins: behind an empty line, or at the first line that is no header.
fn head(part: &[u8]) -> (Option<String>, &[u8]) {
    let (mut rest, mut content_type) = (part, None);
    loop {
        let length = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        let (line, after) = rest.split_at(length);
        let text = line.trim_ascii_end();
        if text.is_empty() {
            return (content_type, after);
        }
        let folded = line.first().is_some_and(|first| matches!(first, b' ' | b'\t'));
        let name = text.iter().position(|byte| *byte == b':').map(|colon| text.split_at(colon));
        match name {
            Some((name, value)) if name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-') => {
                if name.eq_ignore_ascii_case(b"Content-Type") || name.eq_ignore_ascii_case(b"c") {
                    content_type = Some(String::from_utf8_lossy(value[1..].trim_ascii()).into_owned());
                }
            }
            _ if folded && rest.len() < part.len() => {}
            _ => return (content_type, rest),
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SDP: &[u8] = b"v=0\r\nm=audio 1 RTP/AVP 0";
    const XML: &[u8] = b"<?xml version=\"1.0\"?>\r\n<recording/>";

    /// Both parts as written, behind one header line each.
    fn body(sdp: &str, xml: &str) -> Vec<u8> {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        format!("--b1\r\n{sdp}{}\r\n--b1\r\n{xml}{}\r\n--b1--\r\n", text(SDP), text(XML)).into_bytes()
    }

    const SDP_HEAD: &str = "Content-Type: application/sdp\r\n\r\n";
    const XML_HEAD: &str =
        "Content-Type: application/rs-metadata+xml\r\nContent-Disposition: recording-session\r\n\r\n";

    #[test]
    fn both_parts_are_found_however_the_boundary_is_written() {
        for content_type in [
            "multipart/mixed;boundary=b1",
            "Multipart/Mixed ; charset=utf-8; Boundary = \"b1\"",
            "multipart/mixed;type=\"a;boundary=x\\\"\";boundary=b1 ",
            "multipart/mixed",
            "multipart/mixed;boundary=another",
        ] {
            let body = body(SDP_HEAD, XML_HEAD);
            let read = read(Some(content_type), &body);
            assert_eq!(read, Ok(Body { sdp: Some(SDP), metadata: Some(XML) }), "{content_type}");
        }
    }

    #[test]
    fn headers_without_space_without_type_and_without_empty_line_are_read() {
        for (sdp, xml) in [
            (
                "Content-Type:application/sdp\r\n\r\n",
                "Content-Type:application/rs-metadata\r\nContent-Length:12\r\n\r\n",
            ),
            ("\r\n", "\r\n"),
            ("", ""),
            ("c: application/sdp;\r\n x=y\r\n\r\n", "content-type: text/xml\r\n\r\n"),
            ("Content-Disposition: session\r\n\r\n", "Content-ID: <a@b>\r\n\r\n"),
        ] {
            let body = body(sdp, xml);
            assert_eq!(
                read(Some("multipart/mixed;boundary=b1"), &body),
                Ok(Body { sdp: Some(SDP), metadata: Some(XML) })
            );
        }
    }

    #[test]
    fn a_preamble_bare_lf_and_a_missing_end_lose_nothing() {
        let whole = String::from_utf8(body(SDP_HEAD, XML_HEAD)).unwrap();
        let broken =
            format!("for old clients\r\n{}", whole.trim_end().trim_end_matches("--b1--")).replace("\r\n", "\n");
        let read = read(Some("multipart/mixed;boundary=b1"), broken.as_bytes()).unwrap();
        assert_eq!(read.sdp.unwrap(), b"v=0\nm=audio 1 RTP/AVP 0");
        assert_eq!(read.metadata.unwrap(), b"<?xml version=\"1.0\"?>\n<recording/>");
    }

    #[test]
    fn a_boundary_that_begins_like_another_is_another() {
        let body = b"--b1\r\n\r\nv=0\r\n--b12\r\na=x\r\n--b1--";
        assert_eq!(read(Some("multipart/mixed;boundary=b1"), body).unwrap().sdp.unwrap(), b"v=0\r\n--b12\r\na=x");
    }

    #[test]
    fn a_body_of_one_kind_is_that_kind_and_another_is_unsupported() {
        assert_eq!(read(Some("application/sdp;x=y"), SDP).unwrap().sdp, Some(SDP));
        assert_eq!(read(None, SDP).unwrap().sdp, Some(SDP));
        assert_eq!(read(Some("application/rs-metadata+xml"), XML).unwrap().metadata, Some(XML));
        assert_eq!(read(Some("application/isup"), b"\x01\x02"), Err(Unsupported));
        assert_eq!(read(None, b"hello"), Err(Unsupported));
        assert_eq!(read(Some("application/isup"), b"\r\n"), Ok(Body::default()));
        assert_eq!(read(Some("multipart/mixed;boundary=x"), b"nothing of the kind"), Ok(Body::default()));
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_down(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "(--b1(--)?|[ -~]{0,20}|\r?\n){0,30}", header in "multipart/[ -~]{0,40}") {
            let _ = read(Some(&header), &bytes);
            let _ = read(Some("multipart/mixed;boundary=b1"), text.as_bytes());
            let _ = read(None, text.as_bytes());
        }
    }
}
