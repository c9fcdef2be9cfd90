//! What the screen shows before a word is said.

use regulars::desk::wire::proto::{RecognitionState, VoiceUse};

use crate::house::{House, NUMBER};

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_number_shows_everyone_who_may_be_calling_and_nothing_else_of_them() {
    let house = House::open(&[]).await;
    for name in ["Anna Test", "Ben Test", "Cleo Test"] {
        house.customer(name, Some(NUMBER)).await;
    }
    let mut screen = house.screen().await;
    let phone = house.call(Some(NUMBER), &[]);
    let card = screen.until("three people by number", |card| card.candidates.len() == 3).await;
    assert_eq!(card.number, NUMBER);
    assert_eq!(card.state(), RecognitionState::Listening);
    let card = screen.until("nobody agreed", |card| card.voice_use() == VoiceUse::NoConsentedCandidate).await;
    assert!(card.profile.is_none() && card.likely_order.is_none() && card.last_contacts.is_empty());
    assert_eq!(phone.hang_up().await.status, 200);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withheld_number_is_an_empty_card() {
    let house = House::open(&[]).await;
    house.customer("Anna Test", Some(NUMBER)).await;
    let mut screen = house.screen().await;
    let phone = house.call(None, &[]);
    let card = screen.until("an opinion", |card| card.someone_else_chance.is_some()).await;
    assert_eq!((card.number.as_str(), card.candidates.len()), ("", 0));
    phone.hang_up().await;
    screen.until("the hang-up", |card| card.end_cause != 0).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_card_goes_when_its_wrap_up_is_over() {
    let house = House::open(&["call.wrap_up_s=0"]).await;
    let mut screen = house.screen().await;
    let phone = house.call(Some(NUMBER), &[]);
    screen.until("the card", |_| true).await;
    phone.hang_up().await;
    screen.until_empty().await;
    house.stop().await;
}
