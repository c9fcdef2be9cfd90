//! A recording client (RFC 7866): places recording sessions as a session border controller does, message by message.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use regulars::sip::Transport;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

pub const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Only a failure waits for it.
pub const PATIENCE: Duration = Duration::from_secs(40);
/// Between a request and its repetition; longer than RFC 3261's, since the machine may be busy.
const T1: Duration = Duration::from_secs(2);

pub struct Client {
    wire: Wire,
    to: SocketAddr,
    here: SocketAddr,
    call: String,
    cseq: u32,
    /// Of the answer, with its tag.
    remote: String,
    /// Every status that came, in order.
    pub statuses: Vec<u16>,
}

enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream, Vec<u8>),
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// What a request carries.
#[derive(Clone)]
pub struct Body {
    pub content_type: String,
    pub text: Vec<u8>,
}

/// A file of fixtures/siprec with the line ends of SIP.
pub fn fixture(name: &str) -> Body {
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/siprec").join(name)).unwrap();
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
    let content_type = std::str::from_utf8(&bytes[..end]).unwrap().strip_prefix("Content-Type: ").unwrap().to_owned();
    let lines = bytes[end + 2..].split_inclusive(|byte| *byte == b'\n');
    let text = lines.flat_map(|line| match line.strip_suffix(b"\n") {
        Some(line) => [line, b"\r\n"].concat(),
        None => line.to_vec(),
    });
    Body { content_type, text: text.collect() }
}

/// An SDP of `(port, label, direction)` for each m-line.
pub fn sdp(lines: &[(u16, &str, &str)]) -> Body {
    let mut text = "v=0\r\no=- 7 7 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n".to_owned();
    for (port, label, direction) in lines {
        text += &format!("m=audio {port} RTP/AVP 0\r\na={direction}\r\na=label:{label}\r\n");
    }
    Body { content_type: "application/sdp".to_owned(), text: text.into_bytes() }
}

impl Client {
    pub async fn new(to: SocketAddr, over: Transport, call: &str) -> Client {
        let wire = match over {
            Transport::Udp => Wire::Udp(UdpSocket::bind((HOST, 0)).await.unwrap()),
            _ => Wire::Tcp(TcpStream::connect(to).await.unwrap(), Vec::new()),
        };
        let here = match &wire {
            Wire::Udp(socket) => socket.local_addr().unwrap(),
            Wire::Tcp(stream, _) => stream.local_addr().unwrap(),
        };
        let remote = format!("<sip:srs@{to}>");
        Client { wire, to, here, call: call.to_owned(), cseq: 0, remote, statuses: Vec::new() }
    }

    /// The final answer to the INVITE; it has not been ACKed.
    pub async fn invite(&mut self, body: &Body) -> Answer {
        let answer = self.ask("INVITE", Some(body)).await;
        self.remote = answer.header("To").to_owned();
        answer
    }

    /// The ACK of the last INVITE, with an answer if the offer was not ours.
    pub async fn ack(&mut self, body: Option<&Body>) {
        let ack = self.request("ACK", body);
        self.send(&ack).await;
    }

    /// INVITE, ACK.
    pub async fn establish(&mut self, body: &Body) -> Answer {
        let answer = self.invite(body).await;
        assert_eq!(answer.status, 200, "{}", answer.head);
        self.ack(None).await;
        answer
    }

    /// A request within the dialog, sent until it gets a final answer. Right after an ACK it may still be too early.
    pub async fn ask_in_dialog(&mut self, method: &str, body: Option<&Body>) -> Answer {
        for _ in 0..100 {
            let answer = self.ask(method, body).await;
            if answer.status != 500 {
                return answer;
            }
            if method == "INVITE" {
                self.ack(None).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the dialog is never ready for {method}");
    }

    pub async fn bye(mut self) {
        assert_eq!(self.ask_in_dialog("BYE", None).await.status, 200);
    }

    async fn ask(&mut self, method: &str, body: Option<&Body>) -> Answer {
        self.cseq += 1;
        let request = self.request(method, body);
        for _ in 0..PATIENCE.div_duration_f32(T1) as usize {
            self.send(&request).await;
            if let Ok(answer) = timeout(T1, self.final_answer(method)).await {
                return answer;
            }
        }
        panic!("no answer to {method}");
    }

    fn request(&self, method: &str, body: Option<&Body>) -> Vec<u8> {
        let Client { to, here, call, cseq, remote, .. } = self;
        let transport = if matches!(self.wire, Wire::Udp(_)) { "UDP" } else { "TCP" };
        let require = if method == "INVITE" { "Require: 100rel, siprec\r\n" } else { "" };
        let mut text = format!(
            "{method} sip:srs@{to} SIP/2.0\r\n\
             Via: SIP/2.0/{transport} {here};rport;branch=z9hG4bK-{call}-{cseq}-{method}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:sbc@{here}>;tag=from-{call}\r\nTo: {remote}\r\nCall-ID: {call}\r\n\
             CSeq: {cseq} {method}\r\nContact: <sip:sbc@{here};transport={transport}>;+sip.src\r\n{require}"
        );
        if let Some(body) = body {
            text += &format!("Content-Type:{}\r\n", body.content_type);
        }
        text += &format!("Content-Length: {}\r\n\r\n", body.map_or(0, |body| body.text.len()));
        let mut bytes = text.into_bytes();
        bytes.extend(body.iter().flat_map(|body| &body.text));
        bytes
    }

    async fn send(&mut self, bytes: &[u8]) {
        match &mut self.wire {
            Wire::Udp(socket) => drop(socket.send_to(bytes, self.to).await.unwrap()),
            Wire::Tcp(stream, _) => stream.write_all(bytes).await.unwrap(),
        }
    }

    async fn final_answer(&mut self, method: &str) -> Answer {
        loop {
            let message = self.receive().await;
            let ours =
                message.head.starts_with("SIP/2.0") && message.header("CSeq") == format!("{} {method}", self.cseq);
            if ours {
                self.statuses.push(message.status);
            }
            if ours && message.status >= 200 {
                return message;
            }
        }
    }

    async fn receive(&mut self) -> Answer {
        let mut buffer = vec![0; 65_536];
        match &mut self.wire {
            Wire::Udp(socket) => {
                let (length, _) = socket.recv_from(&mut buffer).await.unwrap();
                Answer::take(&mut buffer[..length].to_vec()).expect("a whole message")
            }
            Wire::Tcp(stream, pending) => loop {
                if let Some(message) = Answer::take(pending) {
                    return message;
                }
                let length = stream.read(&mut buffer).await.unwrap();
                assert!(length > 0, "the service closed the connection");
                pending.extend(&buffer[..length]);
            },
        }
    }
}

impl Answer {
    /// The first whole message, out of what has come.
    fn take(pending: &mut Vec<u8>) -> Option<Answer> {
        let text = String::from_utf8_lossy(pending).into_owned();
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let status = head.get(8..12).and_then(|code| code.trim().parse().ok()).unwrap_or(0);
        let message = Answer { status, head: head.to_owned(), body: String::new() };
        let length: usize = message.header("Content-Length").parse().ok()?;
        let body = rest.get(..length)?.to_owned();
        pending.drain(..head.len() + 4 + length);
        Some(Answer { body, ..message })
    }

    pub fn header(&self, name: &str) -> &str {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next().unwrap_or("")
    }

    /// Port, label and direction of every m-line.
    pub fn m_lines(&self) -> Vec<(u16, String, String)> {
        let sections = self.body.split("m=").skip(1);
        let one = |section: &str| {
            let port = section.split_whitespace().nth(1).unwrap().parse().unwrap();
            let attribute =
                |name: &str| section.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("").to_owned();
            let direction = ["recvonly", "inactive", "sendrecv", "sendonly"];
            let found = direction.iter().find(|name| section.lines().any(|line| line == format!("a={name}")));
            (port, attribute("a=label:"), found.map_or(String::new(), |name| (*name).to_owned()))
        };
        sections.map(one).collect()
    }

    /// Where the streams are to be sent.
    pub fn media(&self) -> Vec<SocketAddr> {
        self.m_lines().iter().map(|(port, _, _)| SocketAddr::new(HOST, *port)).collect()
    }
}
