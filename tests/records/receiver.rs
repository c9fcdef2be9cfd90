//! A system that is sent webhooks: it takes them, fails, says nothing, or is not there.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::house::PATIENCE;

pub struct Receiver {
    pub address: SocketAddr,
    received: mpsc::Receiver<Received>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Clone, Debug)]
pub struct Received {
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }
}

/// What the n-th request is answered; the last one goes for all after it. 0: nothing at all.
pub type Answers = &'static [u16];

impl Receiver {
    pub async fn open(answers: Answers) -> Self {
        Self::open_at("127.0.0.1:0".parse().unwrap(), answers).await
    }

    pub async fn open_at(address: SocketAddr, answers: Answers) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = mpsc::channel(64);
        let task = tokio::task::spawn(async move {
            let mut held = Vec::new();
            for n in 0.. {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                let request = read(&mut stream).await;
                match answers[n.min(answers.len() - 1)] {
                    0 => held.push(stream),
                    status => {
                        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                }
                if sender.send(request).await.is_err() {
                    return;
                }
            }
        });
        Self { address, received, task }
    }

    pub async fn next(&mut self) -> Received {
        tokio::time::timeout(PATIENCE, self.received.recv()).await.expect("nothing was sent").unwrap()
    }

    /// Whether something more has come by now.
    pub fn has_more(&mut self) -> bool {
        self.received.try_recv().is_ok()
    }

    /// Goes away; its port is free afterwards.
    pub async fn close(self) -> SocketAddr {
        self.task.abort();
        let _ = self.task.await;
        self.address
    }

    /// One entry of `hooks.endpoints`.
    pub fn endpoint(&self, name: &str, events: &str, secret_file: &str) -> String {
        endpoint(name, self.address, events, secret_file)
    }
}

pub fn endpoint(name: &str, address: SocketAddr, events: &str, secret_file: &str) -> String {
    format!(
        "{{name = \"{name}\", url = \"http://{address}/in\", events = [{events}], secret_file = \"{secret_file}\"}}"
    )
}

async fn read(stream: &mut TcpStream) -> Received {
    let mut reader = BufReader::new(stream);
    let (mut headers, mut line) = (HashMap::new(), String::new());
    loop {
        line.clear();
        let read = tokio::time::timeout(Duration::from_secs(30), reader.read_line(&mut line)).await.unwrap().unwrap();
        if read == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.unwrap();
    Received { headers, body }
}
