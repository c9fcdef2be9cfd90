//! The messages of a recording client, as an SBC sends them: SDP with two streams, and who speaks on which.

use std::net::SocketAddr;

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=audio 39000 RTP/AVP 8 0\r\na=label:1\r\na=sendonly\r\nm=audio 39002 RTP/AVP 8 0\r\na=label:2\r\na=sendonly\r\n";

const METADATA: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
    <recording xmlns=\"urn:ietf:params:xml:ns:recording:1\"><datamode>complete</datamode>\r\n\
    <session session_id=\"c2Vzc2lvbg==\"><sipSessionID>ab30317f1a784dc48ff824d0d3715d86</sipSessionID></session>\r\n\
    <participant participant_id=\"Y2FsbGVy\"><nameID aor=\"sip:+12125550123@example.com\"/></participant>\r\n\
    <participant participant_id=\"YWdlbnQ=\"><nameID aor=\"sip:1001@example.com\"/></participant>\r\n\
    <stream stream_id=\"c3RyZWFtMQ==\" session_id=\"c2Vzc2lvbg==\"><label>1</label></stream>\r\n\
    <stream stream_id=\"c3RyZWFtMg==\" session_id=\"c2Vzc2lvbg==\"><label>2</label></stream>\r\n\
    <participantstreamassoc participant_id=\"Y2FsbGVy\"><send>c3RyZWFtMQ==</send><recv>c3RyZWFtMg==</recv></participantstreamassoc>\r\n\
    <participantstreamassoc participant_id=\"YWdlbnQ=\"><send>c3RyZWFtMg==</send><recv>c3RyZWFtMQ==</recv></participantstreamassoc>\r\n\
    </recording>\r\n";

pub fn recording_invite(to: SocketAddr, from: SocketAddr, call: u32) -> String {
    let body = format!(
        "--b\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n\
         --b\r\nContent-Type: application/rs-metadata+xml\r\nContent-Disposition: recording-session\r\n\r\n{METADATA}\r\n--b--\r\n"
    );
    let head = head("INVITE", to, from, call, None);
    let length = body.len();
    format!(
        "{head}Require: siprec\r\nContact: <sip:src@{from}>;+sip.src\r\nContent-Type: multipart/mixed;boundary=b\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

/// A plain call that sends its media from `media`.
pub fn plain_invite(to: SocketAddr, from: SocketAddr, call: u32, media: SocketAddr) -> String {
    let (ip, port) = (media.ip(), media.port());
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\na=sendonly\r\n"
    );
    let (head, length) = (head("INVITE", to, from, call, None), sdp.len());
    format!("{head}Contact: <sip:kim@{from}>\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{sdp}")
}

pub fn request(method: &str, to: SocketAddr, from: SocketAddr, call: u32, to_header: &str) -> String {
    head(method, to, from, call, Some(to_header)) + "Content-Length: 0\r\n\r\n"
}

fn head(method: &str, to: SocketAddr, from: SocketAddr, call: u32, to_header: Option<&str>) -> String {
    let own = format!("<sip:pizza@{to}>");
    let to_header = to_header.unwrap_or(&own);
    let cseq = if method == "BYE" { 2 } else { 1 };
    format!(
        "{method} sip:pizza@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {from};rport;branch=z9hG4bK-{call}-{method}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:+12125550123@{from}>;tag=f{call}\r\nTo: {to_header}\r\nCall-ID: {call}@bench\r\n\
         CSeq: {cseq} {method}\r\n"
    )
}

/// What a peer must know of an answer.
pub struct Answer<'a> {
    pub status: u16,
    pub call: u32,
    pub method: &'a str,
    pub to: &'a str,
    pub body: &'a str,
}

/// `None`: a request, or an answer to nothing of ours.
pub fn read(datagram: &[u8]) -> Option<Answer<'_>> {
    let text = std::str::from_utf8(datagram).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    Some(Answer {
        status: head.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()?,
        call: header("Call-ID")?.split('@').next()?.parse().ok()?,
        method: header("CSeq")?.split(' ').nth(1)?,
        to: header("To")?,
        body,
    })
}
