//! Raw messages, as a peer writes them.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::service::{HOST, PATIENCE};

pub const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=audio 39000 RTP/AVP 8 0\r\n";

/// A request with all it needs, except Content-Length.
pub fn head(method: &str, to: SocketAddr, from: SocketAddr, transport: &str, call: &str) -> String {
    format!(
        "{method} sip:pizza@{to} SIP/2.0\r\n\
         Via: SIP/2.0/{transport} {from};rport;branch=z9hG4bK-{call}-{method}\r\n\
         Max-Forwards: 70\r\n\
         From: \"Kim\" <sip:+4930901820@{from}>;tag=from-{call}\r\n\
         To: <sip:pizza@{to}>\r\n\
         Call-ID: {call}\r\n\
         CSeq: 1 {method}\r\n\
         Contact: <sip:kim@{from}>\r\n"
    )
}

pub fn invite(to: SocketAddr, from: SocketAddr, transport: &str, call: &str) -> String {
    let length = SDP.len();
    let head = head("INVITE", to, from, transport, call);
    format!("{head}Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{SDP}")
}

/// Between a request and its repetition: longer than RFC 3261's, since the machine may be busy.
const T1: Duration = Duration::from_secs(2);

/// A peer on UDP.
pub struct Udp {
    socket: UdpSocket,
    to: SocketAddr,
}

impl Udp {
    pub async fn new(to: SocketAddr) -> Udp {
        Udp { socket: UdpSocket::bind((HOST, 0)).await.unwrap(), to }
    }

    pub async fn bound_to(here: &str, to: SocketAddr) -> Udp {
        Udp { socket: UdpSocket::bind(here).await.unwrap(), to }
    }

    pub fn here(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub async fn send(&self, bytes: impl AsRef<[u8]>) {
        self.socket.send_to(bytes.as_ref(), self.to).await.unwrap();
    }

    pub async fn receive(&self) -> String {
        let mut buffer = [0; 4096];
        let (length, _) = timeout(PATIENCE, self.socket.recv_from(&mut buffer)).await.expect("an answer").unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// Whether such a message is among those that have come and were not read.
    pub fn has_received(&self, beginning: &str) -> bool {
        let mut buffer = [0; 4096];
        let came = std::iter::from_fn(|| {
            let length = self.socket.try_recv(&mut buffer).ok()?;
            Some(buffer[..length].starts_with(beginning.as_bytes()))
        });
        came.fold(false, |found, one| found | one)
    }

    /// The next message that begins so.
    pub async fn receive_within(&self, patience: Duration, beginning: &str) -> String {
        let received = timeout(patience, async {
            loop {
                let mut buffer = [0; 4096];
                let length = self.socket.recv(&mut buffer).await.unwrap();
                let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
                if text.starts_with(beginning) {
                    return text;
                }
            }
        });
        received.await.unwrap_or_else(|_| panic!("no {beginning}"))
    }

    /// The first final answer whose CSeq names this method.
    pub async fn final_answer(&self, method: &str) -> String {
        loop {
            let answer = self.receive().await;
            if answer.contains(&format!(" {method}\r\n"))
                && answer.starts_with("SIP/2.0 ")
                && !answer.starts_with("SIP/2.0 1")
            {
                return answer;
            }
        }
    }

    /// Asks until it is answered, as RFC 3261 has it for UDP.
    pub async fn ask(&self, method: &str, bytes: impl AsRef<[u8]>) -> String {
        for _ in 0..PATIENCE.div_duration_f32(T1) as usize {
            self.send(&bytes).await;
            if let Ok(answer) = timeout(T1, self.final_answer(method)).await {
                return answer;
            }
        }
        panic!("no answer to {method}");
    }

    /// The ACK of an answer to the INVITE of this call, and the BYE that ends it.
    pub async fn ack(&self, answer: &str, call: &str) {
        let to = header(answer, "To");
        let ack = head("ACK", self.to, self.here(), "UDP", call);
        self.send(replace_to(&ack, &to) + "\r\n").await;
    }

    pub async fn bye(&self, answer: &str, call: &str) -> String {
        let to = header(answer, "To");
        let bye = head("BYE", self.to, self.here(), "UDP", call).replace("CSeq: 1", "CSeq: 2");
        self.ask("BYE", replace_to(&bye, &to) + "\r\n").await
    }
}

/// The same request to a To with a tag.
pub fn replace_to(request: &str, to: &str) -> String {
    request
        .lines()
        .map(|line| if line.starts_with("To:") { format!("To: {to}\r\n") } else { format!("{line}\r\n") })
        .collect()
}

pub fn header(message: &str, name: &str) -> String {
    let line = message.lines().find(|line| line.starts_with(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in\n{message}"))[name.len() + 2..].to_owned()
}

pub fn status(answer: &str) -> u16 {
    answer[8..11].parse().unwrap()
}

/// A peer on a connection: TCP, or TLS over it.
pub struct Tcp<S = TcpStream> {
    pub stream: S,
    pub to: SocketAddr,
    pending: String,
}

impl Tcp {
    pub async fn new(to: SocketAddr) -> Tcp {
        Self::over(TcpStream::connect(to).await.unwrap(), to)
    }

    pub fn here(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    pub fn options(&self, call: &str) -> String {
        head("OPTIONS", self.to, self.here(), "TCP", call) + "Content-Length: 0\r\n\r\n"
    }

    /// Whether the connection still carries messages.
    pub async fn is_alive(&mut self, call: &str) -> bool {
        let options = self.options(call);
        self.answers(&options).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Tcp<S> {
    pub fn over(stream: S, to: SocketAddr) -> Tcp<S> {
        Tcp { stream, to, pending: String::new() }
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Whether a request that cannot be refused gets its 200.
    pub async fn answers(&mut self, request: &str) -> bool {
        self.stream.write_all(request.as_bytes()).await.is_ok() && self.receive().await.starts_with("SIP/2.0 200 ")
    }

    /// The next answer without a body; empty when the service has closed the connection.
    pub async fn receive(&mut self) -> String {
        loop {
            if let Some(end) = self.pending.find("\r\n\r\n") {
                let rest = self.pending.split_off(end + 4);
                return std::mem::replace(&mut self.pending, rest);
            }
            let mut buffer = [0; 4096];
            let length = timeout(PATIENCE, self.stream.read(&mut buffer)).await.expect("an answer").unwrap_or(0);
            if length == 0 {
                return String::new();
            }
            self.pending.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
        }
    }
}
