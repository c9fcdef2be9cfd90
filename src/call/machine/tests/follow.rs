//! What is heard after the answer: another voice, and what a confirmed call adds to a voiceprint.

use super::*;
use crate::voice::Centroid;
use crate::voice::enroll::USABLE_MS;

pub(super) fn household() -> Line {
    Line::ring(Search::Number, &[person("anna", true), person("ben", true)], &["anna", "ben"])
}

fn changed(line: &Line) -> bool {
    line.published(|what| matches!(what, What::VoiceChanged))
}

fn refreshes(line: &Line) -> Vec<(&CustomerId, &Centroid)> {
    line.writes()
        .into_iter()
        .filter_map(|(_, write)| match write {
            Write::Refresh { customer, heard, .. } => Some((customer, heard)),
            _ => None,
        })
        .collect()
}

fn not_learnt(line: &Line) -> bool {
    line.published(|what| matches!(what, What::NotLearnt { .. }))
}

pub(super) fn hang_up(line: &mut Line) {
    line.handle(Event::Ended(EndCause::HungUp));
}

pub(super) fn card_closes(line: &mut Line) {
    line.now = line.call.poll_timeout().unwrap();
    line.call.handle_timeout(line.now);
    line.act();
    assert!(line.call.is_closed());
}

#[test]
fn a_telephone_handed_on_is_noticed_and_the_new_voice_gets_its_own_answer() {
    let mut line = household();
    line.speak("anna", 12_000);
    assert_eq!(line.state(), State::Recognised);
    let before = line.decisions().len();
    line.speak("ben", 4_800);
    assert!(changed(&line), "5 s of another voice are enough");
    assert!(line.decisions()[before..].iter().all(|(decision, _)| decision.ranked[0].customer.as_str() != "anna"));
    line.speak("ben", 4_800);
    let (decision, known) = line.decisions().pop().unwrap();
    assert_eq!((decision.state, known), (State::Recognised, true));
    assert_eq!(decision.ranked[0].customer, CustomerId::new("ben"));
}

#[test]
fn a_stranger_who_takes_the_telephone_takes_the_card_away() {
    let mut line = household();
    line.speak("anna", 12_000);
    line.speak("stranger", 9_600);
    let (decision, known) = line.decisions().pop().unwrap();
    assert_eq!((decision.state, known), (State::NotKnown, false));
}

#[test]
fn one_voice_all_along_is_no_change_and_settled_stays_settled() {
    let mut line = household();
    line.speak("anna", 8_000);
    let settled = line.decisions().len();
    line.speak("anna", 60_000);
    assert!(!changed(&line));
    assert_eq!(line.decisions().len(), settled);
}

#[test]
fn an_agents_word_stands_when_the_voice_changes_and_nothing_is_learnt() {
    let mut line = household();
    line.speak("anna", 12_000);
    line.command(confirm("anna"));
    let decided = line.decisions().len();
    line.speak("ben", 12_000);
    assert!(changed(&line));
    assert_eq!(line.decisions().len(), decided);
    assert_eq!(line.call.outcome().0, Some(&CustomerId::new("anna")));
    hang_up(&mut line);
    card_closes(&mut line);
    assert_eq!(refreshes(&line).len(), 0);
}

#[test]
fn a_confirmed_call_joins_the_print_when_the_card_closes() {
    let mut line = household();
    line.speak("anna", 6_400);
    line.command(confirm("anna"));
    line.speak("anna", 12_000);
    hang_up(&mut line);
    assert_eq!(refreshes(&line).len(), 0, "the agent may still correct themselves");
    card_closes(&mut line);
    let refreshes = refreshes(&line);
    let [(customer, heard)] = refreshes.as_slice() else { panic!("{} refreshes", refreshes.len()) };
    assert_eq!(customer.as_str(), "anna");
    assert!(heard.net_speech_ms >= USABLE_MS && heard.embedding.cosine(&voice("anna")).0 > 0.999);
    assert!(!not_learnt(&line));
}

#[test]
fn a_call_that_nobody_confirmed_or_that_was_corrected_joins_nothing() {
    let someone_else = || AgentCommand::SomeoneElse { agent: "Sal".into() };
    let mut unconfirmed = household();
    unconfirmed.speak("anna", 20_000);
    hang_up(&mut unconfirmed);
    let mut corrected = household();
    corrected.command(confirm("anna"));
    corrected.speak("anna", 20_000);
    hang_up(&mut corrected);
    corrected.command(someone_else());
    let mut other = household();
    other.command(confirm("anna"));
    other.speak("anna", 20_000);
    hang_up(&mut other);
    other.command(confirm("ben"));
    let mut withdrawn = household();
    withdrawn.command(confirm("anna"));
    withdrawn.speak("anna", 20_000);
    hang_up(&mut withdrawn);
    withdrawn.handle(Event::Withdrawn(CustomerId::new("anna")));
    let mut short = household();
    short.command(confirm("anna"));
    short.speak("anna", USABLE_MS - 1_600);
    hang_up(&mut short);
    for (mut line, what) in [
        (unconfirmed, "unconfirmed"),
        (corrected, "corrected"),
        (other, "corrected to another"),
        (withdrawn, "withdrawn"),
        (short, "short"),
    ] {
        card_closes(&mut line);
        assert_eq!((refreshes(&line).len(), not_learnt(&line)), (0, false), "{what}");
    }
}

#[test]
fn a_confirmed_call_of_another_voice_is_refused_and_said() {
    let mut line = household();
    line.command(confirm("anna"));
    line.speak("ben", 20_000);
    hang_up(&mut line);
    assert!(not_learnt(&line));
    card_closes(&mut line);
    assert_eq!(refreshes(&line).len(), 0);
}

#[test]
fn two_voices_in_turns_are_not_learnt_either() {
    let mut line = household();
    line.command(confirm("anna"));
    for _ in 0..4 {
        line.speak("anna", 3_200);
        line.speak("stranger", 3_200);
    }
    hang_up(&mut line);
    assert!(changed(&line) || not_learnt(&line));
    card_closes(&mut line);
    assert_eq!(refreshes(&line).len(), 0);
}

#[test]
fn who_never_agreed_is_not_followed_though_others_of_the_number_did() {
    let mut line = Line::ring(Search::Number, &[person("anna", true), person("dora", false)], &["anna"]);
    line.command(confirm("dora"));
    talk(&mut line, 10);
    assert_eq!(embeds(&line), 0);

    let mut agreed = Line::ring(Search::Number, &[person("anna", true), person("dora", false)], &["anna"]);
    agreed.command(confirm("anna"));
    talk(&mut agreed, 10);
    assert!((3..=6).contains(&embeds(&agreed)), "every second window: {}", embeds(&agreed));
}

#[test]
fn whom_the_wider_search_does_not_know_is_left_alone() {
    let mut line = Line::ring(Search::Everyone, &[], &["anna", "ben"]);
    line.speak("stranger", 12_800);
    assert_eq!((line.state(), line.decisions().pop().unwrap().0.settled), (State::NotKnown, true));
    talk(&mut line, 10);
    assert_eq!(embeds(&line), 0);
}

#[test]
fn a_model_that_gives_nothing_is_said_and_makes_no_voiceprint() {
    let mut line = Line::ring(Search::Number, &[person("anna", true)], &["anna"]);
    line.command(enroll(EnrollWhom::Customer(CustomerId::new("anna"))));
    for n in 2..30u32 {
        let embedding = Err(VoiceError::Inference("the embedding has no direction".into()));
        line.handle(Event::Embedded { net_speech_ms: 800 * n, embedding, spoof: None });
    }
    talk(&mut line, 1);
    assert!(line.published(|what| matches!(what, What::Missing(Some(Missing::Embedding)))));
    hang_up(&mut line);
    assert!(line.published(|what| matches!(what, What::EnrollFailed { .. })));
    assert!(!line.writes().iter().any(|(_, write)| matches!(write, Write::Enroll { .. })));
}
