//! Several records of one party, and one record of several.

use regulars::base::{Pii, UnixMillis};
use regulars::customer::{CustomerId, PartyKind, Purpose, Role};
use regulars::store::import::Kind;
use regulars::store::{Refresh, SplitOff, StoreError};

use crate::fixture::{Fixture, NOW, heard, model, number, print, yes, yes_after};

fn id(customer: &str) -> CustomerId {
    CustomerId::new(customer)
}

/// Two records of Anna, each with a number and an order, and one of Ben at the first number.
async fn doubles(at: &Fixture) {
    at.load(
        Kind::Customers,
        &format!(
            "customer_id,name,numbers\na1,Anna Example,{}\na2,A. Example,{}\nb,Ben Example,{}\n",
            number(1).digits(),
            number(2).digits(),
            number(1).digits()
        ),
    )
    .await;
    at.load(
        Kind::Orders,
        "order_id,customer_id,ordered_at,item\no1,a1,2026-03-01,Margherita\no2,a2,2026-04-01,Marinara\no3,b,2026-04-02,Diavola\n",
    )
    .await;
    at.load(
        Kind::Contacts,
        "contact_id,customer_id,at,channel,wanted,complaint\nk1,a2,2026-04-01,email,the pizza was cold,open\n",
    )
    .await;
}

async fn orders(at: &Fixture, customer: &str) -> Vec<String> {
    let dossier = at.store.dossier(&id(customer)).await.unwrap().unwrap();
    dossier.orders.into_iter().map(|order| order.order).collect()
}

async fn people(at: &Fixture, last: u32) -> Vec<(String, bool)> {
    let people = at.store.people_at(&number(last), &model()).await.unwrap();
    people.into_iter().map(|person| (person.customer.as_str().to_owned(), person.recognisable)).collect()
}

pub async fn a_double_is_read_as_the_one_record_until_the_merge_is_undone(at: &Fixture) {
    doubles(at).await;
    at.store.merge(&id("a2"), &id("a1"), "pia", NOW).await.unwrap();
    assert_eq!(orders(at, "a1").await, ["o2", "o1"]);
    assert_eq!(orders(at, "a2").await, ["o2", "o1"], "by either key");
    let dossier = at.store.dossier(&id("a1")).await.unwrap().unwrap();
    assert_eq!(dossier.open_complaint().unwrap().wanted.expose(), "the pizza was cold");
    assert_eq!(people(at, 2).await, [("a1".to_owned(), false)]);
    assert_eq!(at.store.profile(&id("a2")).await.unwrap().unwrap().customer, id("a1"));

    at.store.undo_merge(&id("a2"), "pia", NOW).await.unwrap();
    assert_eq!((orders(at, "a1").await, orders(at, "a2").await), (vec!["o1".into()], vec!["o2".into()]));
    assert_eq!(people(at, 2).await, [("a2".to_owned(), false)]);
    let audit = at.store.audit_rows(2).await.unwrap();
    assert_eq!(audit.iter().map(|row| row.action.as_str()).collect::<Vec<_>>(), ["undo merge", "merge"]);
    assert!(audit.iter().all(|row| row.operator == "pia" && row.customer == Some(id("a2"))));
}

pub async fn doubles_of_doubles_come_and_go_one_by_one(at: &Fixture) {
    doubles(at).await;
    at.store.merge(&id("a2"), &id("a1"), "pia", NOW).await.unwrap();
    at.store.merge(&id("a1"), &id("b"), "pia", NOW).await.unwrap();
    assert_eq!(orders(at, "b").await, ["o3", "o2", "o1"]);
    let circle = at.store.merge(&id("b"), &id("a2"), "pia", NOW).await;
    assert!(matches!(circle, Err(StoreError::NoDouble { .. })), "{circle:?}");
    let again = at.store.merge(&id("a2"), &id("b"), "pia", NOW).await;
    assert!(matches!(again, Err(StoreError::MergedAlready(_))), "{again:?}");
    at.store.undo_merge(&id("a1"), "pia", NOW).await.unwrap();
    assert_eq!(orders(at, "b").await, ["o3"]);
    assert_eq!(orders(at, "a1").await, ["o2", "o1"], "with the double that it had");
    let gone = at.store.undo_merge(&id("a1"), "pia", NOW).await;
    assert!(matches!(gone, Err(StoreError::NotMerged(_))), "{gone:?}");
}

pub async fn a_voice_is_known_by_whichever_record_it_was_learnt_under(at: &Fixture) {
    doubles(at).await;
    at.store.enroll(yes(&id("a2")), print(1)).await.unwrap();
    at.store.merge(&id("a2"), &id("a1"), "pia", NOW).await.unwrap();
    assert_eq!(at.store.voiceprints(&model()).await.unwrap(), [(id("a1"), print(1))]);
    assert_eq!(people(at, 1).await, [("a1".to_owned(), true), ("b".to_owned(), false)]);
    let every = std::time::Duration::ZERO;
    let refresh = Refresh { customer: id("a1"), agent: "pia".into(), call: None, heard: heard(1), every };
    assert_eq!(at.store.refresh(&model(), refresh).await.unwrap().calls(), 2, "it grows where it is");
    // Their own record's print is the better known.
    at.store.enroll(yes_after(&id("a1"), 1000), print(2)).await.unwrap();
    let prints = at.store.voiceprints(&model()).await.unwrap();
    assert_eq!((prints.len(), &prints[0].0), (1, &id("a1")));
    assert!(prints[0].1.score(&heard(2).embedding).0 > 0.999);
    at.store.withdraw(&id("a1"), Purpose::Recognise, "pia", None, UnixMillis(NOW.0 + 2000)).await.unwrap();
    assert_eq!(at.count("voiceprints").await, 0, "a no is the person's, under each record");
    at.store.undo_merge(&id("a2"), "pia", NOW).await.unwrap();
    assert!(at.store.voiceprints(&model()).await.unwrap().is_empty());
}

pub async fn the_newest_word_of_two_records_is_that_of_the_person(at: &Fixture) {
    doubles(at).await;
    at.store.enroll(yes(&id("a2")), print(1)).await.unwrap();
    at.store.withdraw(&id("a1"), Purpose::Recognise, "pia", None, UnixMillis(NOW.0 + 1000)).await.unwrap();
    at.store.merge(&id("a2"), &id("a1"), "pia", NOW).await.unwrap();
    assert_eq!(at.count("voiceprints").await, 0, "she said no last");
    assert_eq!(people(at, 2).await, [("a1".to_owned(), false)]);
}

pub async fn who_was_in_anothers_record_gets_one_of_their_own(at: &Fixture) {
    doubles(at).await;
    at.store.merge(&id("a2"), &id("a1"), "pia", NOW).await.unwrap();
    let off = SplitOff {
        name: Pii::new("Aldo Example".to_owned()),
        numbers: vec![number(2)],
        contacts: vec!["k1".into()],
        orders: vec!["o2".into()],
    };
    let of_another = SplitOff { orders: vec!["o3".into()], ..off.clone() };
    let refused = at.store.split(&id("a1"), of_another, "pia", NOW).await;
    assert!(matches!(refused, Err(StoreError::NotTheirs { what: "orders", .. })), "{refused:?}");
    assert_eq!((orders(at, "a1").await, at.count("customers").await), (vec!["o2".into(), "o1".into()], 3), "nothing");
    let aldo = at.store.split(&id("a1"), off, "pia", NOW).await.unwrap();
    assert_eq!((orders(at, "a1").await, orders(at, aldo.as_str()).await), (vec!["o1".into()], vec!["o2".into()]));
    assert_eq!(people(at, 2).await, [(aldo.to_string(), false)]);
    at.store.merge(&aldo, &id("a1"), "pia", NOW).await.unwrap();
    assert_eq!(orders(at, "a1").await, ["o2", "o1"], "a merge undoes it");
}

pub async fn a_company_has_people_a_manager_and_no_voice(at: &Fixture) {
    let books = format!(
        "customer_id,name,numbers,kind,roles,company,account_manager\n\
         f,Ferro Example Ltd,{},company,client;reseller,,Toni\nc,Clara Example,,person,,f,\nd,Dario Example,{},,,f,\n",
        number(5).digits(),
        number(6).digits()
    );
    at.load(Kind::Customers, &books).await;
    at.load(
        Kind::Contacts,
        "contact_id,customer_id,at,channel,agent,wanted,complaint\n\
         k1,c,2026-04-01,email,Toni,the invoice was wrong,open\nk2,d,2026-04-20,phone,Pia,asked for a price,\n",
    )
    .await;
    at.load(
        Kind::Orders,
        "order_id,customer_id,ordered_at,item\no1,c,2026-04-30,Margherita\no2,f,2026-03-01,Margherita\no3,d,2025-03-01,Marinara\n",
    )
    .await;
    let profile = at.store.profile(&id("f")).await.unwrap().unwrap();
    assert_eq!((profile.party.kind, profile.party.roles), (PartyKind::Company, vec![Role::Client, Role::Reseller]));
    // From the company's number any of its people may call.
    assert_eq!(people(at, 5).await.into_iter().map(|(who, _)| who).collect::<Vec<_>>(), ["c", "d", "f"]);
    for who in ["f", "d"] {
        let brief = at.store.brief(&id(who), NOW).await.unwrap().unwrap();
        assert_eq!((brief.company.clone(), brief.people, brief.orders), (id("f"), 2, 2));
        assert_eq!(brief.party.account_manager.as_deref(), Some("Toni"));
        let said = |(name, contact): &(Pii<String>, regulars::customer::Contact)| {
            format!("{}: {}", name.expose(), contact.wanted.expose())
        };
        assert_eq!(brief.open.iter().map(said).collect::<Vec<_>>(), ["Clara Example: the invoice was wrong"]);
        assert_eq!(brief.last.as_ref().map(said).unwrap(), "Dario Example: asked for a price");
    }
    assert_eq!(at.store.brief(&at.customer("Nobody", None).await, NOW).await.unwrap(), None);
    let refused = at.store.enroll(yes(&id("f")), print(1)).await;
    assert!(matches!(refused, Err(StoreError::NotAPerson)), "{refused:?}");
    at.store.enroll(yes(&id("c")), print(1)).await.unwrap();
    let report = at.import(Kind::Customers, "customer_id,name,kind\nc,Clara Example,company\n").await.unwrap();
    assert_eq!((report.bad.len(), report.bad[0].column), (1, Some("kind")), "{report}");
    let report = at.import(Kind::Customers, "customer_id,name,company\ne,Ede Example,g\n").await.unwrap();
    assert_eq!(report.bad[0].column, Some("company"), "{report}");
    assert!(at.raw("UPDATE customers SET kind = 'household' WHERE customer = 'c'").await.is_err());
    let behind = "INSERT INTO merges (merge, double, of, at_ms, operator) VALUES ('m', 'c', 'c', 0, 'x')";
    assert!(at.raw(behind).await.is_err(), "nobody is their own double");
}
