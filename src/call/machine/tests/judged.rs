//! What an agent says of who it was is kept with what the voice had said, when the card closes.

use super::follow::{card_closes, hang_up, household};
use super::*;
use crate::call::judged::Verdict;

fn verdict(line: &Line) -> Option<&Verdict> {
    let mut verdicts = line.writes().into_iter().filter_map(|(_, write)| match write {
        Write::Judged(verdict) => Some(verdict),
        _ => None,
    });
    let first = verdicts.next();
    assert!(verdicts.next().is_none(), "one call is judged once");
    first
}

fn end(line: &mut Line) {
    hang_up(line);
    card_closes(line);
}

#[test]
fn a_confirmation_labels_every_comparison_of_the_call() {
    let mut line = household();
    line.speak("anna", 8_000);
    line.command(confirm("anna"));
    assert!(verdict(&line).is_none(), "the agent may still correct themselves");
    end(&mut line);
    let Verdict { compared, truth, .. } = verdict(&line).unwrap();
    assert_eq!((compared.state, truth), (State::Recognised, &Some(CustomerId::new("anna"))));
    assert_eq!(compared.named.as_ref().unwrap().0, CustomerId::new("anna"));
    let scores: Vec<_> = compared.trials.iter().map(|trial| (trial.customer.as_str(), trial.score.0 > 0.5)).collect();
    assert_eq!(scores, [("anna", true), ("ben", false)]);
}

#[test]
fn the_agents_last_word_holds_and_the_voice_is_quoted_as_it_stood_at_the_first() {
    let mut line = household();
    line.speak("stranger", 8_000);
    line.command(confirm("ben"));
    line.command(AgentCommand::SomeoneElse { agent: "pia".to_owned() });
    end(&mut line);
    let Verdict { compared, truth, .. } = verdict(&line).unwrap();
    assert_eq!((compared.state, truth), (State::NotKnown, &None));
}

#[test]
fn a_word_after_the_hang_up_counts_as_well() {
    let mut line = household();
    line.speak("anna", 8_000);
    hang_up(&mut line);
    line.command(confirm("anna"));
    card_closes(&mut line);
    assert_eq!(verdict(&line).unwrap().truth, Some(CustomerId::new("anna")));
}

#[test]
fn without_a_word_or_without_a_voice_nothing_is_judged() {
    let mut silent_agent = household();
    silent_agent.speak("anna", 8_000);
    end(&mut silent_agent);
    assert!(verdict(&silent_agent).is_none());
    let mut silent_caller = household();
    silent_caller.command(confirm("anna"));
    end(&mut silent_caller);
    assert!(verdict(&silent_caller).is_none());
}
