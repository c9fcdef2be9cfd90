//! What is written of a caller during the call is on the card at once, whoever writes it.

use std::time::Instant;

use regulars::desk::wire::proto::{Card, ConfirmIdentityRequest, RecognitionState};

use crate::hook::{Hook, complaint, source_setting};
use crate::house::{ANNA, House, NUMBER, recordings};

fn complains(card: &Card, of: &str) -> bool {
    card.open_complaint.as_ref().is_some_and(|complaint| complaint.wanted.contains(of))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_by_webhook_and_one_by_another_process_come_onto_the_card_of_a_recognised_caller() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(&[&source_setting(&folder, "mail")]).await;
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    house.enroll(&anna, ANNA).await;
    let mut screen = house.screen().await;
    let phone = house.call(Some(NUMBER), &recordings(ANNA, "probe"));
    let card = screen.until("recognised", |card| card.profile.is_some()).await;
    assert!(card.open_complaint.is_none() && card.last_contact.is_empty());

    let body = complaint(anna.as_str(), "7").to_string();
    let sent = Instant::now();
    assert_eq!(Hook::new("msg_1").send(house.service().desk, "mail", body.as_bytes()).await.0, 200);
    let with = screen.until("the mail", |card| complains(card, "fredda")).await;
    println!("MEASURED webhook to card: {} ms", sent.elapsed().as_millis());
    assert!(with.revision > card.revision && with.state() == RecognitionState::Recognised);
    assert!(with.last_contact.ends_with("by e-mail to Toni: La pizza è arrivata fredda. Still open."), "{with:?}");

    let csv = folder.path().join("contacts.csv");
    let at = jiff::Timestamp::now().to_string();
    let row = format!("k1,{anna},{at},shop,\"Cold again\",open,2 Cola\n");
    std::fs::write(&csv, format!("contact_id,customer_id,at,channel,wanted,complaint,items_considered\n{row}"))
        .unwrap();
    let csv = csv.display().to_string();
    let import = ["import", "contacts", &csv];
    let seen = async {
        screen.until("the import", |card| complains(card, "Cold again")).await;
        Instant::now()
    };
    let imported = async {
        let output = house.command(&import).await;
        assert!(output.contains("1 row kept"), "{output}");
        Instant::now()
    };
    let (seen, imported) = tokio::join!(seen, imported);
    println!(
        "MEASURED end of the import's process to card: {} ms",
        seen.saturating_duration_since(imported).as_millis()
    );
    phone.hang_up().await;
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_whom_nobody_has_recognised_shows_nothing_of_it_until_an_agent_confirms() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::open(&[&source_setting(&folder, "mail")]).await;
    let anna = house.customer("Anna Test", Some(NUMBER)).await;
    let mut screen = house.screen().await;
    let phone = house.call(Some(NUMBER), &[]);
    let card = screen.until("the card", |card| !card.candidates.is_empty()).await;
    let body = complaint(anna.as_str(), "7").to_string();
    assert_eq!(Hook::new("msg_1").send(house.service().desk, "mail", body.as_bytes()).await.0, 200);
    phone.hang_up().await;
    let card = screen.until("the hang-up", |now| now.call_id == card.call_id && now.end_cause != 0).await;
    assert!(card.profile.is_none() && card.open_complaint.is_none() && card.last_contact.is_empty(), "{card:?}");
    // In wrap-up the card is open still.
    let confirm = ConfirmIdentityRequest { call_id: card.call_id, customer_id: anna.to_string(), agent: "Sal".into() };
    screen.client.confirm_identity(confirm).await.unwrap();
    screen.until("the mail", |card| complains(card, "fredda")).await;
    let resolve = serde_json::json!({ "type": "complaint.resolve", "data": { "key": "7" } }).to_string();
    assert_eq!(Hook::new("msg_2").send(house.service().desk, "mail", resolve.as_bytes()).await.0, 200);
    screen.until("put right", |card| card.open_complaint.is_none() && card.last_contact.contains("Put right")).await;
    house.stop().await;
}
