//! Moments of a call, as the events that lead to them.

use regulars::base::{CallId, Line, UnixMillis, clock};
use regulars::call::{CallEvent, EndCause, Missing, What};
use regulars::customer::CustomerId;
use regulars::identity::{Decision, Ranked, State, VoiceUse};

use super::people::{ANNA, GIULIA, JONAS, MARCO, at_number, known, number, person};

pub const CALL: &str = "call-anna";

pub fn event(call: &str, line: &str, what: What) -> CallEvent {
    CallEvent { call: CallId::new(call), line: Line::new(line), at: clock::wall(), evidence_at: clock::now(), what }
}

/// A decision over `chances`; the dossier of the first goes with it when it is sure, as a call would have it.
pub fn decided(state: State, chances: &[(&str, f32)], net_speech_ms: u32) -> What {
    let carried = chances.first().filter(|_| state == State::Recognised).map(|(who, _)| known(who, clock::wall()));
    What::Decided {
        decision: Decision {
            state,
            ranked: chances
                .iter()
                .map(|(who, chance)| Ranked {
                    customer: CustomerId::new(*who),
                    chance: *chance,
                    by_voice: true,
                    elsewhere: false,
                })
                .collect(),
            someone_else: 1.0 - chances.iter().map(|(_, chance)| chance).sum::<f32>(),
            net_speech_ms,
            voice: VoiceUse::Allowed,
            settled: net_speech_ms >= 5000,
        },
        people: chances.iter().map(|(who, _)| person(who)).collect(),
        known: carried,
    }
}

/// Found among everyone: the number says nothing.
fn possibly() -> What {
    let mut what = decided(State::Probably, &[(MARCO, 0.83)], 5600);
    if let What::Decided { decision, .. } = &mut what {
        decision.ranked[0].elsewhere = true;
    }
    what
}

fn voice_unused(people: &[&str], why: VoiceUse) -> What {
    let mut what = decided(State::Listening, &people.iter().map(|who| (*who, 0.3)).collect::<Vec<_>>(), 0);
    if let What::Decided { decision, .. } = &mut what {
        decision.voice = why;
    }
    what
}

/// The events of a scene, on [`CALL`] unless said otherwise. Panics on a name that is none: a fault of the test.
pub fn scene(name: &str) -> Vec<CallEvent> {
    let household = vec![at_number(ANNA, true), at_number(MARCO, true), at_number(GIULIA, false)];
    let ringing = What::Ringing { number: Some(number()) };
    let by_number = What::ByNumber { people: household };
    let anna = CustomerId::new(ANNA);
    let known_anna = || What::Confirmed { customer: anna.clone(), known: known(ANNA, clock::wall()) };
    let enrolling = |ms| What::Enrolling { customer: anna.clone(), net_speech_ms: ms, needed_ms: 10_000 };
    let recognised = decided(State::Recognised, &[(ANNA, 0.984), (MARCO, 0.006), (GIULIA, 0.001)], 5200);
    let at_the_number = vec![ringing.clone(), by_number.clone()];
    let then = |more: Vec<What>| [at_the_number.clone(), more].concat();
    let whats = match name {
        "three-people" => at_the_number.clone(),
        "one-person" => vec![ringing, What::ByNumber { people: vec![at_number(ANNA, true)] }],
        "nobody" => vec![ringing, What::LineName("Jürgen Müller".to_owned().into()), What::ByNumber { people: vec![] }],
        "withheld" => vec![What::Ringing { number: None }, What::ByNumber { people: vec![] }],
        "listening" => then(vec![decided(State::Listening, &[(ANNA, 0.5), (MARCO, 0.3), (GIULIA, 0.1)], 1600)]),
        "probably" => then(vec![decided(State::Probably, &[(ANNA, 0.81), (MARCO, 0.11), (GIULIA, 0.02)], 3200)]),
        "ambiguous" => then(vec![decided(State::Ambiguous, &[(MARCO, 0.47), (ANNA, 0.44), (GIULIA, 0.02)], 4000)]),
        "recognised" => then(vec![recognised]),
        "recognised-quiet" => then(vec![decided(State::Recognised, &[(MARCO, 0.993), (ANNA, 0.002)], 5200)]),
        "allergen" => then(vec![decided(State::Recognised, &[(GIULIA, 0.993)], 5200)]),
        "offering" => then(vec![decided(State::Recognised, &[(JONAS, 0.993)], 5200)]),
        "confirmed" => then(vec![known_anna()]),
        "not-known" => then(vec![decided(State::NotKnown, &[(ANNA, 0.02), (MARCO, 0.008)], 5600)]),
        "no-consent" => then(vec![voice_unused(&[ANNA, MARCO, GIULIA], VoiceUse::NoConsentedCandidate)]),
        "mixed" => then(vec![voice_unused(&[ANNA, MARCO, GIULIA], VoiceUse::Mixed)]),
        "new-speaker" => then(vec![recognised, What::NewSpeaker { number: Some(number()) }, by_number]),
        "rejected" => then(vec![recognised, What::SomeoneElse]),
        "heard-before" => {
            let before = What::HeardBefore { on: jiff::civil::date(2026, 5, 3), flagged_by: None };
            then(vec![recognised, before, What::Flagged])
        }
        "handed-on" => then(vec![
            recognised,
            What::VoiceChanged,
            decided(State::Listening, &[(ANNA, 0.5), (MARCO, 0.3), (GIULIA, 0.1)], 1600),
        ]),
        "no-voice" => then(vec![
            decided(State::Listening, &[(ANNA, 0.5), (MARCO, 0.3), (GIULIA, 0.1)], 800),
            What::Missing(Some(Missing::Speech)),
        ]),
        "possibly" => vec![ringing, What::ByNumber { people: vec![] }, possibly()],
        "learning" => then(vec![known_anna(), enrolling(6200)]),
        "key-pressed" => vec![What::AwaitingKey(false)],
        "agreed" => vec![enrolling(0)],
        "learnt" => then(vec![known_anna(), What::Enrolled { customer: anna.clone() }]),
        "placed" => then(vec![recognised, What::OrderPlaced { order: "4711".to_owned() }]),
        "ended" => then(vec![recognised, What::Ended { cause: EndCause::HungUp }]),
        "busy" => return busy(recognised),
        "second-call" => return vec![event("call-2", "102", What::Ringing { number: None })],
        "closed" => vec![What::Closed],
        other => panic!("there is no scene {other:?}"),
    };
    whats.into_iter().map(|what| event(CALL, "101", what)).collect()
}

/// Four calls at once, Anna's in front.
fn busy(recognised: What) -> Vec<CallEvent> {
    let ring = |people: Vec<_>| [What::Ringing { number: Some(number()) }, What::ByNumber { people }];
    let on = |call: &'static str, line: &'static str, whats: Vec<What>| {
        whats.into_iter().map(move |what| event(call, line, what)).collect::<Vec<_>>()
    };
    let anna = [ring(vec![at_number(ANNA, true)]).to_vec(), vec![recognised]].concat();
    let second = [ring(vec![]).to_vec(), vec![decided(State::NotKnown, &[], 5600)]].concat();
    let third = [ring(vec![]).to_vec(), vec![decided(State::Probably, &[("c-200", 0.72)], 3200)]].concat();
    [
        on(CALL, "101", anna),
        on("call-2", "102", second),
        on("call-3", "102", third),
        on("call-4", "103", vec![What::Ringing { number: None }]),
    ]
    .concat()
}

/// Shifts a scene back in time, so that timers on the screen look lived in.
pub fn earlier(events: Vec<CallEvent>, by_ms: i64) -> Vec<CallEvent> {
    events.into_iter().map(|event| CallEvent { at: UnixMillis(event.at.0 - by_ms), ..event }).collect()
}
