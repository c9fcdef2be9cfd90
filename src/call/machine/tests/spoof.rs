//! A model that finds the voice spoofed: what is scored, said and left as it is. Its threshold is 0.6.

use super::follow::{card_closes, hang_up, household};
use super::*;
use crate::speech::Window;

fn told(line: &Line) -> usize {
    let tells = |action: &&Action| matches!(action, Action::Publish(What::MayBeSpoofed { model }) if model == "lcnn");
    line.done.iter().filter(tells).count()
}

fn refreshes(line: &Line) -> usize {
    line.writes().iter().filter(|(_, write)| matches!(write, Write::Refresh { .. })).count()
}

/// Anna speaks so long; of each window the model says `score`.
fn heard(mut line: Line, score: Option<f32>, ms: u32) -> Line {
    line.spoof = score;
    line.speak("anna", ms);
    line
}

#[test]
fn it_is_said_once_from_the_second_window_on_and_the_answer_stays_as_it_is() {
    assert_eq!(told(&heard(household(), Some(0.9), 1_600)), 0, "one window is not enough");
    let line = heard(household(), Some(0.9), 8_000);
    assert_eq!(told(&line), 1);
    let notes = line
        .writes()
        .into_iter()
        .filter(|(_, write)| matches!(write, Write::NoteSpoof { model, .. } if model == "lcnn"));
    assert_eq!(notes.count(), 1);
    assert_eq!(line.decisions(), heard(household(), None, 8_000).decisions());
    assert_eq!(line.state(), State::Recognised);
    assert!(line.call.spoof_score().is_some_and(|score| (score - 0.9).abs() < 1e-6));
}

#[test]
fn the_mean_counts_and_not_one_window() {
    let mut line = heard(household(), Some(0.2), 1_600);
    line.spoof = Some(0.9);
    line.speak("anna", 800);
    assert_eq!(told(&line), 0, "a mean of .55");
    line.speak("anna", 800);
    assert_eq!(told(&line), 1, "a mean of .67");
    assert_eq!(told(&heard(household(), Some(0.5), 12_000)), 0);
    assert_eq!(heard(household(), None, 12_000).call.spoof_score(), None);
}

#[test]
fn nothing_is_counted_where_nobody_agreed() {
    let line = Line::ring(Search::Number, &[person("dora", false)], &["anna"]);
    let line = heard(line, Some(0.9), 8_000);
    assert_eq!((told(&line), line.call.spoof_score()), (0, None));
}

#[test]
fn such_a_call_refreshes_no_voiceprint_and_says_why() {
    for (score, refreshed) in [(0.1, 1), (0.9, 0)] {
        let mut line = household();
        line.command(confirm("anna"));
        let mut line = heard(line, Some(score), 20_000);
        hang_up(&mut line);
        card_closes(&mut line);
        assert_eq!((told(&line), refreshes(&line)), (1 - refreshed, refreshed));
        let why = "the voice may be synthetic or played back";
        let said = line.published(|what| matches!(what, What::NotLearnt { reason, .. } if reason == why));
        assert_eq!(said, refreshed == 0);
    }
}

#[test]
fn a_yes_still_makes_a_voiceprint_and_the_agent_has_been_told() {
    let mut line = household();
    line.command(enroll(EnrollWhom::Customer(CustomerId::new("anna"))));
    let line = heard(line, Some(0.9), GOOD_MS + 3_200);
    assert_eq!(told(&line), 1);
    assert!(line.writes().iter().any(|(_, write)| matches!(write, Write::Enroll { .. })));
}

#[test]
fn windows_are_scored_until_the_voice_is_settled_and_never_more_than_are_compared() {
    let mut line = household();
    let scored = |line: &mut Line, compared| {
        let window = Window { spoof: Some([0.0].into()), ..Window::of_features([0.0].into(), 1_600) };
        line.call.with_or_without_score(window, compared).spoof.is_some()
    };
    assert!(scored(&mut line, true));
    assert!(!scored(&mut line, false), "the voice is settled, and only followed");
    line.command(confirm("anna"));
    assert_eq!((0..20).filter(|_| scored(&mut line, false)).count(), 13, "14 with the first");
}
