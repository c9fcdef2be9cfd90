//! A file server on loopback that drops lines, forgets ranges and answers errors, as it is told.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What becomes of one request.
#[derive(Clone, Copy)]
pub enum Answer {
    /// All that was asked for.
    Whole,
    /// So many bytes of it, then the line is cut.
    CutAfter(usize),
    /// The whole file, whatever range was asked for.
    WithoutRanges,
    Status(u16),
}

pub struct Server {
    pub url: String,
    /// The first byte that each request asked for.
    asked: Arc<Mutex<Vec<usize>>>,
}

impl Server {
    /// `answers` in their order; the last one again and again.
    pub fn start(file: Vec<u8>, answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/models/tiny-voice.onnx", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = asked.clone();
        thread::spawn(move || {
            for (n, stream) in listener.incoming().enumerate() {
                let from = serve(stream.unwrap(), &file, answers[n.min(answers.len() - 1)]);
                noted.lock().unwrap().push(from);
            }
        });
        Self { url, asked }
    }

    pub fn asked(&self) -> Vec<usize> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, file: &[u8], answer: Answer) -> usize {
    let mut from = 0;
    for line in BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap) {
        if let Some(range) = line.to_lowercase().strip_prefix("range: bytes=") {
            from = range.trim_end_matches('-').parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let (start, cut) = match answer {
        Answer::Whole => (from, usize::MAX),
        Answer::CutAfter(bytes) => (from, bytes),
        Answer::WithoutRanges => (0, usize::MAX),
        Answer::Status(status) => {
            let _ = write!(stream, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return from;
        }
    };
    let rest = &file[start.min(file.len())..];
    let status = match (start, rest.is_empty()) {
        (0, _) => "200 OK",
        (_, true) => "416 Range Not Satisfiable",
        _ => "206 Partial Content",
    };
    let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", rest.len());
    let _ = stream.write_all(&rest[..cut.min(rest.len())]);
    from
}
