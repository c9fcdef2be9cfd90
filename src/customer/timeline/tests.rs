//! Days are those of a calendar on the wall in Rome.

use super::*;
use crate::base::CallId;
use crate::customer::{CustomerId, Party, Profile, Taken};

fn at(text: &str) -> UnixMillis {
    UnixMillis(text.parse::<Timestamp>().unwrap().as_millisecond())
}

fn rome() -> TimeZone {
    TimeZone::get("Europe/Rome").unwrap()
}

/// Friday afternoon in Rome.
const NOW: &str = "2026-05-08T14:00:00Z";

fn contact(time: &str, channel: Channel, agent: &str, wanted: &str) -> Contact {
    Contact {
        contact: format!("k-{time}"),
        at: at(time),
        channel: Some(channel),
        agent: Some(agent.to_owned()).filter(|agent| !agent.is_empty()),
        wanted: Pii::new(wanted.to_owned()),
        complaint: None,
        still_open: None,
        items_considered: Vec::new(),
        competitor: None,
        order: None,
    }
}

fn order(id: &str, time: &str, items: &[&str], taken: Taken) -> Order {
    let line = |item: &&str| OrderLine { item: (*item).to_owned(), quantity: 2, modifiers: Vec::new() };
    Order { order: id.to_owned(), at: at(time), lines: items.iter().map(line).collect(), taken }
}

fn dossier(contacts: Vec<Contact>, orders: Vec<Order>) -> Dossier {
    let profile = Profile {
        customer: CustomerId::new("a"),
        name: Pii::new("Anna Example".to_owned()),
        household: None,
        party: Party::default(),
        language: None,
        allergies: None,
        notes: None,
        since: UnixMillis(0),
        payment_on_file: false,
    };
    Dossier { profile, contacts, orders }
}

fn said(contact: Contact) -> String {
    last_contact(&dossier(vec![contact], vec![]), at(NOW), &rome()).unwrap().into_exposed()
}

#[test]
fn a_complaint_is_told_with_its_channel_its_hearer_and_its_state() {
    let cold = contact("2026-05-07T18:00:00Z", Channel::Email, "Toni", "The pizza was cold");
    let open = Contact { complaint: Some(ComplaintState::Open), ..cold.clone() };
    assert_eq!(said(open), "Yesterday by e-mail to Toni: The pizza was cold. Still open.");
    let resolved = Contact { complaint: Some(ComplaintState::Resolved), ..cold.clone() };
    assert_eq!(said(resolved), "Yesterday by e-mail to Toni: The pizza was cold. Put right.");
    let promised = Contact { still_open: Some(Pii::new("send a voucher".to_owned())), ..cold };
    assert_eq!(said(promised), "Yesterday by e-mail to Toni: The pizza was cold. Still open: send a voucher.");
}

#[test]
fn the_day_is_that_of_the_shops_town() {
    let told = |time| said(contact(time, Channel::Shop, "", "Asked for the menu."));
    // 00:30 on the 8th in Rome, though still the 7th in UTC.
    assert_eq!(told("2026-05-07T22:30:00Z"), "Today in the shop: Asked for the menu.");
    assert_eq!(told("2026-05-07T21:30:00Z"), "Yesterday in the shop: Asked for the menu.");
    assert_eq!(told("2026-05-02T10:00:00Z"), "On Saturday in the shop: Asked for the menu.");
    assert_eq!(told("2026-05-01T10:00:00Z"), "7 days ago in the shop: Asked for the menu.");
    assert_eq!(told("2026-04-03T10:00:00Z"), "On 3 April in the shop: Asked for the menu.");
    assert_eq!(told("2024-04-03T10:00:00Z"), "On 3 April 2024 in the shop: Asked for the menu.");
    assert_eq!(told("2026-05-08T14:03:00Z"), "Today in the shop: Asked for the menu.");
}

#[test]
fn nothing_is_said_of_nobody_and_nothing_is_made_up() {
    assert_eq!(last_contact(&dossier(vec![], vec![]), at(NOW), &rome()), None);
    assert_eq!(said(contact(NOW, Channel::Web, "", " ")), "Today on the web.");
    let long = said(contact(NOW, Channel::Web, "", &"word ".repeat(100)));
    assert!(long.ends_with("word...") && long.chars().count() < 200, "{long}");
}

#[test]
fn orders_and_contacts_are_one_line_newest_first() {
    let web = Taken { channel: Some(Channel::Web), ..Taken::default() };
    let orders = vec![order("o2", "2026-05-08T10:00:00Z", &["Tea", "Cake", "Bun", "Jam", "Milk"], web)];
    let contacts = vec![
        contact("2026-05-08T12:00:00Z", Channel::Phone, "Robin", "Asked when it comes."),
        contact("2026-05-06T12:00:00Z", Channel::Shop, "Kim", "Bought a mug."),
    ];
    let all = timeline(&dossier(contacts, orders), 5);
    let wanted: Vec<_> = all.iter().map(|contact| contact.wanted.expose().as_str()).collect();
    assert_eq!(wanted, ["Asked when it comes.", "Ordered 2 Tea, 2 Cake, 2 Bun and 2 more.", "Bought a mug."]);
    assert_eq!((all[1].channel, all[1].order.as_deref()), (Some(Channel::Web), Some("o2")));
}

#[test]
fn a_call_in_which_an_order_was_taken_is_told_once() {
    let call = CallId::new("c1");
    let taken = Taken { channel: Some(Channel::Phone), agent: Some("Sam".to_owned()), call: Some(call) };
    let orders = vec![order("o1", "2026-05-08T10:02:00Z", &["Tea"], taken)];
    let mut of_call = contact("2026-05-08T10:00:00Z", Channel::Phone, "Sam", "Placed an order");
    of_call.contact = "call:c1".to_owned();
    let dossier = dossier(vec![of_call], orders);
    assert_eq!(timeline(&dossier, 5).len(), 1);
    let told = last_contact(&dossier, at(NOW), &rome()).unwrap().into_exposed();
    assert_eq!(told, "Today by telephone with Sam: Ordered 2 Tea.");
}
