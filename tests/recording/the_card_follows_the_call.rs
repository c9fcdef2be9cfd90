//! A transfer and a new caller, told by metadata.

use regulars::sip::Transport;

use crate::client::{Client, fixture};
use crate::house::{House, NUMBER};

async fn client(house: &House, call: &str) -> Client {
    let udp = house.service().sip.iter().find(|listen| listen.transport == Transport::Udp).unwrap().addr;
    Client::new(udp, Transport::Udp, call).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_takes_the_card_to_the_other_agent() {
    let house = House::open(&[]).await;
    house.customer("Anna Test", Some(NUMBER)).await;
    let (mut first, mut second) = (house.screen_of("4711").await, house.screen_of("4712").await);
    let mut client = client(&house, "transfer").await;
    client.establish(&fixture("rfc7865.txt")).await;
    let before = first.until("the people of the number", |card| card.candidates.len() == 1).await;
    assert_eq!(client.ask_in_dialog("UPDATE", Some(&fixture("update-transfer.txt"))).await.status, 200);
    first.until_empty().await;
    let after = second.until("the card", |_| true).await;
    assert_eq!((after.call_id, after.line.as_str()), (before.call_id, "4712"));
    assert_eq!((after.number.as_str(), after.candidates.len(), after.notice.as_str()), (NUMBER, 1, ""));
    client.bye().await;
    second.until("the hang-up", |card| card.end_cause != 0).await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_caller_is_another_number_with_other_people() {
    let house = House::open(&[]).await;
    house.customer("Anna Test", Some(NUMBER)).await;
    house.customer("Cleo Test", Some("+12125550144")).await;
    let mut screen = house.screen_of("4711").await;
    let mut client = client(&house, "new-caller").await;
    client.establish(&fixture("rfc7865.txt")).await;
    let named = |name: &'static str| {
        move |card: &regulars::desk::wire::proto::Card| {
            card.candidates.len() == 1 && card.candidates[0].name == name && card.someone_else_chance.is_some()
        }
    };
    screen.until("the first caller", named("Anna Test")).await;
    assert_eq!(client.ask_in_dialog("UPDATE", Some(&fixture("update-new-caller.txt"))).await.status, 200);
    let card = screen.until("the second caller", named("Cleo Test")).await;
    assert_eq!(card.number, "+12125550144");
    assert!(card.notice.contains("Somebody else"), "{}", card.notice);
    client.bye().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_known_agent_the_card_is_on_the_line_that_was_called() {
    let house = House::open(&[]).await;
    let mut screen = house.screen_of("srs").await;
    let mut client = client(&house, "no-agent").await;
    client.establish(&fixture("no-metadata.txt")).await;
    let card = screen.until("the card", |_| true).await;
    assert_eq!((card.line.as_str(), card.number.as_str()), ("srs", ""));
    // Who it is may become known later; then the card moves, and nobody else speaks.
    let mut agent = house.screen_of("4711").await;
    assert_eq!(client.ask_in_dialog("UPDATE", Some(&fixture("metadata-without-sdp.txt"))).await.status, 200);
    let card = agent.until("the number", |card| card.number == NUMBER).await;
    assert_eq!(card.notice, "");
    screen.until_empty().await;
    client.bye().await;
    house.stop().await;
}
