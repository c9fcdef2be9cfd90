//! Orders reach the shop's own system: signed, in order, once by their key, whatever that system goes through.

use regulars::base::{UnixMillis, clock};
use regulars::customer::{CustomerId, OrderLine};
use regulars::records::Secret;
use regulars::records::signature::{Signed, verify};
use regulars::store::{Delivery, NewOrder};

use crate::hook::SECRET;
use crate::house::{House, start};
use crate::receiver::{Received, Receiver, endpoint};

const ORDERS: &str = "\"order.placed\"";

fn secret(folder: &tempfile::TempDir) -> String {
    let file = folder.path().join("secret");
    std::fs::write(&file, SECRET).unwrap();
    file.display().to_string()
}

async fn house(endpoints: &[String]) -> (House, CustomerId) {
    let house = House::open(&[&format!("hooks.endpoints=[{}]", endpoints.join(", "))]).await;
    let store = &house.service().store;
    store.set_item("Margherita", true).await.unwrap();
    let anna = house.customer("Anna Test", None).await;
    // They are told from now on, and have looked past what there is.
    for name in endpoints.iter().filter_map(|endpoint| endpoint.split('"').nth(1)) {
        let newest = |at: Option<Delivery>, newest| newest > 0 && at.is_some_and(|at| at.seq == newest);
        while !newest(store.delivery(name).await.unwrap(), store.newest_event().await.unwrap()) {
            tokio::task::yield_now().await;
        }
    }
    (house, anna)
}

async fn order(house: &House, customer: &CustomerId, key: &str) -> String {
    let lines = vec![OrderLine { item: "Margherita".into(), quantity: 2, modifiers: vec!["extra olives".into()] }];
    let order = NewOrder {
        customer: customer.clone(),
        lines,
        idempotency_key: key.into(),
        agent: "Sal".into(),
        call: None,
        at: clock::wall(),
        payment: None,
    };
    house.service().store.place_order(order).await.unwrap().order
}

fn check(received: &Received) {
    let (headers, now) = (&received.headers, clock::wall());
    let signed = Signed { id: received.id(), timestamp: &headers["webhook-timestamp"], body: &received.body };
    verify(&[Secret::parse(SECRET).unwrap()], &signed, &headers["webhook-signature"], now).unwrap();
    assert_eq!(headers["content-type"], "application/json");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_out_signed_with_its_own_key_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut kitchen = Receiver::open(&[200]).await;
    let (house, anna) = house(&[kitchen.endpoint("kitchen", ORDERS, &secret(&folder))]).await;
    house.customer("Ben Test", None).await;
    let id = order(&house, &anna, "key-00001").await;
    order(&house, &anna, "key-00001").await;
    order(&house, &anna, "key-00002").await;
    let (first, second) = (kitchen.next().await, kitchen.next().await);
    check(&first);
    assert_eq!((first.id(), second.id()), ("key-00001", "key-00002"), "the key pressed twice is one order");
    let json = first.json();
    assert_eq!(
        (json["type"].as_str(), json["data"]["customerId"].as_str()),
        (Some("order.placed"), Some(anna.as_str()))
    );
    let placed = &json["data"]["orderPlaced"];
    assert_eq!((placed["orderId"].as_str(), placed["agent"].as_str()), (Some(id.as_str()), Some("Sal")));
    assert_eq!(placed["order"]["lines"][0]["item"], "Margherita");
    assert!(!kitchen.has_more());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_is_asked_again_in_order_and_one_that_says_nothing_holds_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let mut failing = Receiver::open(&[500, 302, 204]).await;
    let mut silent = Receiver::open(&[0]).await;
    let mut good = Receiver::open(&[200]).await;
    let file = secret(&folder);
    let endpoints = [
        failing.endpoint("failing", ORDERS, &file),
        silent.endpoint("silent", ORDERS, &file),
        good.endpoint("good", ORDERS, &file),
    ];
    let (house, anna) = house(&endpoints).await;
    for key in ["key-00001", "key-00002"] {
        order(&house, &anna, key).await;
    }
    assert_eq!([good.next().await.id(), good.next().await.id()], ["key-00001", "key-00002"]);
    assert_eq!(silent.next().await.id(), "key-00001");
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(failing.next().await.id().to_owned());
    }
    assert_eq!(ids, ["key-00001", "key-00001", "key-00001", "key-00002"]);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_receiver_that_is_away_survives_a_restart_and_reaches_it_when_it_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let kitchen = Receiver::open(&[200]).await;
    let setting = format!("hooks.endpoints=[{}]", kitchen.endpoint("kitchen", ORDERS, &secret(&folder)));
    let address = kitchen.close().await;
    let (mut house, anna) = house(&[endpoint("kitchen", address, ORDERS, &secret(&folder))]).await;
    order(&house, &anna, "key-00001").await;
    let tried = |delivery: Option<Delivery>| delivery.is_some_and(|delivery| delivery.attempts > 0);
    while !tried(house.service().store.delivery("kitchen").await.unwrap()) {
        tokio::task::yield_now().await;
    }
    house.service.take().unwrap().stop(std::future::ready(())).await;
    house.service = Some(start(&house.folder, &[&setting]).await.0);
    let mut kitchen = Receiver::open_at(address, &[200]).await;
    assert_eq!(kitchen.next().await.id(), "key-00001");
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_never_taken_is_given_up_and_the_doctor_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut kitchen = Receiver::open(&[422, 200]).await;
    let (house, anna) = house(&[kitchen.endpoint("kitchen", ORDERS, &secret(&folder))]).await;
    let store = &house.service().store;
    // As after fifteen tries in vain.
    let at = store.delivery("kitchen").await.unwrap();
    let tired = Delivery { attempts: 15, due: UnixMillis(0), ..at.unwrap() };
    assert!(store.advance("kitchen", at, tired).await.unwrap());
    order(&house, &anna, "key-00001").await;
    order(&house, &anna, "key-00002").await;
    assert_eq!([kitchen.next().await.id(), kitchen.next().await.id()], ["key-00001", "key-00002"]);
    let [dead] = store.dead_letters().await.unwrap().try_into().unwrap();
    assert_eq!((dead.endpoint.as_str(), dead.count, dead.reason.as_str()), ("kitchen", 1, "HTTP 422"));
    let said = house.doctor().await;
    assert!(said.contains("kitchen") && said.contains("HTTP 422"), "{said}");
    house.stop().await;
}
