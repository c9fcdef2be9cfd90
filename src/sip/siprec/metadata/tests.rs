use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Metadata {
    Metadata::parse(text.as_bytes())
}

#[test]
fn a_participant_that_both_formats_name_is_one() {
    let read = parse(
        "<r><participantstreamassoc participant_id='a'><send>s</send></participantstreamassoc>\
         <x:participant x:id='a'><nameID aor='sip:a@x'/><aor>sip:b@x</aor><send>t</send></x:participant></r>",
    );
    assert_eq!(read.participants.len(), 1);
    assert!(read.participants[0].aors == ["sip:a@x", "sip:b@x"]);
    assert!(read.participants[0].sends == Some(vec!["s".to_owned(), "t".to_owned()]));
}

#[test]
fn two_without_an_id_are_two() {
    let read =
        parse("<r><participant><aor>sip:a@x</aor></participant><participant><aor>sip:b@x</aor></participant></r>");
    assert_eq!(read.participants.len(), 2);
}

#[test]
fn a_partial_update_changes_what_it_names_and_nothing_else() {
    let mut known = parse(
        "<r><participant id='a'><nameID aor='sip:a@x'/><send>s</send></participant><participant id='b'/>\
         <stream id='s'><label>1</label></stream></r>",
    );
    known.update(parse("<r><datamode> Partial </datamode><stream id='s'><label>2</label></stream>\
         <participantsessionassoc id='b'><disassociate-time>2026-11-20</disassociate-time></participantsessionassoc></r>"));
    assert!(known.participants[0].aors == ["sip:a@x"] && known.participants[0].sends == Some(vec!["s".to_owned()]));
    assert_eq!(known.label_of("s"), "2");
    assert_eq!(known.present().count(), 1);
    known.update(parse("<r><dataMode>complete</dataMode><participant id='c'/></r>"));
    assert!(known.participants.len() == 1 && known.streams.is_empty());
}

#[test]
fn what_cannot_be_read_takes_nothing_away() {
    let mut known = parse("<r><participant id='a'/></r>");
    for unreadable in ["", "hello", "<recording>", "<r><participant", "\u{0}\u{0}"] {
        known.update(parse(unreadable));
        assert_eq!(known.participants.len(), 1, "{unreadable}");
    }
}

#[test]
fn every_encoding_of_a_name_leaves_the_addresses_readable() {
    let text = "<?xml version=\"1.0\"?><r><participant id=\"a\"><nameID aor=\"sip:a@x\"><name>Zoë</name></nameID></participant></r>";
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
    for bytes in [
        text.as_bytes().to_vec(),
        marked(b"\xef\xbb\xbf", text.as_bytes()),
        latin,
        marked(b"\xfe\xff", &big),
        marked(b"\xff\xfe", &little),
        big,
        little,
    ] {
        assert!(Metadata::parse(&bytes).participants[0].aors == ["sip:a@x"]);
    }
}

#[test]
fn whatever_is_too_much_is_left_out() {
    let many: String = (0..1000).map(|n| format!("<participant id='{n}'><send>{n}</send></participant>")).collect();
    assert_eq!(parse(&format!("<r>{many}</r>")).participants.len(), MAX_PARTICIPANTS);
    let deep = format!("{}<participant id='a'/>{}<participant id='b'/>", "<d>".repeat(5000), "</d>".repeat(5000));
    assert!(parse(&deep).participants.iter().map(|p| p.id.as_str()).collect::<Vec<_>>() == ["b"]);
    let long = format!("<r><participant id='{}'><aor>{}</aor></participant></r>", "x".repeat(9000), "y".repeat(30_000));
    let read = parse(&long);
    assert!(read.participants[0].id.is_empty() && read.participants[0].aors[0].len() <= 2 * MAX_VALUE);
    let late = format!("{}<participant id='a'/>", " ".repeat(MAX_BYTES));
    assert_eq!(parse(&late).participants.len(), 0);
}

proptest! {
    #[test]
    fn no_document_brings_it_down(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "(</?(participant|send|stream|callData|nameID)( (id|aor)=['\"]?[a-z&;@:]{0,6}['\"]?)?/?>|[ -~]{0,9}|&[a-z#0-9]{0,5};?|<!\\[CDATA\\[|\\]\\]>|<!--|-->|<\\?){0,40}") {
        let mut known = Metadata::parse(&bytes);
        known.update(Metadata::parse(text.as_bytes()));
    }
}
