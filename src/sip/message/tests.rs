use super::*;
use proptest::prelude::*;

const INVITE: &str = "INVITE sip:pizza@192.0.2.1 SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK1\r\n\
    From: \"Kim\" <sip:+4930901820@192.0.2.2>;tag=1\r\n\
    To: <sip:pizza@192.0.2.1>\r\n\
    Call-ID: 1@192.0.2.2\r\n\
    CSeq: 1 INVITE\r\n\
    Contact: <sip:kim@192.0.2.2>\r\n";

fn read(text: impl AsRef<[u8]>) -> Read {
    read_datagram(text.as_ref()).unwrap()
}

fn status_of(text: impl AsRef<[u8]>) -> Option<u16> {
    read(text).problem.map(|problem| problem.status.code)
}

#[test]
fn a_datagram_without_content_length_keeps_its_body() {
    let message = read(format!("{INVITE}\r\nv=0\r\n")).message;
    assert_eq!(message.body, b"v=0\r\n");
    let wire = String::from_utf8(message.to_bytes()).unwrap();
    assert!(wire.ends_with("Content-Length: 5\r\n\r\nv=0\r\n"), "{wire}");
}

#[test]
fn content_length_cuts_the_datagram_and_must_be_a_number_within_it() {
    assert_eq!(read(format!("{INVITE}Content-Length: 3\r\n\r\nv=0\r\n")).message.body, b"v=0");
    for length in ["7", "-1", "18446744073709551615", "99999999999999999999999", "x", "+3", "3\r\nl: 4"] {
        assert_eq!(status_of(format!("{INVITE}Content-Length: {length}\r\n\r\nv=0\r\n")), Some(400), "{length}");
    }
}

#[test]
fn legacy_bytes_in_a_name_become_utf_8_and_cost_nothing_behind_them() {
    let mut bytes = INVITE.replace("Kim", "J@rgen").into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'@').unwrap();
    // The first @ is that of the Request-URI: the name's is the third.
    let name = bytes.windows(6).position(|window| window == b"J@rgen").unwrap();
    assert!(at < name);
    bytes[name + 1] = 0xfc;
    bytes.extend(b"Content-Type: application/sdp\r\n\r\nv=0\r\n");
    let read = read(bytes);
    assert_eq!(read.problem, None);
    assert!(read.message.header("From").unwrap().contains("Jürgen"));
    assert_eq!(read.message.tag("From"), Some("1"));
    assert_eq!(read.message.body, b"v=0\r\n");
    assert!(std::str::from_utf8(&read.message.to_bytes()).is_ok());
}

#[test]
fn folds_compact_names_and_odd_white_space_are_read_as_the_grammar_says() {
    let text = "\r\n\r\nINVITE  sip:pizza@192.0.2.1   SIP/2.0\r\n\
        v : SIP / 2.0 / UDP 192.0.2.2 ;\r\n  branch=z9hG4bK1\r\n\
        f:<sip:a@192.0.2.2>;tag=1\r\nTO :\r\n <sip:pizza@192.0.2.1>\r\ni: 1\r\nCSeq: 0001\r\n\tINVITE\r\nl : 0\r\n\r\n";
    let read = read(text);
    assert_eq!(read.problem, None);
    assert_eq!(read.message.header("Via"), Some("SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1"));
    assert_eq!(read.message.header("to"), Some("<sip:pizza@192.0.2.1>"));
    assert_eq!(read.message.cseq(), Some((1, "INVITE")));
}

#[test]
fn what_is_wrong_has_its_status() {
    let with = |from: &str, to: &str| format!("{INVITE}\r\n").replace(from, to);
    assert_eq!(status_of(with("", "")), None);
    assert_eq!(status_of(with("SIP/2.0\r\nVia", "SIP/7.0\r\nVia")), Some(505));
    assert_eq!(status_of(with("sip:pizza@192.0.2.1 SIP", "nobody@192.0.2.1 SIP")), Some(416));
    assert_eq!(status_of(with("sip:pizza@192.0.2.1 SIP", "http://192.0.2.1 SIP")), Some(416));
    assert_eq!(status_of(with("sip:pizza@", "sip:piz za@")), Some(400));
    assert_eq!(status_of(with("sip:pizza@192.0.2.1 SIP", "<sip:pizza@192.0.2.1> SIP")), Some(400));
    assert_eq!(status_of(with("sip:pizza@192.0.2.1 SIP", "sip:piz?za@192.0.2.1 SIP")), None);
    assert_eq!(status_of(with("sip:pizza@192.0.2.1 SIP", "sip:pizza@192.0.2.1?Route=x SIP")), Some(400));
    assert_eq!(status_of(with("\"Kim\" <", "\"Kim <")), Some(400));
    assert_eq!(status_of(with("CSeq: 1", "Call-ID: 2\r\nCSeq: 1")), Some(400));
    assert_eq!(status_of(with("1 INVITE", "1 BYE")), Some(400));
    assert_eq!(status_of(with("1 INVITE", "4294967296 INVITE")), Some(400));
    assert_eq!(status_of(with("Call-ID: 1", "Subject: 1")), Some(400));
    assert_eq!(status_of(with("Call-ID: 1", "Call ID: 1")), Some(400));
    assert_eq!(status_of(with("\r\n", "\n")), Some(400), "bare LF");
}

/// Found by a fuzz target: 0x85 is white space in Unicode, and a name that was none became a second Content-Length.
#[test]
fn a_legacy_byte_before_a_name_is_not_white_space() {
    let mut bytes = format!("{INVITE}Xl: 7\r\nContent-Length: 0\r\n\r\n").into_bytes();
    let at = bytes.windows(2).position(|window| window == b"Xl").unwrap();
    bytes[at] = 0x85;
    let read = read_datagram(&bytes).unwrap();
    assert_eq!(read.message.content_length(), Ok(Some(0)));
    assert_eq!(read.problem.unwrap().what, "Bad header line");
}

/// RFC 3261 §12.1.1: the tag that a peer of RFC 2543 does not have is an empty one.
#[test]
fn a_missing_from_tag_is_put_in_and_never_sent() {
    let read = read(format!("{INVITE}\r\n").replace(";tag=1", ""));
    assert_eq!(read.problem, None);
    assert!(read.message.tag("From").is_some());
    let sent = String::from_utf8(without_invented_tag(read.message.to_bytes())).unwrap();
    assert!(sent.contains("From: \"Kim\" <sip:+4930901820@192.0.2.2>\r\n"), "{sent}");
    let twice = [INVENTED_TAG, "a", INVENTED_TAG, INVENTED_TAG, "b"].concat();
    assert_eq!(without_invented_tag(twice.into_bytes()), b"ab");
}

#[test]
fn a_tag_in_a_display_name_or_uri_is_not_the_tag() {
    let text =
        format!("{INVITE}\r\n").replace("\"Kim\" <sip:", "\"Kim;tag=9\" <sip:x;tag=8").replace(";tag=1", ";x=2;Tag=1");
    assert_eq!(read(text).message.tag("From"), Some("1"));
}

#[test]
fn what_is_no_sip_is_garbage() {
    for bytes in [
        &b""[..],
        b"\r\n\r\n",
        b"\0\0\0\0",
        b"GET / HTTP/1.1\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\n",
        b"SIP/2.0 x y\r\n\r\n",
    ] {
        assert!(read_datagram(bytes).is_err(), "{bytes:?}");
    }
    let many = format!("{INVITE}{}\r\n", "X: 1\r\n".repeat(200));
    assert_eq!(read_datagram(many.as_bytes()), Err(Garbage::TooMuch));
}

proptest! {
    #[test]
    fn no_bytes_bring_the_reader_down(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_datagram(&bytes);
    }

    /// One byte changed anywhere in a real message: read or refused, and whatever is read can be written and read again.
    #[test]
    fn a_damaged_message_is_read_or_refused(at in 0usize..300, byte in any::<u8>()) {
        let mut bytes = format!("{INVITE}Content-Length: 5\r\n\r\nv=0\r\n").into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(Read { message, problem: None }) = read_datagram(&bytes) {
            let again = read_datagram(&message.to_bytes()).unwrap();
            prop_assert_eq!(again.problem, None);
            prop_assert_eq!(again.message.body, message.body);
        }
    }
}
