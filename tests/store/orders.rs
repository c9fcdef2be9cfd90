//! Orders are placed once.

use regulars::base::UnixMillis;
use regulars::customer::likely_order::{Situation, Weights, predict};
use regulars::customer::{CustomerId, OrderLine};
use regulars::store::import::Kind;
use regulars::store::{NewOrder, StoreError};

use crate::fixture::{Fixture, NOW};

fn line(item: &str, quantity: u32, modifiers: &[&str]) -> OrderLine {
    OrderLine { item: item.to_owned(), quantity, modifiers: modifiers.iter().map(|m| (*m).to_owned()).collect() }
}

fn order(customer: &CustomerId, key: &str, lines: Vec<OrderLine>) -> NewOrder {
    NewOrder {
        customer: customer.clone(),
        lines,
        idempotency_key: key.to_owned(),
        agent: "pia".to_owned(),
        call: None,
        at: NOW,
        payment: None,
    }
}

async fn shop(at: &Fixture) -> CustomerId {
    at.store.set_item("Margherita", true).await.unwrap();
    at.store.set_item("Calzone", true).await.unwrap();
    at.store.set_item("Hawaii", false).await.unwrap();
    at.customer("Anna Example", None).await
}

pub async fn the_same_key_is_the_same_order(at: &Fixture) {
    let anna = shop(at).await;
    let lines = vec![line("Margherita", 2, &["extra olives", "no; \"garlic\""]), line("Margherita", 1, &[])];
    let first = at.store.place_order(order(&anna, "k1", lines.clone())).await.unwrap();
    let again = at.store.place_order(order(&anna, "k1", lines.clone())).await.unwrap();
    assert_eq!((&again.order, first.new, again.new), (&first.order, true, false));
    let other = at.store.place_order(order(&anna, "k1", vec![line("Calzone", 1, &[])])).await;
    assert!(matches!(other, Err(StoreError::KeyReused)));
    let dossier = at.store.dossier(&anna).await.unwrap().unwrap();
    assert_eq!(dossier.orders.len(), 1);
    assert_eq!((&dossier.orders[0].order, dossier.orders[0].at, &dossier.orders[0].lines), (&first.order, NOW, &lines));
}

pub async fn an_order_that_cannot_be_is_refused_whole(at: &Fixture) {
    let anna = shop(at).await;
    let refused = |lines| at.store.place_order(order(&anna, "k", lines));
    assert!(matches!(refused(vec![]).await, Err(StoreError::EmptyOrder)));
    assert!(matches!(refused(vec![line("Calzone", 0, &[])]).await, Err(StoreError::EmptyOrder)));
    let off = refused(vec![line("Calzone", 1, &[]), line("Hawaii", 1, &[])]).await;
    assert!(matches!(off, Err(StoreError::OffMenu(item)) if item == "Hawaii"));
    let unknown = refused(vec![line("Motor oil", 1, &[])]).await;
    assert!(matches!(unknown, Err(StoreError::OffMenu(_))));
    let nobody = at.store.place_order(order(&CustomerId::new("nobody"), "k", vec![line("Calzone", 1, &[])])).await;
    assert!(matches!(nobody, Err(StoreError::UnknownCustomer(_))));
    assert_eq!((at.count("orders").await, at.count("order_lines").await), (0, 0));
    assert_eq!(at.store.menu().await.unwrap(), ["Calzone", "Margherita"]);
}

pub async fn many_screens_sending_one_key_place_one_order(at: &Fixture) {
    let anna = shop(at).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (store, order) = (at.store.clone(), order(&anna, "k1", vec![line("Calzone", 1, &[])]));
        tasks.spawn(async move { store.place_order(order).await.unwrap() });
    }
    let placed = tasks.join_all().await;
    assert_eq!(placed.iter().filter(|placed| placed.new).count(), 1);
    assert!(placed.iter().all(|other| other.order == placed[0].order));
    assert_eq!(at.count("order_lines").await, 1);
}

pub async fn the_shops_history_becomes_a_likely_order(at: &Fixture) {
    at.load(Kind::Customers, "customer_id,name\na,Anna Example\nb,Ben Example\n").await;
    let mut orders = "order_id,customer_id,ordered_at,item,quantity,modifiers\n".to_owned();
    for friday in ["04-03", "04-10", "04-17", "04-24"] {
        orders += &format!("a{friday},a,2026-{friday} 19:00,Margherita,2,extra olives\n");
        orders += &format!("a{friday},a,2026-{friday} 19:00,Chinotto,1,\n");
        orders += &format!("b{friday},b,2026-{friday} 12:30,Hawaii,1,\n");
    }
    at.load(Kind::Orders, &orders).await;
    at.store.set_item("Hawaii", false).await.unwrap();
    let (book, _, menu) = at.store.order_book().await.unwrap();
    let shop = book.model(menu, Weights::default());
    let rome = jiff::tz::TimeZone::get("Europe/Rome").unwrap();
    let dossier = at.store.dossier(&CustomerId::new("a")).await.unwrap().unwrap();
    let likely = predict(&dossier.orders, &shop, &Situation::at(Some(NOW), &rome)).unwrap();
    let mut lines = likely.lines.clone();
    lines.sort_by(|a, b| a.item.cmp(&b.item));
    assert_eq!(lines, [line("Chinotto", 1, &[]), line("Margherita", 2, &["extra olives"])]);
    assert_eq!(likely.reason, "in each of the last 4 orders, mostly Friday evening");
    assert!(likely.sure);
    assert_eq!(at.store.out_of_stock().await.unwrap(), ["Hawaii"]);
    let dossier = at.store.dossier(&CustomerId::new("b")).await.unwrap().unwrap();
    assert_eq!(
        predict(&dossier.orders, &shop, &Situation::at(Some(UnixMillis(NOW.0 + 1)), &rome)),
        None,
        "nothing of theirs is on the menu"
    );
}
