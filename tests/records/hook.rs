//! A system that sends webhooks, well or badly.

use std::net::SocketAddr;

use regulars::base::clock;
use regulars::records::Secret;
use regulars::records::signature::{Signed, sign};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// 24 bytes that are nobody's.
pub const SECRET: &str = "whsec_c2VjcmV0IG9mIG5vYm9keSBhdCBhbGwh";
pub const OTHER_SECRET: &str = "whsec_YW5vdGhlciBzZWNyZXQgb2Ygbm9ib2R5";

/// `hooks.sources` with one source, after `--set`; the secret lies in `folder`.
pub fn source_setting(folder: &tempfile::TempDir, name: &str) -> String {
    let file = folder.path().join("secrets");
    std::fs::write(&file, format!("{OTHER_SECRET}\n{SECRET}\n")).unwrap();
    format!("hooks.sources=[{{name = \"{name}\", secret_file = \"{}\"}}]", file.display())
}

#[derive(Clone)]
pub struct Hook {
    pub id: String,
    pub at_s: i64,
    pub secret: &'static str,
    pub content_type: &'static str,
    /// The name by which the desk is reached.
    pub host: &'static str,
}

impl Hook {
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            at_s: clock::wall().0 / 1000,
            secret: SECRET,
            content_type: "application/json",
            host: "hooks.shop.example",
        }
    }

    /// Status and sentence.
    pub async fn send(&self, desk: SocketAddr, source: &str, body: &[u8]) -> (u16, String) {
        let timestamp = self.at_s.to_string();
        let secrets = [Secret::parse(self.secret).unwrap()];
        let signature = sign(&secrets, &Signed { id: &self.id, timestamp: &timestamp, body });
        let headers =
            format!("webhook-id: {}\r\nwebhook-timestamp: {timestamp}\r\nwebhook-signature: {signature}\r\n", self.id);
        self.send_with(desk, source, &headers, body).await
    }

    pub async fn send_with(&self, desk: SocketAddr, source: &str, headers: &str, body: &[u8]) -> (u16, String) {
        let head = format!(
            "POST /hooks/{source} HTTP/1.1\r\nHost: {}\r\nContent-Type: {}\r\n{headers}Content-Length: {}\r\n\
             Connection: close\r\n\r\n",
            self.host,
            self.content_type,
            body.len()
        );
        let mut stream = TcpStream::connect(desk).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // Who sends too much is answered before the end, and may find the connection closed.
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let sentence = answer.split_once("\r\n\r\n").map(|(_, body)| body.trim().to_owned());
        (status.unwrap_or_else(|| panic!("no answer: {answer:?}")), sentence.unwrap_or_default())
    }
}

/// `contact.put` of a complaint by mail, a minute ago.
pub fn complaint(customer: &str, key: &str) -> Value {
    let at = jiff::Timestamp::from_millisecond(clock::wall().0 - 60_000).unwrap().to_string();
    json!({
        "type": "contact.put",
        "timestamp": at.clone(),
        "data": {
            "key": key, "customerId": customer, "at": at, "channel": "CHANNEL_EMAIL", "agent": "Toni",
            "wanted": "La pizza è arrivata fredda", "complaint": "COMPLAINT_OPEN",
        },
    })
}
