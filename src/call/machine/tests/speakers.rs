//! Recorded calls: who speaks is told by metadata, and may change.

use super::*;
use crate::sip::sdp::Description;
use crate::sip::siprec::Recording;
use crate::sip::{Media, Stream};

const SDP: &str =
    "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 0\r\na=label:1\r\nm=audio 4002 RTP/AVP 0\r\na=label:2\r\n";

/// What a session says when `caller` (an id) speaks on `stream` with this number, and this agent on the other.
fn roles(caller: &str, number: &str, stream: u8, agent: &str) -> Roles {
    let other = 3 - stream;
    let metadata = format!(
        "<r><participant id='{caller}'><aor>sip:{number}@x</aor><send>{stream}</send></participant>\
         <participant id='agent-{agent}'><aor>sip:{agent}@x</aor><send>{other}</send></participant></r>"
    );
    let mut recording = Recording::new(Arc::default());
    recording.update(Some(metadata.as_bytes()), Some(&Description::parse(SDP.as_bytes()).unwrap())).clone()
}

fn told(roles: &Roles) -> Event {
    let stream = |slot: usize| {
        let remote = ([127, 0, 0, 1], 4000 + 2 * slot as u16).into();
        let media = rtp::Negotiated { send: false, ..rtp::Negotiated::plain(remote, vec![(0, rtp::Codec::Pcmu)]) };
        Stream { slot, label: None, media }
    };
    Event::Media(Media { streams: vec![stream(0), stream(1)], roles: Some(roles.clone()), renegotiated: true })
}

const HERS: &str = "+12125550123";
const HIS: &str = "+12125550144";

/// A recorded call of Anna's number, answered by the agent at 4711.
fn recorded() -> Line {
    let mut line = Line::ring(Search::Number, &[person("anna", true), person("ben", true)], &["anna", "ben"]);
    line.handle(told(&roles("a", HERS, 1, "4711")));
    line
}

fn look_ups(line: &Line) -> usize {
    line.done.iter().filter(|action| matches!(action, Action::LookUp)).count()
}

#[test]
fn a_transfer_moves_the_card_and_recognition_goes_on() {
    let mut line = recorded();
    line.speak("anna", 3_200);
    line.handle(told(&roles("a", HERS, 1, "4712")));
    assert!(line.published(|what| matches!(what, What::Moved { line } if line.as_str() == "4712")));
    line.speak("anna", 1_600);
    assert_eq!(line.state(), State::Recognised);
    assert!(!line.published(|what| matches!(what, What::NewSpeaker { .. })));
}

#[test]
fn another_stream_begins_anew_with_the_people_of_the_same_number() {
    let mut line = recorded();
    line.speak("anna", 4_800);
    assert_eq!(line.state(), State::Recognised);
    line.handle(told(&roles("a", HERS, 2, "4711")));
    assert!(line.published(|what| matches!(what, What::NewSpeaker { .. })));
    let (decision, known) = line.decisions().pop().unwrap();
    assert_eq!((decision.state, decision.net_speech_ms, known), (State::Listening, 0, false));
    assert_eq!(look_ups(&line), 1, "the number is the same");
    line.speak("ben", 4_800);
    assert_eq!(line.decisions().pop().unwrap().0.ranked[0].customer, CustomerId::new("ben"));
}

#[test]
fn another_caller_is_another_number_and_the_one_before_keeps_the_contact() {
    let mut line = recorded();
    line.command(confirm("anna"));
    line.handle(told(&roles("b", HIS, 1, "4711")));
    let contact = |write: &Write| matches!(write, Write::Contact { customer, .. } if customer.as_str() == "anna");
    assert!(line.writes().iter().any(|(_, write)| contact(write)));
    assert_eq!(line.call.outcome().0, None, "nobody is confirmed any more");
    assert_eq!((look_ups(&line), line.call.number().map(E164::digits)), (2, Some(HIS)));
    line.handle(Event::People(Ok(vec![person("cleo", false)])));
    assert_eq!(line.decisions().pop().unwrap().0.ranked[0].customer, CustomerId::new("cleo"));
    line.call.close();
    line.act();
    assert_eq!(line.writes().iter().filter(|(_, write)| matches!(write, Write::Contact { .. })).count(), 1);
}

#[test]
fn an_answer_about_the_number_before_is_asked_for_again() {
    let mut line = Line::invite(Search::Number, &["anna"]);
    line.handle(told(&roles("a", HERS, 1, "4711")));
    line.handle(told(&roles("b", HIS, 1, "4711")));
    line.handle(Event::People(Ok(vec![person("anna", true)])));
    assert!(!line.published(|what| matches!(what, What::ByNumber { .. })), "it was about the other number");
    assert_eq!(look_ups(&line), 2);
    line.handle(Event::People(Ok(vec![person("ben", false)])));
    assert!(line.published(|what| matches!(what, What::ByNumber { people } if people[0].customer.as_str() == "ben")));
}

#[test]
fn a_number_that_becomes_known_is_looked_up_and_nobody_is_forgotten() {
    let mut line = Line::invite(Search::Number, &["anna"]);
    line.call.caller.number = None;
    line.handle(Event::People(Ok(Vec::new())));
    line.handle(told(&roles("a", HERS, 1, "4711")));
    assert!(line.published(|what| matches!(what, What::Ringing { number: Some(number) } if number.digits() == HERS)));
    assert_eq!(look_ups(&line), 2);
    assert!(!line.published(|what| matches!(what, What::NewSpeaker { .. })));
}

#[test]
fn an_embedding_of_the_speaker_before_counts_for_nobody() {
    let mut line = recorded();
    talk(&mut line, 6);
    let since = line.call.heard().net_speech_ms;
    assert!(since > 3_200, "there was speech: {since} ms");
    line.handle(told(&roles("a", HERS, 2, "4711")));
    for late in [since - 800, since, since + 800] {
        line.handle(Event::Embedded { net_speech_ms: late, embedding: Ok(voice("anna")), spoof: None });
    }
    assert_eq!(line.decisions().pop().unwrap().0.net_speech_ms, 0);
    line.handle(Event::Embedded { net_speech_ms: since + 1_600, embedding: Ok(voice("anna")), spoof: None });
    assert_eq!(line.decisions().pop().unwrap().0.net_speech_ms, 1_600);
}

#[test]
fn a_yes_of_the_speaker_before_enrols_nobody_else() {
    let mut line = recorded();
    line.command(enroll(EnrollWhom::Customer(CustomerId::new("anna"))));
    line.handle(told(&roles("b", HIS, 1, "4711")));
    assert!(line.published(|what| matches!(what, What::EnrollFailed { customer, .. } if customer.as_str() == "anna")));
    assert!(line.call.enrolment.is_none());

    // The same while the customer is still being put into the books.
    let mut line = recorded();
    line.command(enroll(EnrollWhom::New { name: Pii::new("Dora of the test".to_owned()) }));
    let (ticket, _) = line.writes().pop().unwrap();
    line.handle(told(&roles("b", HIS, 1, "4711")));
    line.handle(Event::Written { ticket, outcome: Ok(Written::Customer(CustomerId::new("dora"))) });
    assert!(line.call.enrolment.is_none());
    assert_eq!(line.reply().unwrap().as_ref().unwrap_err().kind, ErrorKind::Conflict);
}

#[test]
fn the_key_of_another_speaker_is_no_yes_to_the_words_read_before() {
    let mut line = recorded();
    line.command(ask_for_key(EnrollWhom::Customer(CustomerId::new("anna"))));
    line.handle(told(&roles("b", HIS, 1, "4711")));
    line.call.on_digit(line.now, rtp::Digit::new('1').unwrap());
    line.act();
    assert!(line.call.enrolment.is_none());
    assert!(!line.writes().iter().any(|(_, write)| matches!(write, Write::Consent(_))));
}

#[test]
fn a_mixed_stream_is_heard_by_nobody_even_after_a_yes() {
    let mixed = "<r><participant id='a'><aor>sip:+12125550123@x</aor><send>1</send></participant>\
                 <participant id='b'><aor>sip:4711@x</aor><send>1</send></participant></r>";
    let mut recording = Recording::new(Arc::default());
    let roles = recording.update(Some(mixed.as_bytes()), Some(&Description::parse(SDP.as_bytes()).unwrap())).clone();
    let mut line = Line::ring(Search::Number, &[person("anna", true)], &["anna"]);
    line.handle(told(&roles));
    assert_eq!(line.decisions().pop().unwrap().0.voice, VoiceUse::Mixed);
    line.command(enroll(EnrollWhom::Customer(CustomerId::new("anna"))));
    assert_eq!(line.reply().unwrap().as_ref().unwrap_err().kind, ErrorKind::Conflict);
    talk(&mut line, 6);
    assert_eq!((embeds(&line), line.call.heard().net_speech_ms), (0, 0));
    assert!(line.call.heard().statistics.received > 0, "the line is alive");
}

#[test]
fn a_stream_that_is_switched_off_is_no_lost_call() {
    let mut line = recorded();
    let roles = roles("a", HERS, 1, "4711");
    line.handle(Event::Media(Media { streams: Vec::new(), roles: Some(roles.clone()), renegotiated: true }));
    line.now += Duration::from_secs(3600);
    line.call.handle_timeout(line.now);
    assert!(line.call.is_live());
    line.handle(told(&roles));
    line.now += Duration::from_secs(31);
    line.call.handle_timeout(line.now);
    assert!(!line.call.is_live(), "but a silent one is");
}
