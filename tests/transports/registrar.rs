//! A registrar of a test: it says what it is told to.

use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::password::{Proof, param};
use crate::service::{HOST, PATIENCE};
use crate::wire::header;

pub const USER: &str = "700";
pub const PASSWORD: &str = "s3cret";

pub struct Registrar {
    socket: UdpSocket,
}

impl Registrar {
    pub async fn new() -> Registrar {
        Registrar { socket: UdpSocket::bind((HOST, 0)).await.unwrap() }
    }

    pub fn addr(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub fn uri(&self) -> String {
        format!("sip:{}", self.addr())
    }

    /// The next REGISTER, and where it came from. Its repetitions are let go.
    pub async fn request(&self, seen: &mut Vec<String>) -> (String, SocketAddr) {
        loop {
            let mut buffer = [0; 4096];
            let received = timeout(PATIENCE, self.socket.recv_from(&mut buffer)).await.expect("a request");
            let (length, from) = received.unwrap();
            let text = String::from_utf8(buffer[..length].to_vec()).unwrap();
            let branch = header(&text, "Via");
            if text.starts_with("REGISTER ") && !seen.contains(&branch) {
                seen.push(branch);
                return (text, from);
            }
        }
    }

    pub async fn answer(&self, to: &(String, SocketAddr), status: &str, extra: &str) {
        self.socket.send_to(answer(&to.0, status, extra).as_bytes(), to.1).await.unwrap();
    }

    /// Lets the next REGISTER through for so many seconds, after a challenge. Gives the one with the right password.
    pub async fn welcome(&self, seen: &mut Vec<String>, expires_s: u32) -> String {
        let first = self.request(seen).await;
        self.answer(&first, "401 Unauthorized", CHALLENGE).await;
        let second = self.request(seen).await;
        check(&second.0);
        self.answer(&second, "200 OK", &binding(&second.0, expires_s)).await;
        second.0
    }

    /// Calls whoever has registered.
    pub async fn send(&self, text: &str, to: SocketAddr) {
        self.socket.send_to(text.as_bytes(), to).await.unwrap();
    }

    /// The next message that begins so.
    pub async fn receive(&self, beginning: &str) -> String {
        loop {
            let mut buffer = [0; 4096];
            let received = timeout(PATIENCE, self.socket.recv(&mut buffer)).await.expect("a message").unwrap();
            let text = String::from_utf8(buffer[..received].to_vec()).unwrap();
            if text.starts_with(beginning) {
                return text;
            }
        }
    }
}

pub const CHALLENGE: &str = "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n1\", algorithm=SHA3-256, qop=\"auth\"\r\n\
    WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n2\", algorithm=SHA-256, qop=\"auth\", opaque=\"o\"\r\n\
    WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n3\", algorithm=MD5, qop=\"auth\"\r\n";

/// The 200 lists another phone's binding too.
pub fn binding(request: &str, expires_s: u32) -> String {
    let contact = header(request, "Contact");
    let own = contact.split(';').next().unwrap().trim_end_matches('>');
    format!("Contact: <sip:{USER}@192.0.2.9>;expires=3000, {own}>;expires={expires_s}\r\n")
}

pub fn answer(request: &str, status: &str, extra: &str) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        text += &format!("{name}: {}\r\n", header(request, name));
    }
    text + extra + "Content-Length: 0\r\n\r\n"
}

pub fn check(request: &str) {
    let authorization = header(request, "Authorization");
    let uri = request.split_whitespace().nth(1).unwrap();
    let proof = Proof { user: USER, password: PASSWORD, method: "REGISTER", uri, count: "00000001" };
    assert_eq!(param(&authorization, "nonce"), "n2", "the first algorithm that is known");
    assert_eq!(param(&authorization, "opaque"), "o");
    let expected = proof.response("pbx", "n2", &param(&authorization, "cnonce"));
    assert_eq!(param(&authorization, "response"), expected);
}

/// A whole message without a body from a connection.
pub async fn next_message(stream: &mut (impl AsyncRead + Unpin), pending: &mut String) -> String {
    loop {
        if let Some(end) = pending.find("\r\n\r\n") {
            let rest = pending.split_off(end + 4);
            return std::mem::replace(pending, rest);
        }
        let mut buffer = [0; 4096];
        let length = timeout(PATIENCE, stream.read(&mut buffer)).await.expect("a message").unwrap();
        assert!(length > 0, "closed");
        pending.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
    }
}

pub async fn write(stream: &mut (impl AsyncWrite + Unpin), text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}
