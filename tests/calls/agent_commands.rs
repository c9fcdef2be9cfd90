//! What agents do on a card, from the screen to the books.

use regulars::customer::CustomerId;
use regulars::desk::wire::proto::{
    Card, ConfirmIdentityRequest, EnrollRequest, EnrolmentState, OrderLine, PlaceOrderRequest, RecognitionState,
    RejectIdentityRequest, SpokenConsent, WithdrawConsentRequest, enroll_request::Whom,
};
use tonic::Code;

use crate::house::{ANNA, House, NUMBER, recordings};

fn yes() -> Option<SpokenConsent> {
    Some(SpokenConsent { script_id: "phone-en-2".into(), language: "en".into(), operator: "Sal".into() })
}

fn order(card: &Card, customer: &CustomerId, key: &str) -> PlaceOrderRequest {
    PlaceOrderRequest {
        call_id: card.call_id.clone(),
        customer_id: customer.to_string(),
        lines: vec![OrderLine { item: "Margherita".into(), quantity: 2, modifiers: vec!["extra olives".into()] }],
        idempotency_key: key.into(),
        agent: "Sal".into(),
        ..PlaceOrderRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn someone_new_who_says_yes_is_recognised_at_their_next_call() {
    let house = House::open(&["call.wrap_up_s=0"]).await;
    let mut screen = house.screen().await;
    let phone = house.call(Some(NUMBER), &recordings(ANNA, "enroll"));
    let card = screen.until("the card", |_| true).await;
    let whom = Some(Whom::NewName("Nora Test".into()));
    screen.client.enroll(EnrollRequest { call_id: card.call_id, whom, consent: yes() }).await.unwrap();
    let stored = |card: &Card| card.enrolment.as_ref().is_some_and(|e| e.state() == EnrolmentState::Stored);
    screen.until("the voiceprint", stored).await;
    phone.hang_up().await;
    screen.until_empty().await;

    let phone = house.call(Some(NUMBER), &recordings(ANNA, "probe"));
    let card = screen.until("recognised", |card| card.profile.is_some()).await;
    assert_eq!(card.state(), RecognitionState::Recognised);
    assert_eq!(card.profile.unwrap().name, "Nora Test");
    phone.hang_up().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_ends_recognition_in_the_very_call() {
    let house = House::open(&[]).await;
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    house.enroll(&anna, ANNA).await;
    let mut screen = house.screen().await;
    let phone = house.call(Some(NUMBER), &recordings(ANNA, "probe"));
    let card = screen.until("recognised", |card| card.state() == RecognitionState::Recognised).await;
    let request =
        WithdrawConsentRequest { customer_id: anna.to_string(), call_id: card.call_id.clone(), agent: "Sal".into() };
    screen.client.withdraw_consent(request).await.unwrap();
    screen.until("no more voice", |card| card.state() == RecognitionState::Listening).await;
    let store = &house.service().store;
    assert!(store.voiceprints(house.model.embedder.model()).await.unwrap().is_empty());
    assert!(house.service().registry.voiceprints().borrow().is_empty());
    phone.hang_up().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_taken_once_however_often_the_key_is_pressed_also_after_the_hang_up() {
    let house = House::open(&[]).await;
    house.service().store.set_item("Margherita", true).await.unwrap();
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    let mut screen = house.screen().await;
    let phone = house.call(Some(NUMBER), &[]);
    let card = screen.until("the card", |card| !card.candidates.is_empty()).await;
    let confirm =
        ConfirmIdentityRequest { call_id: card.call_id.clone(), customer_id: anna.to_string(), agent: "Sal".into() };
    screen.client.confirm_identity(confirm).await.unwrap();
    let card = screen.until("the profile", |card| card.profile.is_some()).await;
    assert_eq!(card.confirmed_customer_id, anna.as_str());
    phone.hang_up().await;
    screen.until("the hang-up", |card| card.end_cause != 0).await;
    for _ in 0..2 {
        screen.client.place_order(order(&card, &anna, "key-00001")).await.unwrap();
    }
    screen.until("the order", |card| !card.order_placed.is_empty()).await;
    let dossier = house.service().store.dossier(&anna).await.unwrap().unwrap();
    assert_eq!(dossier.orders.len(), 1);
    assert_eq!((dossier.orders[0].lines[0].quantity, dossier.orders[0].lines[0].item.as_str()), (2, "Margherita"));
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_answered_with_a_code_and_a_sentence() {
    let house = House::open(&[]).await;
    let mut screen = house.screen().await;
    let phone = house.call(Some(NUMBER), &[]);
    let card = screen.until("the card", |_| true).await;

    let nobody =
        ConfirmIdentityRequest { call_id: card.call_id.clone(), customer_id: "nobody".into(), agent: "Sal".into() };
    let refused = screen.client.confirm_identity(nobody).await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Code::NotFound, "There is no such customer in the books."));

    let no_call = RejectIdentityRequest { call_id: "none".into(), agent: "Sal".into() };
    assert_eq!(screen.client.reject_identity(no_call).await.unwrap_err().code(), Code::NotFound);

    phone.hang_up().await;
    screen.until("the hang-up", |card| card.end_cause != 0).await;
    let whom = Some(Whom::NewName("Nora Test".into()));
    let late = EnrollRequest { call_id: card.call_id, whom, consent: yes() };
    assert_eq!(screen.client.enroll(late).await.unwrap_err().code(), Code::FailedPrecondition);
    house.stop().await;
}
