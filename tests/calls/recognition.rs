//! Who is shown when the caller talks. Synthetic voices: plumbing, never accuracy.

use regulars::desk::wire::proto::{ConfirmIdentityRequest, RecognitionState, VoiceUse};

use crate::house::{ANNA, BEN, House, NUMBER, recordings, stranger};

#[tokio::test(flavor = "multi_thread")]
async fn the_second_of_a_household_is_recognised_by_voice_and_their_card_follows() {
    let house = House::open(&[]).await;
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    let ben = house.customer("Ben Test", Some(NUMBER)).await;
    house.enroll(&anna, ANNA).await;
    house.enroll(&ben, BEN).await;
    let mut screen = house.screen().await;
    let phone = house.call(Some(NUMBER), &recordings(BEN, "probe"));
    let card = screen.until("recognised", |card| card.state() == RecognitionState::Recognised).await;
    assert_eq!(card.candidates[0].customer_id, ben.as_str());
    let chances: f32 = card.candidates.iter().filter_map(|candidate| candidate.chance).sum();
    assert!((chances + card.someone_else_chance.unwrap() - 1.0).abs() < 1e-4, "a probability");
    let card = screen.until("the dossier", |card| card.profile.is_some()).await;
    assert_eq!(card.profile.unwrap().name, "Ben Test");
    phone.hang_up().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_on_a_known_number_is_not_known_and_sees_nobody_s_card() {
    let house = House::open(&[]).await;
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    house.enroll(&anna, ANNA).await;
    let mut screen = house.screen().await;
    let phone = house.call(Some(NUMBER), &stranger());
    let card =
        screen.until("settled as not known", |card| card.settled && card.state() == RecognitionState::NotKnown).await;
    assert!(card.profile.is_none() && card.likely_order.is_none());
    phone.hang_up().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_another_number_a_regular_is_a_name_to_ask_for_and_only_where_everyone_is_searched() {
    let reason = "identity.search_reason=a test of the wider search";
    let house = House::open(&["identity.search=everyone", reason]).await;
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    house.enroll(&anna, ANNA).await;
    let mut screen = house.screen().await;
    let phone = house.call(None, &recordings(ANNA, "probe"));
    let card = screen.until("probably", |card| card.state() == RecognitionState::Probably).await;
    assert_eq!(card.candidates[0].customer_id, anna.as_str());
    assert!(card.notice.contains("Possibly") && card.notice.contains("Ask"), "{}", card.notice);
    let card = screen.until("settled", |card| card.settled).await;
    assert!(card.profile.is_none(), "whatever the chance: {:?}", card.candidates);
    let confirm = ConfirmIdentityRequest { call_id: card.call_id, customer_id: anna.to_string(), agent: "Sal".into() };
    screen.client.confirm_identity(confirm).await.unwrap();
    let card = screen.until("the dossier", |card| card.profile.is_some()).await;
    assert_eq!(card.notice, "");
    phone.hang_up().await;
    let audit = house.service().store.audit_rows(50).await.unwrap();
    assert!(audit.iter().any(|row| row.detail.contains("a test of the wider search")), "the reason is in the audit");
    house.stop().await;

    let house = House::open(&[]).await;
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    house.enroll(&anna, ANNA).await;
    let mut screen = house.screen().await;
    let phone = house.call(None, &recordings(ANNA, "probe")[..1]);
    let card = screen.until("an opinion", |card| card.someone_else_chance.is_some()).await;
    assert_eq!(card.voice_use(), VoiceUse::NoConsentedCandidate);
    assert_eq!(card.net_speech_ms, 0);
    phone.hang_up().await;
    house.stop().await;
}
