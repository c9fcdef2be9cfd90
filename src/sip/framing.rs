//! Cuts a byte stream into SIP messages by Content-Length (RFC 3261 §18.3).
//!
//! The framing is ours because a connection is shared: an SBC sends all its calls over one, and a message that cannot be
//! parsed must not end the others. Only a message whose end cannot be known costs the connection.

use super::message::{self, BadLength, Garbage, MAX_HEAD_BYTES, Problem, Read};
use super::status;

/// What has been cut out of the stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    Message(Box<Read>),
    /// Ends like a message and is none.
    Garbage(Garbage),
    /// RFC 5626 §4.4.1: two line ends ask for one back.
    KeepAlive,
    /// Where the next message begins cannot be known. The last one may be answered, then the connection must go.
    Broken(Option<Box<Read>>),
}

/// Holds no more than one message and what was read beyond it.
#[derive(Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// A head that is complete while its body is not.
    head: Option<(usize, usize)>,
    scanned: usize,
}

/// SDP, SIPREC metadata and a certificate or two; RFC 3261 names no limit, our memory does.
const MAX_BODY_BYTES: usize = 64 * 1024;

impl Framer {
    /// More bytes of the stream. Call [`Framer::cut`] until it is `None` before pushing again.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether the stream stands inside a message.
    pub fn is_midway(&self) -> bool {
        !self.buffer.is_empty()
    }

    pub fn cut(&mut self) -> Option<Frame> {
        if self.head.is_none() {
            if let Some(keep_alive) = self.skip_line_ends() {
                return Some(keep_alive);
            }
            self.head = self.find_head();
        }
        let Some((head_end, body_start)) = self.head else {
            return (self.buffer.len() > MAX_HEAD_BYTES).then(|| self.broken(None));
        };
        let mut read = match message::read_framed(&self.buffer[..head_end], Vec::new()) {
            Ok(read) => read,
            Err(garbage) => {
                self.consume(body_start);
                return Some(Frame::Garbage(garbage));
            }
        };
        let length = match read.message.content_length() {
            // RFC 3261 §20.14 wants one on streams; the peers that leave it out send no body.
            Ok(length) => length.unwrap_or(0),
            Err(BadLength) => {
                read.problem = Some(Problem { status: status::BAD_REQUEST, what: "Bad Content-Length" });
                return Some(self.broken(Some(Box::new(read))));
            }
        };
        if length > MAX_BODY_BYTES {
            read.problem = Some(Problem { status: status::TOO_LARGE, what: status::TOO_LARGE.reason });
            return Some(self.broken(Some(Box::new(read))));
        }
        if self.buffer.len() < body_start + length {
            return None;
        }
        read.message.body = self.buffer[body_start..body_start + length].to_vec();
        self.consume(body_start + length);
        Some(Frame::Message(Box::new(read)))
    }

    /// RFC 3261 §7.5: line ends before a message mean nothing; RFC 5626: two of them are a keep-alive.
    fn skip_line_ends(&mut self) -> Option<Frame> {
        if self.buffer.starts_with(b"\r\n\r\n") {
            self.consume(4);
            return Some(Frame::KeepAlive);
        }
        // A single one waits for the second, or for the message behind it.
        let line_ends = self.buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        if line_ends < self.buffer.len() || line_ends > 4 {
            self.consume(line_ends);
        }
        None
    }

    fn find_head(&mut self) -> Option<(usize, usize)> {
        // The mark may straddle the last push.
        let from = self.scanned.saturating_sub(3);
        self.scanned = self.buffer.len();
        let (before, rest) = message::split(&self.buffer[from..]).filter(|_| self.buffer.len() > from)?;
        let body_start = self.buffer.len() - rest.len();
        let mark = body_start - from - before.len();
        Some((body_start - mark, body_start)).filter(|(head_end, _)| *head_end <= MAX_HEAD_BYTES)
    }

    fn consume(&mut self, bytes: usize) {
        self.buffer.drain(..bytes);
        self.head = None;
        self.scanned = 0;
    }

    fn broken(&mut self, read: Option<Box<Read>>) -> Frame {
        self.consume(self.buffer.len());
        Frame::Broken(read)
    }
}

#[cfg(test)]
#[allow(clippy::panic)] // a test fails by panicking
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str = "OPTIONS sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK1\r\n\
        From: <sip:b@192.0.2.2>;tag=1\r\nTo: <sip:a@192.0.2.1>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n";

    fn message(length: &str, body: &str) -> String {
        format!("{HEAD}Content-Length{length}\r\n\r\n{body}")
    }

    fn frames(framer: &mut Framer) -> Vec<Frame> {
        std::iter::from_fn(|| framer.cut()).collect()
    }

    fn bodies(frames: &[Frame]) -> Vec<&[u8]> {
        frames
            .iter()
            .map(|frame| match frame {
                Frame::Message(read) => &read.message.body[..],
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn messages_come_out_whole_however_they_are_cut() {
        let stream =
            [message(": 3", "abc"), message(" : 0", ""), message(":\r\n 2", "\r\n"), message(": 1", "z")].concat();
        for size in [1, 7, 100, stream.len()] {
            let mut framer = Framer::default();
            let mut all = Vec::new();
            for piece in stream.as_bytes().chunks(size) {
                framer.push(piece);
                all.extend(frames(&mut framer));
            }
            assert_eq!(bodies(&all), [&b"abc"[..], b"", b"\r\n", b"z"], "pieces of {size}");
            assert!(!framer.is_midway());
        }
    }

    #[test]
    fn garbage_between_messages_costs_only_itself() {
        let mut framer = Framer::default();
        framer.push(format!("hello\r\nworld\r\n\r\n{}", message(": 1", "a")).as_bytes());
        let all = frames(&mut framer);
        assert!(matches!(all[0], Frame::Garbage(_)));
        assert_eq!(bodies(&all[1..]), [b"a"]);
    }

    #[test]
    fn two_line_ends_are_a_keep_alive_and_one_is_nothing() {
        let mut framer = Framer::default();
        framer.push(b"\r\n\r\n");
        assert_eq!(frames(&mut framer), [Frame::KeepAlive]);
        framer.push(format!("\r\n{}", message(": 0", "")).as_bytes());
        assert_eq!(frames(&mut framer).len(), 1);
    }

    #[test]
    fn a_length_that_cannot_be_believed_breaks_the_stream_with_something_to_answer() {
        for (length, status) in [(": x", 400), (": -1", 400), (": 18446744073709551615", 513), (": 65537", 513)] {
            let mut framer = Framer::default();
            framer.push(message(length, "").as_bytes());
            let Some(Frame::Broken(Some(read))) = framer.cut() else { panic!("{length}") };
            assert_eq!(read.problem.unwrap().status.code, status, "{length}");
        }
    }

    #[test]
    fn a_head_without_end_is_not_kept_for_ever() {
        let mut framer = Framer::default();
        let mut pushed = 0;
        while framer.cut().is_none() {
            framer.push(&[b'x'; 1000]);
            pushed += 1000;
            assert!(pushed < 70_000);
        }
        assert!(!framer.is_midway());
    }

    proptest! {
        #[test]
        fn no_stream_brings_it_down(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..40)) {
            let mut framer = Framer::default();
            for piece in pieces {
                framer.push(&piece);
                frames(&mut framer);
            }
        }
    }
}
