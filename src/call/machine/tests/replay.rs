//! A recording that is played again: what is asked, kept, forgotten and said. The sound is real, the store is the test.

use jiff::civil::date;

use super::follow::{card_closes, hang_up, household};
use super::*;
use crate::call::EarlierCall;
use crate::speech::Fingerprint;

const FLAGGED: &str = "the call was flagged";

/// What this synthetic voice says, twenty milliseconds a piece.
fn play(line: &mut Line, name: &str) {
    for n in 1..=5 {
        for bytes in said(&format!("{name}/{name}-{n}.wav")).chunks(160) {
            line.now += Duration::from_millis(20);
            line.call.hear(line.now, Piece::Payload { codec: rtp::Codec::Pcmu, bytes });
            line.act();
        }
    }
}

fn recalls(line: &Line) -> Vec<Option<CustomerId>> {
    let recall = |action: &Action| match action {
        Action::Recall { customer, .. } => Some(customer.clone()),
        _ => None,
    };
    line.done.iter().filter_map(recall).collect()
}

fn kept(line: &Line) -> Vec<(Option<&CustomerId>, Option<&String>, &Fingerprint)> {
    line.writes()
        .into_iter()
        .filter_map(|(_, write)| match write {
            Write::Fingerprint { customer, flagged_by, fingerprint, .. } => {
                Some((customer.as_ref(), flagged_by.as_ref(), fingerprint))
            }
            _ => None,
        })
        .collect()
}

fn heard_before(line: &Line) -> bool {
    line.published(|what| matches!(what, What::HeardBefore { .. }))
}

fn flag() -> AgentCommand {
    AgentCommand::Flag { agent: "Sal".into() }
}

/// An earlier call of Anna's, in which `name` spoke.
fn earlier(name: &str) -> Vec<EarlierCall> {
    let mut line = household();
    line.command(confirm("anna"));
    play(&mut line, name);
    hang_up(&mut line);
    card_closes(&mut line);
    let fingerprint = kept(&line)[0].2.clone();
    vec![EarlierCall { customer: Some(CustomerId::new("anna")), flagged_by: None, on: date(2026, 5, 3), fingerprint }]
}

#[test]
fn it_is_held_to_flagged_calls_and_to_those_of_who_agreed_and_may_be_speaking() {
    let mut line = Line::ring(Search::Number, &[person("anna", true), person("dora", false)], &["anna", "ben"]);
    play(&mut line, "rms");
    assert_eq!(recalls(&line), [None, Some(CustomerId::new("anna"))]);
    line.command(confirm("ben"));
    play(&mut line, "rms");
    assert_eq!(recalls(&line)[2..], [Some(CustomerId::new("ben"))], "asked for once each");
}

#[test]
fn a_replay_is_said_once_noted_and_neither_kept_nor_learnt() {
    let before = earlier("rms");
    let mut line = household();
    line.command(confirm("anna"));
    line.handle(Event::Recalled { customer: None, earlier: vec![] });
    play(&mut line, "slt");
    line.handle(Event::Recalled { customer: Some(CustomerId::new("anna")), earlier: before });
    assert!(!heard_before(&line));
    play(&mut line, "rms");
    let told = |what: &What| matches!(what, What::HeardBefore { on, flagged_by: None } if *on == date(2026, 5, 3));
    assert_eq!(line.done.iter().filter(|action| matches!(action, Action::Publish(what) if told(what))).count(), 1);
    assert!(line.call.was_heard_before());
    line.speak("anna", 20_000);
    hang_up(&mut line);
    card_closes(&mut line);
    assert!(kept(&line).is_empty());
    assert!(!line.writes().iter().any(|(_, write)| matches!(write, Write::Refresh { .. })));
    let notes = line.writes().into_iter().filter_map(|(_, write)| match write {
        Write::NoteReplay { customer } => Some(customer.clone()),
        _ => None,
    });
    assert_eq!(notes.collect::<Vec<_>>(), [Some(CustomerId::new("anna"))]);
}

#[test]
fn nobody_is_enrolled_from_a_replay_or_a_flagged_call() {
    for flagged in [false, true] {
        let mut line = household();
        line.command(enroll(EnrollWhom::Customer(CustomerId::new("anna"))));
        if flagged {
            line.command(flag());
        } else {
            play(&mut line, "slt");
            line.handle(Event::Recalled { customer: Some(CustomerId::new("anna")), earlier: earlier("rms") });
            play(&mut line, "rms");
        }
        line.speak("anna", 60_000);
        let why = if flagged { FLAGGED } else { "this recording has been heard before" };
        assert!(line.published(|what| matches!(what, What::EnrollFailed { reason, .. } if reason == why)));
        assert!(!line.writes().iter().any(|(_, write)| matches!(write, Write::Enroll { .. })));
    }
}

#[test]
fn without_consent_nothing_is_made_of_the_sound_until_an_agent_flags_the_call() {
    let mut line = Line::ring(Search::Number, &[person("dora", false)], &["anna"]);
    line.command(confirm("dora"));
    play(&mut line, "rms");
    hang_up(&mut line);
    card_closes(&mut line);
    assert!(recalls(&line).is_empty() && kept(&line).is_empty());

    let mut line = Line::ring(Search::Number, &[person("dora", false)], &["anna"]);
    line.command(flag());
    assert!(line.published(|what| matches!(what, What::Flagged)));
    assert!(line.writes().iter().any(|(_, write)| matches!(write, Write::NoteFlag { agent } if agent == "Sal")));
    play(&mut line, "rms");
    hang_up(&mut line);
    card_closes(&mut line);
    assert!(matches!(kept(&line)[..], [(None, Some(agent), _)] if agent == "Sal"));
}

#[test]
fn a_no_takes_what_the_call_is_held_to_and_what_was_made_of_it() {
    let before = earlier("rms");
    let mut line = household();
    line.command(confirm("anna"));
    play(&mut line, "slt");
    line.handle(Event::Recalled { customer: Some(CustomerId::new("anna")), earlier: before });
    line.handle(Event::Withdrawn(CustomerId::new("anna")));
    line.handle(Event::Voiceprints(Arc::new(Voiceprints::new(ModelId::new(MODEL)))));
    play(&mut line, "rms");
    hang_up(&mut line);
    card_closes(&mut line);
    assert!(!heard_before(&line) && kept(&line).is_empty());
}
