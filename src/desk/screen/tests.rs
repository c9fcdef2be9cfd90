//! The fold and its gate, without a call.

use std::sync::Arc;

use super::Screen;
use crate::base::{CallId, E164, Line, Pii, UnixMillis};
use crate::call::{CallEvent, EndCause, Known, Person, What};
use crate::customer::care::Care;
use crate::customer::{CustomerId, Dossier, Party, PersonAtNumber, Profile};
use crate::desk::{Card, Progress};
use crate::identity::{Decision, Ranked, State, VoiceUse};

const ANNA: &str = "c-anna";
const MARCO: &str = "c-marco";

fn id(customer: &str) -> CustomerId {
    CustomerId::new(customer)
}

fn event(call: &str, at: i64, what: What) -> CallEvent {
    let line = Line::new(format!("line-of-{call}"));
    CallEvent { call: CallId::new(call), line, at: UnixMillis(at), evidence_at: crate::base::clock::now(), what }
}

fn known(customer: &str) -> Arc<Known> {
    let profile = Profile {
        customer: id(customer),
        name: Pii::new(customer.to_uppercase()),
        household: None,
        party: Party::default(),
        language: Some("it".to_owned()),
        allergies: Some(Pii::new("nuts".to_owned())),
        notes: None,
        since: UnixMillis(0),
        payment_on_file: false,
    };
    Arc::new(Known {
        dossier: Dossier { profile, contacts: Vec::new(), orders: Vec::new() },
        likely: None,
        brief: None,
        last_contact: None,
        care: Care::default(),
    })
}

fn ranked(state: State, chances: &[(&str, f32)], carried: Option<&str>) -> What {
    let people = chances.iter().map(|(who, _)| Person { customer: id(who), name: Pii::new(who.to_uppercase()) });
    What::Decided {
        decision: Decision {
            state,
            ranked: chances
                .iter()
                .map(|(who, chance)| Ranked { customer: id(who), chance: *chance, by_voice: true, elsewhere: false })
                .collect(),
            someone_else: 1.0 - chances.iter().map(|(_, chance)| chance).sum::<f32>(),
            net_speech_ms: 3200,
            voice: VoiceUse::Allowed,
            settled: false,
        },
        people: people.collect(),
        known: carried.map(known),
    }
}

fn at_number(who: &str, recognisable: bool) -> PersonAtNumber {
    PersonAtNumber { customer: id(who), name: Pii::new(who.to_uppercase()), calls_from_number: 3, recognisable }
}

/// One call, and its card after each event.
struct OneCall(Screen);

impl OneCall {
    fn ringing() -> Self {
        let mut call = Self(Screen::new(10));
        call.see(What::Ringing { number: E164::parse("+4930901820", None).ok() });
        call
    }

    fn see(&mut self, what: What) -> Arc<Card> {
        self.0.apply(event("one", 1000, what));
        Arc::clone(self.0.all().next().unwrap())
    }
}

#[test]
fn the_first_ring_is_a_card_with_the_number_and_then_the_people_of_that_number() {
    let mut call = OneCall::ringing();
    let card = call.see(What::ByNumber { people: vec![at_number(ANNA, true), at_number(MARCO, false)] });
    assert_eq!(card.number.as_ref().unwrap().digits(), "+4930901820");
    assert_eq!(card.state, State::Listening);
    let names: Vec<_> = card.candidates.iter().map(|c| (c.name.expose().as_str(), c.chance)).collect();
    assert_eq!(names, [("C-ANNA", None), ("C-MARCO", None)]);
    assert_eq!((card.someone_else, card.voice, card.revision), (None, None, 2));
}

#[test]
fn below_the_threshold_nothing_but_names_is_kept_even_when_an_event_carries_more() {
    for state in [State::Listening, State::Probably, State::Ambiguous, State::NotKnown] {
        let card = OneCall::ringing().see(ranked(state, &[(ANNA, 0.35)], Some(ANNA)));
        assert_eq!(card.known, None, "{state:?}");
        assert_eq!(card.candidates.len(), 1);
    }
    let card = OneCall::ringing().see(ranked(State::Recognised, &[(ANNA, 0.98)], Some(ANNA)));
    assert_eq!(card.known_customer(), Some(&id(ANNA)));
    assert!(card.recognisable, "a voice that was recognised belongs to someone who agreed");
}

#[test]
fn a_dossier_that_is_not_the_first_candidates_is_withheld() {
    let card = OneCall::ringing().see(ranked(State::Recognised, &[(ANNA, 0.98)], Some(MARCO)));
    assert_eq!(card.known, None);
    let card = OneCall::ringing().see(What::Confirmed { customer: id(ANNA), known: known(MARCO) });
    assert_eq!(card.known, None);
}

#[test]
fn what_was_shown_is_taken_back_when_the_voice_becomes_less_sure() {
    let mut call = OneCall::ringing();
    call.see(ranked(State::Recognised, &[(ANNA, 0.97)], Some(ANNA)));
    let card = call.see(ranked(State::Probably, &[(ANNA, 0.80)], None));
    assert_eq!((card.known.clone(), card.state), (None, State::Probably));
}

#[test]
fn a_confirmed_card_stays_that_customers_whatever_the_voice_says() {
    let mut call = OneCall::ringing();
    call.see(What::Confirmed { customer: id(MARCO), known: known(MARCO) });
    let card = call.see(ranked(State::Recognised, &[(ANNA, 0.99)], Some(ANNA)));
    assert_eq!(card.known_customer(), Some(&id(MARCO)));
    assert_eq!(card.confirmed, Some(id(MARCO)));
    assert_eq!(card.candidates[0].customer, id(ANNA), "the voice's own opinion is still there to be seen");
}

#[test]
fn someone_else_withholds_the_ruled_out_until_an_agent_picks_one() {
    let mut call = OneCall::ringing();
    call.see(ranked(State::Recognised, &[(ANNA, 0.97)], Some(ANNA)));
    let card = call.see(What::SomeoneElse);
    assert_eq!((card.known.clone(), card.rejected, card.state), (None, true, State::NotKnown));

    let card = call.see(ranked(State::Recognised, &[(ANNA, 0.99)], Some(ANNA)));
    assert_eq!((card.known.clone(), card.rejected, card.state), (None, true, State::NotKnown));

    let card = call.see(ranked(State::Recognised, &[(MARCO, 0.99)], Some(MARCO)));
    assert_eq!((card.known_customer(), card.rejected), (Some(&id(MARCO)), false), "nobody ruled Marco out");

    let card = call.see(What::Confirmed { customer: id(ANNA), known: known(ANNA) });
    assert_eq!((card.known_customer(), card.rejected), (Some(&id(ANNA)), false));
}

#[test]
fn consent_is_known_from_the_number_and_follows_what_happens_in_the_call() {
    let mut call = OneCall::ringing();
    call.see(What::ByNumber { people: vec![at_number(ANNA, false)] });
    assert!(!call.see(What::Confirmed { customer: id(ANNA), known: known(ANNA) }).recognisable);
    let gathering = What::Enrolling { customer: id(ANNA), net_speech_ms: 4000, needed_ms: 10_000 };
    let card = call.see(gathering);
    let progress = &card.enrolment.as_ref().unwrap().progress;
    assert_eq!(*progress, Progress::Gathering { net_speech_ms: 4000, needed_ms: 10_000 });
    assert!(!card.recognisable);
    assert!(call.see(What::Enrolled { customer: id(ANNA) }).recognisable);
    assert!(!call.see(What::ConsentWithdrawn { customer: id(ANNA) }).recognisable);
}

#[test]
fn a_withdrawn_consent_is_not_undone_by_a_voice_that_still_matches() {
    let mut call = OneCall::ringing();
    call.see(ranked(State::Recognised, &[(ANNA, 0.97)], Some(ANNA)));
    call.see(What::ConsentWithdrawn { customer: id(ANNA) });
    assert!(!call.see(ranked(State::Recognised, &[(ANNA, 0.98)], Some(ANNA))).recognisable);
}

#[test]
fn a_revision_counts_what_can_be_seen() {
    let mut call = OneCall::ringing();
    let first = call.see(ranked(State::Probably, &[(ANNA, 0.80)], None));
    let again = call.see(ranked(State::Probably, &[(ANNA, 0.80)], None));
    assert_eq!((first.revision, again.revision), (2, 2));
    assert_eq!(call.0.apply(event("one", 2000, ranked(State::Probably, &[(ANNA, 0.80)], None))), []);
    assert_eq!(call.see(ranked(State::Probably, &[(ANNA, 0.85)], None)).revision, 3);
}

#[test]
fn a_withheld_number_is_a_card_at_once() {
    let mut screen = Screen::new(10);
    let changed = screen.apply(event("one", 1, What::Ringing { number: None }));
    assert_eq!(changed, [Line::new("line-of-one")]);
    assert_eq!(screen.all().next().unwrap().revision, 1);
}

#[test]
fn an_ended_call_keeps_its_card_and_a_closed_one_is_gone() {
    let mut call = OneCall::ringing();
    assert_eq!(call.see(What::Ended { cause: EndCause::HungUp }).ended, Some(EndCause::HungUp));
    assert_eq!(call.0.apply(event("one", 2, What::Closed)), [Line::new("line-of-one")]);
    assert_eq!(call.0.all().count(), 0);
    assert_eq!(call.0.apply(event("one", 3, What::Closed)), [], "closing twice is nothing new");
}

#[test]
fn a_full_screen_lets_the_oldest_ended_card_go_first() {
    let mut screen = Screen::new(2);
    screen.apply(event("one", 1, What::Ringing { number: None }));
    screen.apply(event("two", 2, What::Ringing { number: None }));
    screen.apply(event("two", 3, What::Ended { cause: EndCause::HungUp }));
    let changed = screen.apply(event("three", 4, What::Ringing { number: None }));
    assert_eq!(changed, [Line::new("line-of-two"), Line::new("line-of-three")]);
    screen.apply(event("four", 5, What::Ringing { number: None }));
    let calls: Vec<_> = screen.all().map(|card| card.call.as_str().to_owned()).collect();
    assert_eq!(calls, ["three", "four"]);
}

#[test]
fn a_card_that_moves_changes_both_lines_and_keeps_what_it_shows() {
    let mut call = OneCall::ringing();
    call.see(ranked(State::Recognised, &[(ANNA, 0.98)], Some(ANNA)));
    let moved = What::Moved { line: Line::new("other") };
    assert_eq!(call.0.apply(event("one", 2000, moved)), [Line::new("line-of-one"), Line::new("other")]);
    assert_eq!(call.0.on_line(&Line::new("line-of-one")).count(), 0);
    let other = Line::new("other");
    assert_eq!(call.0.on_line(&other).next().unwrap().known_customer(), Some(&id(ANNA)));
}

#[test]
fn a_changed_voice_stays_on_the_card_until_an_agent_says_who_it_is() {
    let mut call = OneCall::ringing();
    call.see(ranked(State::Recognised, &[(ANNA, 0.98)], Some(ANNA)));
    let card = call.see(What::VoiceChanged);
    assert!(card.voice_changed && card.known.is_none() && card.state == State::Listening, "nobody's card meanwhile");
    let card = call.see(ranked(State::Recognised, &[(MARCO, 0.98)], Some(MARCO)));
    assert!(card.voice_changed && card.known_customer() == Some(&id(MARCO)));
    assert!(!call.see(What::Confirmed { customer: id(MARCO), known: known(MARCO) }).voice_changed);
    assert!(call.see(What::VoiceChanged).voice_changed);
    assert!(!call.see(What::SomeoneElse).voice_changed);
}

#[test]
fn a_recording_that_was_heard_before_is_advice_and_goes_with_its_speaker() {
    let mut call = OneCall::ringing();
    call.see(ranked(State::Recognised, &[(ANNA, 0.98)], Some(ANNA)));
    let card = call.see(What::HeardBefore { on: jiff::civil::date(2026, 5, 3), flagged_by: None });
    assert_eq!((card.state, card.known_customer()), (State::Recognised, Some(&id(ANNA))));
    let notice = crate::desk::wire::card(&card, "en").notice;
    assert!(notice.starts_with("This recording has been heard before, on 3 May: it may be played back."), "{notice}");
    assert!(call.see(What::Flagged).flagged);
    let card = call.see(What::HeardBefore { on: jiff::civil::date(2026, 5, 3), flagged_by: Some("Sal".into()) });
    let notice = crate::desk::wire::card(&card, "en").notice;
    assert!(notice.starts_with("A call like this was flagged by Sal on 3 May: it may be played back."), "{notice}");
    let card = call.see(What::NewSpeaker { number: None });
    assert!(card.heard_before.is_none() && !card.flagged);
}

#[test]
fn a_voice_that_may_be_spoofed_is_advice_below_a_recording_that_was_heard_before() {
    let mut call = OneCall::ringing();
    call.see(ranked(State::Recognised, &[(ANNA, 0.98)], Some(ANNA)));
    let card = call.see(What::MayBeSpoofed { model: "lcnn".into() });
    assert_eq!((card.state, card.known_customer()), (State::Recognised, Some(&id(ANNA))));
    let notice = crate::desk::wire::card(&card, "en").notice;
    assert!(
        notice.starts_with("The voice may be synthetic or played back, by model lcnn. Ask something new."),
        "{notice}"
    );
    let card = call.see(What::HeardBefore { on: jiff::civil::date(2026, 5, 3), flagged_by: None });
    let notice = crate::desk::wire::card(&card, "en").notice;
    assert!(notice.starts_with("This recording has been heard before"), "{notice}");
    assert!(call.see(What::NewSpeaker { number: None }).may_be_spoofed.is_none());
}

#[test]
fn what_was_not_learnt_is_said_of_the_confirmed_customer_alone() {
    let mut call = OneCall::ringing();
    let not_learnt = |who| What::NotLearnt { customer: id(who), reason: "it does not fit".to_owned() };
    call.see(What::Confirmed { customer: id(ANNA), known: known(ANNA) });
    assert_eq!(call.see(not_learnt(MARCO)).not_learnt, None);
    assert_eq!(call.see(not_learnt(ANNA)).not_learnt.as_deref(), Some("it does not fit"));
    assert_eq!(call.see(What::Confirmed { customer: id(MARCO), known: known(MARCO) }).not_learnt, None);
}

#[test]
fn a_new_speaker_takes_everything_off_the_card_until_it_is_clear_who_they_are() {
    let mut call = OneCall::ringing();
    call.see(What::ByNumber { people: vec![at_number(ANNA, true)] });
    call.see(What::Confirmed { customer: id(ANNA), known: known(ANNA) });
    let before = call.see(What::OrderPlaced { order: "o-1".to_owned() });
    let card = call.see(What::NewSpeaker { number: None });
    assert!(card.new_speaker && card.revision > before.revision);
    assert_eq!((card.known.is_none(), &card.confirmed, &card.number, &card.order_placed), (true, &None, &None, &None));
    assert_eq!((card.candidates.len(), card.since), (0, before.since));
    assert!(call.see(ranked(State::Listening, &[(MARCO, 0.5)], None)).new_speaker);
    assert!(!call.see(ranked(State::Recognised, &[(MARCO, 0.98)], Some(MARCO))).new_speaker);
}
