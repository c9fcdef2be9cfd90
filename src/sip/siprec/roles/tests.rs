//! Each trap of the field, as a whole body under fixtures/siprec.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::sip::multipart;
use crate::sip::sdp::Description;
use crate::sip::siprec::recording::{Recording, Rules};

/// A fixture's Content-Type and its body, with the line ends of SIP.
fn fixture(name: &str) -> (String, Vec<u8>) {
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/siprec").join(name)).unwrap();
    let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
    let content_type = std::str::from_utf8(&bytes[..end]).unwrap().strip_prefix("Content-Type: ").unwrap().to_owned();
    let body = bytes[end + 2..].iter().flat_map(|byte| if *byte == b'\n' { b"\r\n".to_vec() } else { vec![*byte] });
    (content_type, body.collect())
}

fn session(agents: &[&str]) -> Recording {
    let agents = Agents::new(agents.iter().map(|pattern| (*pattern).to_owned()));
    Recording::new(Arc::new(Rules { agents, country_code: Some("1".to_owned()) }))
}

fn update(session: &mut Recording, name: &str) -> Roles {
    let (content_type, body) = fixture(name);
    let body = multipart::read(Some(&content_type), &body).unwrap();
    let offer = body.sdp.map(|sdp| Description::parse(sdp).unwrap());
    session.update(body.metadata, offer.as_ref()).clone()
}

/// Caller's stream, whether it is mixed, caller's number, agent's line.
type Seen = (Option<usize>, bool, String, String);

fn seen(roles: &Roles) -> Seen {
    let number = match roles.caller.as_ref().map(|caller| &caller.number) {
        Some(CallerId { withheld: true, .. }) => "withheld".to_owned(),
        Some(CallerId { number: Some(number), .. }) => number.digits().to_owned(),
        Some(_) => "no number".to_owned(),
        None => "nobody".to_owned(),
    };
    let line = roles.line().map_or("none".to_owned(), ToString::to_string);
    (roles.hear.map(|hear| hear.slot), roles.hear.is_some_and(|hear| hear.mixed), number, line)
}

fn is(slot: Option<usize>, mixed: bool, number: &str, line: &str) -> Seen {
    (slot, mixed, number.to_owned(), line.to_owned())
}

const ANNA: &str = "+12125550123";

#[test]
fn every_trap_of_the_field_ends_with_the_right_voice_and_the_right_screen() {
    for (name, expected) in [
        ("rfc7865.txt", is(Some(1), false, ANNA, "4711")),
        ("oracle-draft.txt", is(Some(1), false, ANNA, "2125550199")),
        ("audiocodes-metadata-first.txt", is(Some(0), false, ANNA, "4711")),
        ("cube-namespace-prefix.txt", is(Some(1), false, ANNA, "4711")),
        ("broadworks-no-space.txt", is(Some(0), false, ANNA, "agent-sal")),
        ("opensips-no-stream.txt", is(Some(0), false, ANNA, "4711")),
        ("opensips-empty-user.txt", is(Some(1), false, "no number", "4711")),
        ("ribbon-call-data.txt", is(Some(0), false, ANNA, "4711")),
        ("metaswitch-mixed.txt", is(Some(0), true, ANNA, "4711")),
        ("no-plus-xml.txt", is(Some(1), false, ANNA, "4711")),
        ("inactive-first.txt", is(Some(0), false, ANNA, "4711")),
        ("recv-only-associations.txt", is(Some(1), false, ANNA, "4711")),
        ("withheld-caller.txt", is(Some(0), false, "withheld", "+12125550199")),
        ("latin-1-name.txt", is(Some(1), false, ANNA, "4711")),
        ("entity-bomb.txt", is(Some(1), false, ANNA, "4711")),
        ("broken-off.txt", is(Some(1), false, ANNA, "4711")),
        ("no-metadata.txt", is(Some(0), false, "nobody", "none")),
        ("metadata-without-sdp.txt", is(None, false, ANNA, "4711")),
    ] {
        assert_eq!(seen(&update(&mut session(&[]), name)), expected, "{name}");
    }
}

#[test]
fn an_operator_s_own_list_of_agents_wins_over_what_numbers_look_like() {
    for (agents, expected) in [
        (vec!["+12125550123"], is(Some(0), false, "no number", "+12125550123")),
        (vec!["*0123@TRUNK.example.com"], is(Some(0), false, "no number", "+12125550123")),
        (vec!["47??", "+1*"], is(Some(0), false, "no number", "+12125550123")),
        (vec!["47??"], is(Some(1), false, ANNA, "4711")),
    ] {
        assert_eq!(seen(&update(&mut session(&agents), "rfc7865.txt")), expected, "{agents:?}");
    }
}

#[test]
fn a_transfer_moves_the_line_and_leaves_the_caller() {
    let mut session = session(&[]);
    let before = update(&mut session, "rfc7865.txt");
    let after = update(&mut session, "update-transfer.txt");
    assert_eq!(seen(&after), is(Some(1), false, ANNA, "4712"));
    assert!(!before.another_speaker(&after));
}

#[test]
fn another_caller_or_another_stream_is_another_speaker() {
    for (name, expected) in [
        ("update-new-caller.txt", is(Some(1), false, "+12125550144", "4711")),
        ("update-streams-swapped.txt", is(Some(0), false, ANNA, "4711")),
        ("update-conference.txt", is(Some(1), true, ANNA, "4711")),
    ] {
        let mut session = session(&[]);
        let before = update(&mut session, "rfc7865.txt");
        let after = update(&mut session, name);
        assert_eq!(seen(&after), expected, "{name}");
        assert!(before.another_speaker(&after), "{name}");
    }
}

#[test]
fn an_update_that_cannot_be_read_changes_nothing() {
    let mut session = session(&[]);
    let before = update(&mut session, "rfc7865.txt");
    assert!(update(&mut session, "update-unreadable.txt") == before);
}

#[test]
fn to_learn_who_it_was_all_along_is_no_other_speaker() {
    let mut session = session(&[]);
    let before = update(&mut session, "no-metadata.txt");
    let after = update(&mut session, "metadata-without-sdp.txt");
    assert_eq!(seen(&after), is(Some(0), false, ANNA, "4711"));
    assert!(!before.another_speaker(&after));
}

#[test]
fn what_is_silent_about_the_caller_forgets_nobody() {
    let mut known = update(&mut session(&[]), "rfc7865.txt");
    let before = known.clone();
    known.take_up(&Roles::default());
    assert!(known == before);
}

#[test]
fn patterns_match_as_an_operator_expects() {
    for (pattern, text, expected) in [
        ("4???", "4711", true),
        ("4???", "47110", false),
        ("*", "", true),
        ("agent-*-x*", "agent-7-y-x9", true),
        ("agent-*-x", "agent-7-xy", false),
        ("", "a", false),
    ] {
        assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
    }
}

#[test]
fn nothing_of_a_person_is_printed() {
    let printed = format!("{:?}", update(&mut session(&[]), "audiocodes-metadata-first.txt"));
    assert!(!printed.contains("5550123"), "{printed}");
}
