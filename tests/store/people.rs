//! Who calls from a number.

use regulars::base::{CallId, Line, Pii};
use regulars::customer::{ComplaintState, CustomerId};
use regulars::store::import::Kind;
use regulars::store::{CallFacts, StoreError};

use crate::fixture::{Fixture, NOW, model, number, print, yes};

fn call(id: &str, customer: &CustomerId, last: u32) -> CallFacts {
    CallFacts {
        call: CallId::new(id),
        line: Line::new("orders"),
        customer: Some(customer.clone()),
        confirmed: false,
        number: Some(number(last)),
        agent: Some("pia".to_owned()),
        at: NOW,
        wanted: Pii::new("asked for the opening hours".to_owned()),
    }
}

pub async fn a_new_customer_is_known_at_their_number(at: &Fixture) {
    let anna = at.customer("Anna Example", Some(&number(1))).await;
    let people = at.store.people_at(&number(1), &model()).await.unwrap();
    assert_eq!(people.len(), 1);
    assert_eq!((&people[0].customer, people[0].name.expose().as_str()), (&anna, "Anna Example"));
    assert_eq!((people[0].calls_from_number, people[0].recognisable), (0, false));
    let profile = at.store.profile(&anna).await.unwrap().unwrap();
    assert_eq!((profile.name.expose().as_str(), profile.since), ("Anna Example", NOW));
    assert!(at.store.people_at(&number(2), &model()).await.unwrap().is_empty());
    assert!(at.store.profile(&CustomerId::new("nobody")).await.unwrap().is_none());
}

pub async fn people_at_a_number_come_most_calls_first(at: &Fixture) {
    let rare = at.customer("Rare Example", Some(&number(1))).await;
    let often = at.customer("Often Example", Some(&number(1))).await;
    at.store.enroll(yes(&often), print(1)).await.unwrap();
    for n in 0..3 {
        at.store.record_call(call(&format!("often-{n}"), &often, 1)).await.unwrap();
    }
    at.store.record_call(call("rare", &rare, 1)).await.unwrap();
    let people = at.store.people_at(&number(1), &model()).await.unwrap();
    let seen: Vec<_> = people.iter().map(|p| (&p.customer, p.calls_from_number, p.recognisable)).collect();
    assert_eq!(seen, [(&often, 3, true), (&rare, 1, false)]);
}

pub async fn a_switchboard_gives_twenty_people(at: &Fixture) {
    for n in 0..25 {
        at.customer(&format!("Example {n}"), Some(&number(1))).await;
    }
    assert_eq!(at.store.people_at(&number(1), &model()).await.unwrap().len(), 20);
}

pub async fn a_call_is_counted_once(at: &Fixture) {
    let anna = at.customer("Anna Example", Some(&number(1))).await;
    for _ in 0..2 {
        at.store.record_call(call("the-same", &anna, 1)).await.unwrap();
    }
    assert_eq!(at.store.people_at(&number(1), &model()).await.unwrap()[0].calls_from_number, 1);
    let dossier = at.store.dossier(&anna).await.unwrap().unwrap();
    assert_eq!(dossier.contacts.len(), 1);
    assert_eq!(dossier.contacts[0].agent.as_deref(), Some("pia"));
    // A caller without a name leaves nothing behind.
    at.store.record_call(CallFacts { customer: None, ..call("unknown", &anna, 9) }).await.unwrap();
    assert_eq!((at.count("contacts").await, at.count("numbers").await), (1, 1));
    let nobody = at.store.record_call(call("x", &CustomerId::new("nobody"), 1)).await;
    assert!(matches!(nobody, Err(StoreError::UnknownCustomer(_))));
}

pub async fn a_new_number_is_bound_only_by_an_agents_word(at: &Fixture) {
    let anna = at.customer("Anna Example", Some(&number(1))).await;
    at.store.record_call(call("by-voice", &anna, 2)).await.unwrap();
    assert!(at.store.people_at(&number(2), &model()).await.unwrap().is_empty());
    at.store.record_call(CallFacts { confirmed: true, ..call("by-agent", &anna, 2) }).await.unwrap();
    let people = at.store.people_at(&number(2), &model()).await.unwrap();
    assert_eq!((people.len(), people[0].calls_from_number), (1, 1));
}

pub async fn the_dossier_is_newest_first_and_keeps_an_old_open_complaint(at: &Fixture) {
    at.load(Kind::Customers, "customer_id,name\na,Anna Example\n").await;
    let mut contacts = "contact_id,customer_id,at,channel,wanted,complaint\n".to_owned();
    contacts += "old,a,2024-01-01 12:00,email,late delivery,open\n";
    for day in 1..=28 {
        contacts += &format!("c{day},a,2025-02-{day:02} 12:00,phone,nothing much,\n");
    }
    at.load(Kind::Contacts, &contacts).await;
    let mut orders = "order_id,customer_id,ordered_at,item\n".to_owned();
    for n in 0..210 {
        orders += &format!("o{n},a,2025-03-01T{:02}:{:02}:00Z,Margherita\n", n / 60, n % 60);
    }
    at.load(Kind::Orders, &orders).await;
    let dossier = at.store.dossier(&CustomerId::new("a")).await.unwrap().unwrap();
    assert_eq!(dossier.contacts.len(), 20);
    assert!(dossier.contacts.is_sorted_by(|a, b| a.at >= b.at));
    assert_eq!(
        dossier.open_complaint().map(|c| (c.wanted.expose().as_str(), c.complaint)),
        Some(("late delivery", Some(ComplaintState::Open)))
    );
    assert_eq!(dossier.orders.len(), 200);
    assert_eq!((dossier.orders[0].order.as_str(), dossier.orders[199].order.as_str()), ("o209", "o10"));
    assert!(at.store.dossier(&CustomerId::new("nobody")).await.unwrap().is_none());
}
