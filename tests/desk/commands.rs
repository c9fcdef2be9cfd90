//! What an agent does reaches the call, and what is wrong comes back as a code with a sentence.

use regulars::call::{AgentCommand, EnrollWhom};
use regulars::desk::wire::proto::{
    ConfirmIdentityRequest, EnrollRequest, FlagCallRequest, OrderLine, PlaceOrderRequest, RejectIdentityRequest,
    SpokenConsent, WithdrawConsentRequest, enroll_request::Whom,
};
use tonic::Code;

use super::people::ANNA;
use super::scenes::{CALL, scene};
use super::shop::RunningDesk;

fn order(quantity: u32) -> PlaceOrderRequest {
    PlaceOrderRequest {
        call_id: CALL.to_owned(),
        customer_id: ANNA.to_owned(),
        lines: vec![OrderLine { item: "Margherita".to_owned(), quantity, modifiers: vec![] }],
        idempotency_key: "0d5c8e0e-key".to_owned(),
        agent: "Sam".to_owned(),
        ..PlaceOrderRequest::default()
    }
}

#[tokio::test]
async fn each_deed_of_an_agent_reaches_its_call() {
    let desk = RunningDesk::open().await;
    desk.play(scene("recognised")).await;
    let mut client = desk.client().await;
    let (call_id, customer_id, agent) = (CALL.to_owned(), ANNA.to_owned(), "Sam".to_owned());

    let confirm =
        ConfirmIdentityRequest { call_id: call_id.clone(), customer_id: customer_id.clone(), agent: agent.clone() };
    client.confirm_identity(confirm).await.unwrap();
    client.reject_identity(RejectIdentityRequest { call_id: call_id.clone(), agent: agent.clone() }).await.unwrap();
    let consent =
        SpokenConsent { script_id: "phone-en-2".to_owned(), language: "en".to_owned(), operator: agent.clone() };
    let whom = Some(Whom::NewName("Ines Duarte".to_owned()));
    client.enroll(EnrollRequest { call_id: call_id.clone(), whom, consent: Some(consent) }).await.unwrap();
    client.place_order(order(2)).await.unwrap();
    client.flag_call(FlagCallRequest { call_id: call_id.clone(), agent: agent.clone() }).await.unwrap();
    client.withdraw_consent(WithdrawConsentRequest { customer_id, call_id, agent }).await.unwrap();

    let commands = desk.commands();
    let [confirm, reject, enroll, place, flag, withdraw] = commands.as_slice() else { panic!("{commands:?}") };
    assert!(matches!(confirm, AgentCommand::Confirm { customer, .. } if customer.as_str() == ANNA));
    assert!(matches!(reject, AgentCommand::SomeoneElse { agent } if agent == "Sam"));
    let AgentCommand::Enroll { customer: EnrollWhom::New { name }, script, .. } = enroll else { panic!("{enroll:?}") };
    assert_eq!((name.expose().as_str(), script.as_str()), ("Ines Duarte", "phone-en-2"));
    let AgentCommand::PlaceOrder { order, .. } = place else { panic!("{place:?}") };
    assert_eq!((order.lines[0].quantity, order.idempotency_key.as_str()), (2, "0d5c8e0e-key"));
    assert!(matches!(flag, AgentCommand::Flag { agent } if agent == "Sam"));
    assert!(matches!(withdraw, AgentCommand::WithdrawConsent { .. }));
    desk.close().await;
}

#[tokio::test]
async fn what_is_wrong_comes_back_as_a_code_and_a_sentence() {
    let desk = RunningDesk::open().await;
    desk.play(scene("recognised")).await;
    let mut client = desk.client().await;

    let no_call = RejectIdentityRequest { call_id: "call-none".to_owned(), agent: "Sam".to_owned() };
    let status = client.reject_identity(no_call).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert!(!status.message().is_empty());

    let status = client.place_order(order(0)).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "a quantity is 1 to 99"));

    let nobody =
        WithdrawConsentRequest { customer_id: "c-none".to_owned(), call_id: String::new(), agent: "Sam".to_owned() };
    assert_eq!(client.withdraw_consent(nobody).await.unwrap_err().code(), Code::NotFound);

    let mut huge = order(1);
    huge.lines[0].item = "x".repeat(100_000);
    assert_eq!(client.place_order(huge).await.unwrap_err().code(), Code::OutOfRange);
    assert!(desk.commands().is_empty(), "nothing of it reached the call");
    desk.close().await;
}
