//! The other side: a WebSocket client, an AudioSocket client, and plain HTTP.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::house::PATIENCE;

pub struct WebSocket(WebSocketStream<TcpStream>);

pub async fn connect(to: SocketAddr, path: &str) -> WebSocket {
    try_connect(to, path, &[]).await.unwrap_or_else(|status| panic!("{path}: HTTP status {status}"))
}

/// `Err`: the HTTP status in place of 101; 0 when the connection was closed without any.
pub async fn try_connect(to: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<WebSocket, u16> {
    let mut request = format!("ws://{to}{path}").into_client_request().unwrap();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
    }
    let stream = TcpStream::connect(to).await.unwrap();
    match timeout(PATIENCE, tokio_tungstenite::client_async(request, stream)).await.expect("an answer") {
        Ok((socket, _)) => Ok(WebSocket(socket)),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(_) => Err(0),
    }
}

impl WebSocket {
    pub async fn text(&mut self, text: impl Into<String>) {
        self.0.send(Message::text(text.into())).await.unwrap();
    }

    pub async fn binary(&mut self, bytes: impl Into<Vec<u8>>) {
        self.0.send(Message::binary(bytes.into())).await.unwrap();
    }

    /// As `binary`, to a house that may have closed already.
    pub async fn try_binary(&mut self, bytes: impl Into<Vec<u8>>) -> bool {
        self.0.send(Message::binary(bytes.into())).await.is_ok()
    }

    async fn next(&mut self) -> Option<Message> {
        timeout(PATIENCE, self.0.next()).await.expect("a message").and_then(Result::ok)
    }

    pub async fn reply(&mut self) -> String {
        match self.next().await {
            Some(Message::Text(text)) => text.as_str().to_owned(),
            other => panic!("no text: {other:?}"),
        }
    }

    pub async fn json(&mut self) -> Value {
        serde_json::from_str(&self.reply().await).unwrap()
    }

    /// The close code, after any texts. Closes this side too.
    pub async fn closed(&mut self) -> u16 {
        let code = loop {
            match self.next().await {
                Some(Message::Close(frame)) => break frame.expect("a reason").code.into(),
                Some(_) => {}
                None => panic!("closed without a word"),
            }
        };
        while self.next().await.is_some() {}
        code
    }

    pub async fn close(mut self) {
        self.0.close(None).await.unwrap();
        while self.next().await.is_some() {}
    }
}

/// Status and body of a GET.
pub async fn get(to: SocketAddr, target: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: {to}\r\n{headers}\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("an answer").unwrap();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

pub struct AudioSocket(TcpStream);

impl AudioSocket {
    pub async fn connect(to: SocketAddr) -> AudioSocket {
        AudioSocket(TcpStream::connect(to).await.unwrap())
    }

    pub async fn send(&mut self, kind: u8, payload: &[u8]) {
        let mut frame = vec![kind];
        frame.extend((payload.len() as u16).to_be_bytes());
        frame.extend(payload);
        self.0.write_all(&frame).await.unwrap();
    }

    /// Everything the house sends until it closes.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        timeout(PATIENCE, self.0.read_to_end(&mut rest)).await.expect("the house closes").unwrap();
        rest
    }
}

/// The UUID of the `number`-th call, as text and as AudioSocket sends it.
pub fn uuid(number: u8) -> (String, [u8; 16]) {
    (format!("30b0e395-84d3-4570-ac13-9a62d8f514{number:02x}"), {
        let mut bytes = *b"\x30\xb0\xe3\x95\x84\xd3\x45\x70\xac\x13\x9a\x62\xd8\xf5\x14\x00";
        bytes[15] = number;
        bytes
    })
}

/// Each dialect's first message of a call from our synthetic caller on `pizza`, and its path.
pub fn openings() -> [(&'static str, String); 4] {
    [
        ("/audio-fork", json!({ "from": "+4930901820", "line": "pizza" }).to_string()),
        (
            "/asterisk?from=030901820&line=pizza",
            "MEDIA_START connection_id:c channel:WebSocket/c/0x1 format:slin optimal_frame_size:320 ptime:20"
                .to_owned(),
        ),
        ("/audiohook", audiohook("open", 1, open())),
        (
            "/media-stream",
            json!({ "event": "start", "start": { "tracks": ["inbound"],
                    "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
                    "customParameters": { "from": "+4930901820", "line": "pizza" } } })
            .to_string(),
        ),
    ]
}

/// One payload of the caller, as `path`'s dialect sends it; it must be heard as `bytes`, for 16-bit samples swapped.
pub async fn speak(socket: &mut WebSocket, path: &str, bytes: &[u8]) {
    if path == "/media-stream" {
        let payload = STANDARD.encode(bytes);
        socket.text(json!({ "event": "media", "media": { "track": "inbound", "payload": payload } }).to_string()).await;
    } else {
        socket.binary(bytes).await;
    }
}

pub const SESSION: &str = "30b0e395-84d3-4570-ac13-9a62d8f514c0";

pub fn audiohook(kind: &str, seq: u64, parameters: Value) -> String {
    json!({ "version": "2", "id": SESSION, "type": kind, "seq": seq, "serverseq": 0, "position": "PT0S",
            "parameters": parameters })
    .to_string()
}

pub fn open() -> Value {
    json!({
        "organizationId": "d7934305-0972-4844-938e-9060eef73d05",
        "conversationId": "090eaa2f-72fa-480a-83e0-8667ff89c0ec",
        "participant": { "id": "883efee8-3d6c-4537-b500-6d7ca4b92fa0", "ani": "tel:+4930901820", "aniName": "Kim",
                         "dnis": "pizza" },
        "media": [{ "type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000 }],
        "language": "en-US",
    })
}
