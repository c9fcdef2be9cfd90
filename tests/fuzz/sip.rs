use std::net::SocketAddr;

use regulars::sip::answer::answer;
use regulars::sip::framing::{Frame, Framer};
use regulars::sip::message::{Read, read_datagram};
use regulars::sip::status;
use rsipstack::sip::SipMessage;

use crate::breaks::{Break, TIME, broken};

/// Legal in odd ways: folds, compact names, white space, quotes with escapes, an empty and an unknown header.
const INVITE: &[u8] = b"INVITE sip:pizza@192.0.2.1;lr SIP/2.0\r\nv:  SIP  / 2.0 / UDP\r\n    192.0.2.9 ; rport ;branch = z9hG4bKx\r\n\
Via: SIP/2.0/TCP [2001:db8::9]:5060;received=192.0.2.77;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
From   : \"J \\\\\\\" R\"       <sip:+4930901820@192.0.2.9>\r\n  ;\r\n  tag = 98\r\nt:<sip:pizza@192.0.2.1>\r\nSubject:\r\n\
CaLl-Id: wsinv@192.0.2.9\r\ncseq: 0009\r\n  INVITE\r\nm:\"Q \\\"\\\"\" <sip:kim@192.0.2.9>;q=0.1\r\nX-New: a, b; c=\"d\"\r\n\
P-Asserted-Identity: <tel:+49-30-901820;ext=1>\r\nContent-TYPE: application/sdp\r\nl : 33\r\n\r\n\
v=0\r\nm=audio 4000 RTP/AVP 0 8 9\r\n";
const OPTIONS: &[u8] = b"OPTIONS sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK2\r\n\
From: <sip:a@192.0.2.9>;tag=1\r\nTo: <sip:192.0.2.1>\r\nCall-ID: 2\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
const RESPONSE: &[u8] = b"SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK3\r\n\
From: <sip:a@192.0.2.9>;tag=1\r\nTo: <sip:192.0.2.1>;tag=2\r\nCall-ID: 3\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n";
const MESSAGES: [&[u8]; 3] = [INVITE, OPTIONS, RESPONSE];

#[test]
fn a_datagram_is_read_and_can_be_answered() {
    let from: SocketAddr = "192.0.2.9:5060".parse().unwrap();
    bolero::check!().with_type::<(u8, Vec<Break>)>().with_test_time(TIME).for_each(|(which, breaks)| {
        let datagram = broken(MESSAGES[usize::from(*which) % MESSAGES.len()], breaks);
        let Ok(Read { message, .. }) = read_datagram(&datagram) else { return };
        // The stack behind us gets what we have made legal, and may refuse it, but not die of it.
        let _ = SipMessage::try_from(message.to_bytes().as_slice());
        if let Some(answer) = answer(&message, status::BAD_REQUEST, "Bad Request", &[], from) {
            let answer = String::from_utf8(answer).unwrap();
            assert!(answer.starts_with("SIP/2.0 400 Bad Request\r\n") && answer.ends_with("\r\n\r\n"), "{answer:?}");
            assert!(!answer.trim_end().contains("\r\n\r\n"), "a header must not end the head: {answer:?}");
        }
    });
}

#[test]
fn a_stream_is_cut_alike_however_it_arrives() {
    bolero::check!().with_type::<(Vec<Break>, Vec<u8>)>().with_test_time(TIME).for_each(|(breaks, sizes)| {
        let stream = broken(&[OPTIONS, INVITE, b"\r\n\r\n", OPTIONS].concat(), breaks);
        let whole = cut(&mut [stream.as_slice()].into_iter());
        let mut rest = stream.as_slice();
        let mut pieces = Vec::new();
        for size in sizes.iter().map(|size| usize::from(*size) + 1) {
            let (piece, later) = rest.split_at(size.min(rest.len()));
            pieces.push(piece);
            rest = later;
        }
        pieces.push(rest);
        assert_eq!(cut(&mut pieces.into_iter()), whole);
    });
}

#[test]
fn what_comes_after_a_broken_message_of_known_length_is_whole() {
    bolero::check!().with_type::<(u8, Vec<Break>)>().with_test_time(TIME).for_each(|(which, breaks)| {
        // Where a message ends, nobody can know once its length or its empty line is touched: one other line is.
        let lines: Vec<&[u8]> = OPTIONS.split_inclusive(|byte| *byte == b'\n').collect();
        let at = usize::from(*which) % (lines.len() - 2);
        let mut line = broken(lines[at].trim_ascii_end(), breaks);
        line.retain(|byte| ![b'\r', b'\n'].contains(byte));
        let name =
            String::from_utf8_lossy(&line).split(':').next().unwrap().trim_matches([' ', '\t']).to_ascii_lowercase();
        if ["", "l", "content-length"].contains(&name.as_str()) {
            return;
        }
        let stream = [&lines[..at].concat(), &line, b"\r\n".as_slice(), &lines[at + 1..].concat(), OPTIONS].concat();
        let last = cut(&mut [stream.as_slice()].into_iter()).pop();
        let Some(Frame::Message(read)) = last else { panic!("{last:?}") };
        assert_eq!(read.message.header("Call-ID"), Some("2"));
    });
}

/// All frames up to where the connection would be closed.
fn cut(pieces: &mut dyn Iterator<Item = &[u8]>) -> Vec<Frame> {
    let mut framer = Framer::default();
    let mut frames = Vec::new();
    for piece in pieces {
        framer.push(piece);
        while let Some(frame) = framer.cut() {
            let broken = matches!(frame, Frame::Broken(_));
            frames.push(frame);
            if broken {
                return frames;
            }
        }
    }
    frames
}
