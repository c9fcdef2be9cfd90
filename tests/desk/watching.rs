//! WatchDesk: whole cards, of the watched lines, with nothing on the wire that may not be there yet.

use std::time::Duration;

use prost::Message;
use regulars::call::What;
use regulars::desk::wire::proto::{Card, EndCause, RecognitionState, WatchDeskRequest, WatchDeskResponse};
use regulars::identity::State;
use tonic::{Code, Streaming};

use super::people::{ALLERGY, ANNA, COMPLAINT, MARCO, USUAL, known, name_of};
use super::scenes::{CALL, decided, event, scene};
use super::shop::RunningDesk;

pub async fn watch(desk: &RunningDesk, lines: &[&str]) -> Streaming<WatchDeskResponse> {
    let lines = lines.iter().map(|&line| line.to_owned()).collect();
    let request = WatchDeskRequest { lines, agent: "Sam".to_owned() };
    desk.client().await.watch_desk(request).await.unwrap().into_inner()
}

/// The first state that `is_it` holds for. Watching means that states before it may be skipped.
pub async fn until(stream: &mut Streaming<WatchDeskResponse>, is_it: impl Fn(&[Card]) -> bool) -> Vec<Card> {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let cards = stream.message().await.unwrap().unwrap().cards;
            if is_it(&cards) {
                return cards;
            }
        }
    });
    waited.await.expect("the state never came")
}

#[tokio::test]
async fn the_card_of_the_number_becomes_the_card_of_the_person() {
    let desk = RunningDesk::open().await;
    let mut stream = watch(&desk, &[]).await;
    assert_eq!(stream.message().await.unwrap().unwrap().cards, [], "the present comes at once, also an empty one");

    desk.play(scene("three-people")).await;
    let card = until(&mut stream, |cards| cards.first().is_some_and(|card| card.candidates.len() == 3)).await.remove(0);
    assert_eq!((card.call_id.as_str(), card.line.as_str(), card.number.as_str()), (CALL, "101", "+493023125042"));
    assert_eq!(card.state(), RecognitionState::Listening);
    assert_eq!(card.candidates[0].chance, None);

    desk.play(vec![event(CALL, "101", decided(State::Recognised, &[(ANNA, 0.98), (MARCO, 0.01)], 5200))]).await;
    let later = until(&mut stream, |cards| cards[0].state() == RecognitionState::Recognised).await.remove(0);
    assert!(later.revision > card.revision);
    assert!((later.someone_else_chance.unwrap() - 0.01).abs() < 1e-6);
    let profile = later.profile.unwrap();
    assert_eq!((profile.name.as_str(), profile.language.as_str()), (name_of(ANNA), "it"));
    assert_eq!(profile.allergies, ALLERGY);
    assert_eq!(later.open_complaint.unwrap().wanted, COMPLAINT);
    assert_eq!(later.last_contacts.len(), 5, "four contacts and an order");
    let likely = later.likely_order.unwrap();
    assert_eq!((likely.lines[0].item.as_str(), likely.sure), (USUAL, true));
    assert_eq!(likely.lines.len(), likely.chances.len());
    assert_eq!(later.consent_script.unwrap().script_id, "phone-it-2", "the caller's own language");
    desk.close().await;
}

#[tokio::test]
async fn below_the_threshold_the_wire_carries_names_and_nothing_else() {
    for state in [State::Listening, State::Probably, State::Ambiguous, State::NotKnown] {
        let desk = RunningDesk::open().await;
        let mut stream = watch(&desk, &[]).await;
        let mut what = decided(state, &[(ANNA, 0.35)], 3200);
        if let What::Decided { known: carried, .. } = &mut what {
            // A call that says too much: the desk must not pass it on.
            *carried = Some(known(ANNA, regulars::base::clock::wall()));
        }
        desk.play(vec![event(CALL, "101", What::Ringing { number: None }), event(CALL, "101", what)]).await;
        let cards = until(&mut stream, |cards| cards.first().is_some_and(|card| !card.candidates.is_empty())).await;
        let bytes = WatchDeskResponse { cards: cards.clone() }.encode_to_vec();
        let carries = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(carries(name_of(ANNA)), "{state:?}");
        for secret in [ALLERGY, COMPLAINT, USUAL, "Say sorry", "still open", "Third floor", "mostly Friday"] {
            assert!(!carries(secret), "{state:?} lets {secret:?} out");
        }
        assert_eq!(cards[0].consent_script.as_ref().unwrap().language, "en", "a language is part of the profile");
        desk.close().await;
    }
}

#[tokio::test]
async fn a_screen_sees_its_own_lines_only() {
    let desk = RunningDesk::open().await;
    let (mut one, mut two) = (watch(&desk, &["102", "104"]).await, watch(&desk, &["103"]).await);
    desk.play(scene("busy")).await;
    let cards = until(&mut one, |cards| cards.len() == 2).await;
    assert!(cards.iter().all(|card| card.line == "102"), "{cards:?}");
    let cards = until(&mut two, |cards| !cards.is_empty()).await;
    assert_eq!((cards.len(), cards[0].number.as_str()), (1, ""), "a withheld number stays empty");
    desk.close().await;
}

#[tokio::test]
async fn a_screen_that_comes_late_is_shown_the_present() {
    let desk = RunningDesk::open().await;
    let mut early = watch(&desk, &[]).await;
    desk.play(scene("ended")).await;
    until(&mut early, |cards| cards.first().is_some_and(|card| card.end_cause() == EndCause::HungUp)).await;

    let mut late = watch(&desk, &["101"]).await;
    let first = late.message().await.unwrap().unwrap().cards;
    assert_eq!((first[0].end_cause(), first[0].profile.is_some()), (EndCause::HungUp, true));

    desk.play(scene("closed")).await;
    until(&mut late, <[Card]>::is_empty).await;
    desk.close().await;
}

#[tokio::test]
async fn a_shutdown_ends_open_screens_with_a_word() {
    let desk = RunningDesk::open().await;
    let mut stream = watch(&desk, &[]).await;
    stream.message().await.unwrap();
    desk.life.shut_down_softly();
    desk.play(scene("three-people")).await;
    until(&mut stream, |cards| !cards.is_empty()).await; // calls under way still show

    desk.life.shut_down_hard();
    let end = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    assert_eq!(end.unwrap_err().code(), Code::Unavailable);
    desk.close().await;
}
