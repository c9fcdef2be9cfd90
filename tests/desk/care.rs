//! Care before sale as a screen meets it.

use std::sync::Arc;

use prost_types::Timestamp;
use regulars::base::{Pii, UnixMillis, clock};
use regulars::call::{Known, What};
use regulars::customer::{Channel, ComplaintState, Contact, CustomerId};
use regulars::desk::wire::proto::{Card, DescribeDeskRequest, MayContactRequest};
use regulars::identity::State;
use regulars::store::import::{ImportOptions, Kind, Mapping};
use tonic::Code;

use super::people::{GIULIA, JONAS, MARCO, attended, known};
use super::scenes::{CALL, decided, event};
use super::shop::RunningDesk;
use super::watching::{until, watch};

const DAY_MS: i64 = 86_400_000;

/// The card of a new call, once an agent has said who it is.
async fn card_of(desk: &RunningDesk, call: &str, known: Arc<Known>) -> Card {
    let customer = known.dossier.profile.customer.clone();
    let whats = [What::Ringing { number: None }, What::Confirmed { customer, known }];
    desk.play(whats.into_iter().map(|what| event(call, "101", what)).collect()).await;
    let mut stream = watch(desk, &[]).await;
    let is_there = |card: &Card| card.call_id == call && card.profile.is_some();
    let cards = until(&mut stream, |cards| cards.iter().any(is_there)).await;
    cards.into_iter().find(is_there).unwrap()
}

/// Jonas, whom something would be offered, with a complaint.
fn complaining(channel: Channel, days_ago: i64, state: ComplaintState) -> Arc<Known> {
    let now = clock::wall();
    let quiet = known(JONAS, now);
    let mut dossier = quiet.dossier.clone();
    dossier.contacts.push(Contact {
        contact: "cold".to_owned(),
        at: UnixMillis(now.0 - days_ago * DAY_MS),
        channel: Some(channel),
        agent: None,
        wanted: Pii::new("It was cold.".to_owned()),
        complaint: Some(state),
        still_open: None,
        items_considered: Vec::new(),
        competitor: None,
        order: None,
    });
    attended(dossier, quiet.likely.clone().unwrap(), now)
}

#[tokio::test]
async fn a_pitch_is_never_on_a_card_with_a_complaint() {
    let desk = RunningDesk::open().await;
    let card = card_of(&desk, CALL, known(JONAS, clock::wall())).await;
    let advice = card.advice.unwrap();
    assert_eq!(advice.text, "Ask whether they would like Acqua frizzante with it.");
    assert_eq!(advice.reason, "The shop says that Acqua frizzante goes with Margherita.");
    assert_eq!((card.pitch_veto.as_str(), advice.rule.as_str()), ("", "goes with"));
    for channel in Channel::ALL {
        for (days, state) in [(900, ComplaintState::Open), (0, ComplaintState::Open), (5, ComplaintState::Resolved)] {
            let card = card_of(&desk, &format!("{channel:?} {days}"), complaining(channel, days, state)).await;
            assert!(card.pitch_veto.contains(channel.as_str()), "{:?}", card.pitch_veto);
            let advice = card.advice.expect("a kind word");
            assert!(!advice.text.contains("would like"), "{channel:?}: {advice:?}");
        }
    }
    desk.close().await;
}

#[tokio::test]
async fn the_card_warns_replaces_and_otherwise_keeps_quiet() {
    let desk = RunningDesk::open().await;
    let giulia = card_of(&desk, CALL, known(GIULIA, clock::wall())).await;
    assert_eq!(giulia.allergy_warning, "In the likely order: Margherita (milk).");
    assert_eq!(giulia.advice.unwrap().text, "Ask about milk before you take the Margherita.");
    let [diavola] = &giulia.replacements[..] else { panic!("{:?}", giulia.replacements) };
    assert_eq!((diavola.item.as_str(), diavola.by.as_str()), ("Diavola", "Marinara"), "the only pizza without milk");
    let marco = card_of(&desk, "call-marco", known(MARCO, clock::wall())).await;
    assert_eq!((marco.advice, marco.allergy_warning.as_str(), marco.replacements.len()), (None, "", 0));
    desk.close().await;
}

#[tokio::test]
async fn below_the_threshold_nothing_of_it_leaves() {
    let desk = RunningDesk::open().await;
    let mut what = decided(State::Probably, &[(GIULIA, 0.8)], 3200);
    if let What::Decided { known: carried, .. } = &mut what {
        *carried = Some(known(GIULIA, clock::wall()));
    }
    desk.play(vec![event(CALL, "101", What::Ringing { number: None }), event(CALL, "101", what)]).await;
    let mut stream = watch(&desk, &[]).await;
    let cards = until(&mut stream, |cards| cards.first().is_some_and(|card| !card.candidates.is_empty())).await;
    let card = cards.into_iter().next().unwrap();
    let said = (card.advice, card.pitch_veto.as_str(), card.allergy_warning.as_str(), card.replacements.len());
    assert_eq!(said, (None, "", "", 0));
    desk.close().await;
}

#[tokio::test]
async fn the_menu_has_product_cards() {
    let desk = RunningDesk::open().await;
    let described = desk.client().await.describe_desk(DescribeDeskRequest {}).await.unwrap().into_inner();
    assert_eq!(described.currency, "EUR");
    let margherita = described.products.iter().find(|product| product.name == "Margherita").unwrap();
    assert_eq!((margherita.price_minor, margherita.category.as_str()), (Some(850), "Pizza"));
    assert_eq!(
        (margherita.allergens.join(" "), margherita.goes_with.join(" ")),
        ("gluten milk".into(), "Acqua frizzante".into())
    );
    assert!(!described.products.iter().any(|product| product.name == "Diavola"), "off the menu");
    desk.close().await;
}

#[tokio::test]
async fn other_software_asks_whether_it_may_write() {
    let desk = RunningDesk::open().await;
    let options = |kind| ImportOptions {
        kind,
        file: "file.csv".to_owned(),
        keep_good: false,
        dry_run: false,
        mapping: Mapping::default(),
        time_zone: jiff::tz::TimeZone::UTC,
        country_code: None,
        now: clock::wall(),
        operator: "test".to_owned(),
    };
    let customers = "customer_id,name\na,Anna Example\nb,Ben Example\nc,Cleo Example\n";
    desk.store.import(customers.as_bytes(), &options(Kind::Customers)).await.unwrap();
    let complaint = "contact_id,customer_id,at,channel,complaint\nk,b,2020-01-01,web,open\n";
    desk.store.import(complaint.as_bytes(), &options(Kind::Contacts)).await.unwrap();
    let written = clock::wall();
    desk.store
        .record_outbound(&CustomerId::new("c"), Channel::Email, Pii::new("letter".into()), written)
        .await
        .unwrap();

    let mut client = desk.client().await;
    let ask = |ids: &[&str]| MayContactRequest { customer_ids: ids.iter().map(|&id| id.to_owned()).collect() };
    let answered = client.may_contact(ask(&["c", "a", "zz", "b"])).await.unwrap().into_inner().customers;
    let ids: Vec<&str> = answered.iter().map(|each| each.customer_id.as_str()).collect();
    assert_eq!(ids, ["c", "a", "zz", "b"]);
    assert_eq!(
        answered.iter().map(|each| (each.known, each.allowed)).collect::<Vec<_>>(),
        [(true, false), (true, true), (false, false), (true, false)]
    );
    assert_eq!(answered[0].reason, "Contacted today; then 7 days are quiet.");
    let until: &Timestamp = answered[0].until.as_ref().unwrap();
    assert_eq!(until.seconds, (written.0 + 7 * DAY_MS).div_euclid(1000));
    assert_eq!((answered[1].reason.as_str(), answered[1].until), ("", None));
    assert!(answered[3].reason.starts_with("A complaint is still open (web, "), "{}", answered[3].reason);
    let too_many = vec!["a"; 501];
    assert_eq!(client.may_contact(ask(&too_many)).await.unwrap_err().code(), Code::InvalidArgument);
    desk.close().await;
}
