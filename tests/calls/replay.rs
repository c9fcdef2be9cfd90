//! A recording that is played down the line. Synthetic voices: plumbing, never accuracy.

use std::time::Duration;

use regulars::base::UnixMillis;
use regulars::customer::CustomerId;
use regulars::desk::wire::proto::{Card, ConfirmIdentityRequest, FlagCallRequest, WithdrawConsentRequest};

use crate::house::{ANNA, House, NUMBER, PATIENCE, Screen, fixture, recordings, sound, stranger};

const ANOTHER_NUMBER: &str = "+12125550199";
/// Cards stay long enough for their last state to be seen.
const SHORT: &[&str] = &["call.wrap_up_s=1"];

async fn house_with_anna() -> (House, CustomerId) {
    let house = House::open(SHORT).await;
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    house.enroll(&anna, ANNA).await;
    (house, anna)
}

/// A call to its end, confirmed as `customer` if one is given; its last card.
async fn call(house: &House, screen: &mut Screen, from: &str, samples: &[f32], confirmed: Option<&CustomerId>) -> Card {
    let phone = house.call_to_the_end(Some(from), samples);
    if let Some(customer) = confirmed {
        let call_id = screen.until("the card", |card| card.end_cause == 0).await.call_id;
        let confirm = ConfirmIdentityRequest { call_id, customer_id: customer.to_string(), agent: "Sal".into() };
        screen.client.confirm_identity(confirm).await.unwrap();
    }
    phone.ended().await;
    let last = screen.until("the hang-up", |card| card.end_cause != 0).await;
    screen.until_empty().await;
    last
}

/// Waits until so many calls of the customer are kept, or with `None` so many flagged ones. Nothing tells when.
async fn kept(house: &House, customer: Option<&CustomerId>, calls: usize) {
    let store = &house.service().store;
    let wait = async {
        let mut every = tokio::time::interval(Duration::from_millis(50));
        while store.heard_calls(customer, UnixMillis(0)).await.unwrap().len() != calls {
            every.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("the call was never kept");
}

fn warned(card: &Card) -> bool {
    card.notice.contains("This recording has been heard before, on ")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_recording_in_a_second_call_is_said_on_the_card_and_teaches_nothing() {
    let (house, anna) = house_with_anna().await;
    let mut screen = house.screen().await;
    let said = [sound(&recordings(ANNA, "probe")), sound(&recordings(ANNA, "enroll"))].concat();
    let first = call(&house, &mut screen, NUMBER, &said, None).await;
    assert!(!warned(&first), "{}", first.notice);
    kept(&house, Some(&anna), 1).await;
    let model = house.model.embedder.model().clone();
    let before = house.service().store.voiceprints(&model).await.unwrap();
    // Begun a moment later.
    let second = call(&house, &mut screen, NUMBER, &said[2_345..], Some(&anna)).await;
    assert!(warned(&second) && second.notice.contains("Nothing is learnt"), "{}", second.notice);
    assert_eq!(second.confirmed_customer_id, anna.as_str(), "advice, and no block");
    let audit = house.service().store.audit_rows(1).await.unwrap().remove(0);
    assert_eq!((audit.action.as_str(), audit.customer.as_ref(), audit.detail.as_str()), ("replay", Some(&anna), ""));
    // A third call that is no replay is kept after what was left of the second would have been.
    call(&house, &mut screen, NUMBER, &sound(&recordings(ANNA, "enroll")), None).await;
    assert_eq!(house.service().store.voiceprints(&model).await.unwrap(), before, "a replay joins no print");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_words_of_the_same_voice_with_the_same_music_are_no_replay() {
    let (house, anna) = house_with_anna().await;
    let mut screen = house.screen().await;
    let music: Vec<f32> = fixture("audio/music-like.wav").into_iter().cycle().take(10 * 8000).collect();
    let words = ["enroll", "probe"].map(|role| sound(&recordings(ANNA, role)));
    let first = call(&house, &mut screen, NUMBER, &[&words[0][..], &music].concat(), Some(&anna)).await;
    kept(&house, Some(&anna), 1).await;
    let second = call(&house, &mut screen, NUMBER, &[&music[..], &words[1], &music].concat(), Some(&anna)).await;
    assert!(!warned(&first) && !warned(&second));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_customer_who_took_it_back_nothing_is_kept_and_nothing_is_noticed() {
    let (house, anna) = house_with_anna().await;
    let mut screen = house.screen().await;
    let said = [sound(&recordings(ANNA, "probe")), sound(&recordings(ANNA, "enroll"))].concat();
    call(&house, &mut screen, NUMBER, &said, None).await;
    kept(&house, Some(&anna), 1).await;
    let request = WithdrawConsentRequest { customer_id: anna.to_string(), call_id: String::new(), agent: "Sal".into() };
    screen.client.withdraw_consent(request).await.unwrap();
    kept(&house, Some(&anna), 0).await;
    let second = call(&house, &mut screen, NUMBER, &said, Some(&anna)).await;
    assert!(!warned(&second));
    kept(&house, Some(&anna), 0).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_like_one_that_was_flagged_is_warned_of_with_who_flagged_it() {
    let (house, anna) = house_with_anna().await;
    let mut screen = house.screen().await;
    let said: Vec<f32> = sound(&stranger()).into_iter().cycle().take(20 * 8000).collect();
    // Nobody who agreed stands behind this call: only the flag opens the gate.
    let phone = house.call_to_the_end(Some(ANOTHER_NUMBER), &said);
    let call_id = screen.until("the card", |card| card.end_cause == 0).await.call_id;
    screen.client.flag_call(FlagCallRequest { call_id, agent: "Sal".into() }).await.unwrap();
    screen.until("the flag", |card| card.flagged).await;
    phone.ended().await;
    screen.until_empty().await;
    kept(&house, None, 1).await;
    let audit = house.service().store.audit_rows(1).await.unwrap().remove(0);
    assert_eq!((audit.action.as_str(), audit.operator.as_str(), audit.customer), ("flag", "Sal", None));
    let second = call(&house, &mut screen, NUMBER, &said, None).await;
    assert!(second.notice.contains("A call like this was flagged by Sal on "), "{}", second.notice);
    kept(&house, Some(&anna), 0).await;
    house.stop().await;
}
