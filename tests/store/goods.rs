//! What is written down of the items, and how we stand with a customer.

use regulars::base::{Pii, UnixMillis};
use regulars::customer::care::{Limits, Standing};
use regulars::customer::goods::{Allergen, Avoid, Goods, Item};
use regulars::customer::{Channel, ComplaintState, CustomerId};
use regulars::store::import::Kind;

use crate::fixture::{Fixture, NOW};

const DAY_MS: i64 = 86_400_000;

fn id(customer: &str) -> CustomerId {
    CustomerId::new(customer)
}

const ITEMS: &str = "\
item,available,price_minor,category,description,allergens,tags,goes_with,replaced_by
Diavola,no,950,pizza,Hot salami,Milk; gluten,spicy,Chinotto;Peroni,Calabrese
Calabrese,,1000,pizza,,gluten;milk,,,
Chinotto,yes,300,drinks,,,vegan,,
";

pub async fn items_carry_what_is_known_of_them(at: &Fixture) {
    at.load(Kind::Products, ITEMS).await;
    let items = at.store.items().await.unwrap();
    let diavola = Item {
        available: false,
        price_minor: Some(950),
        category: Some("pizza".into()),
        description: Some("Hot salami".into()),
        allergens: vec![Allergen::Gluten, Allergen::Milk],
        tags: vec!["spicy".into()],
        goes_with: vec!["Chinotto".into(), "Peroni".into()],
        replaced_by: vec!["Calabrese".into()],
    };
    assert_eq!(items["Diavola"], diavola);
    assert_eq!(at.store.menu().await.unwrap(), ["Calabrese", "Chinotto"]);
    at.load(Kind::Products, ITEMS).await;
    assert_eq!(at.store.items().await.unwrap(), items, "the same file twice is the same as once");

    // A column that is not there leaves what is stored, an empty field clears it.
    at.load(Kind::Products, "item,tags,goes_with\nDiavola,,Chinotto\n").await;
    let changed = at.store.items().await.unwrap();
    assert_eq!(changed["Diavola"], Item { tags: vec![], goes_with: vec!["Chinotto".into()], ..diavola });
    at.load(Kind::Products, "available,item\nyes,Diavola\n").await;
    assert!(at.store.items().await.unwrap()["Diavola"].available);
}

pub async fn an_item_that_cannot_be_is_named_by_its_column(at: &Fixture) {
    for (row, column, said) in [
        ("A,maybe,,,,,,,", "available", "none of yes, no"),
        ("A,,9.50,,,,,,", "price_minor", "no whole number"),
        ("A,,-1,,,,,,", "price_minor", "no whole number"),
        ("A,,,,,glutin,,,", "allergens", "did you mean gluten?"),
        ("A,,,,,,,A,", "goes_with", "names the item itself"),
    ] {
        let header = "item,available,price_minor,category,description,allergens,tags,goes_with,replaced_by";
        let report = at.import(Kind::Products, &format!("{header}\n{row}\n")).await.unwrap();
        assert_eq!(report.bad[0].column, Some(column), "{report}");
        assert!(report.bad[0].reason.contains(said), "{report}");
    }
    assert!(at.store.items().await.unwrap().is_empty());
    at.load(Kind::Products, ITEMS).await;
    let behind = "INSERT INTO item_allergens (item, allergen) VALUES ('Chinotto', 'bees')";
    assert!(at.raw(behind).await.is_err(), "the list is closed");
}

pub async fn what_is_ordered_together_is_read_with_the_shops_orders(at: &Fixture) {
    let (mut customers, mut orders) =
        ("customer_id,name\n".to_owned(), "order_id,customer_id,ordered_at,item\n".to_owned());
    for n in 0..12 {
        customers += &format!("c{n},Person {n}\n");
        let with = if n < 6 { "Garlic bread" } else { "Chinotto" };
        for item in ["Soup", with] {
            // Who has garlic bread has it with the soup, the others have their drink another day.
            let day = if item == "Chinotto" { 2 } else { 1 };
            orders += &format!("o{n}-{day},c{n},2026-04-0{day},{item}\n");
        }
    }
    at.load(Kind::Customers, &customers).await;
    at.load(Kind::Orders, &orders).await;
    let (_, pairs, _) = at.store.order_book().await.unwrap();
    let goods = Goods::new(at.store.items().await.unwrap(), pairs.finish());
    let goes_with = goods.goes_with(&["Garlic bread"], &Avoid::default());
    assert_eq!(goes_with, None, "all twelve have soup: bread goes with it by chance alone");
    at.load(
        Kind::Customers,
        &(0..12).fold("customer_id,name\n".to_owned(), |all, n| all + &format!("d{n},Other {n}\n")),
    )
    .await;
    let others = (0..12).fold("order_id,customer_id,ordered_at,item\n".to_owned(), |all, n| {
        all + &format!("p{n},d{n},2026-04-03,Fish\n")
    });
    at.load(Kind::Orders, &others).await;
    let (_, pairs, _) = at.store.order_book().await.unwrap();
    let goods = Goods::new(at.store.items().await.unwrap(), pairs.finish());
    let goes_with = goods.goes_with(&["Garlic bread"], &Avoid::default()).unwrap();
    assert_eq!(goes_with.because, "6 of 6 customers who order Garlic bread have had Soup with it.");
}

async fn standing(at: &Fixture, customer: &str) -> Standing {
    at.store.standing(&id(customer), &Limits::default(), NOW).await.unwrap().unwrap()
}

pub async fn a_complaint_on_any_channel_and_under_any_record_counts(at: &Fixture) {
    at.load(Kind::Customers, "customer_id,name\na1,Anna Example\na2,A. Example\nb,Ben Example\n").await;
    assert_eq!(at.store.standing(&id("nobody"), &Limits::default(), NOW).await.unwrap(), None);
    let may = async |customer: &str| at.store.may_contact(&id(customer), &Limits::default(), NOW).await.unwrap();
    assert_eq!(may("nobody").await, None);
    for channel in Channel::ALL {
        for (state, day, vetoed) in [
            ("open", "2019-01-01", true),
            ("resolved", "2026-04-25", true),
            ("resolved", "2026-04-01", false),
            ("", "2026-05-01", false),
        ] {
            let row = format!("k,a2,{day},{},late,{state}\n", channel.as_str());
            at.load(Kind::Contacts, &format!("contact_id,customer_id,at,channel,wanted,complaint\n{row}")).await;
            assert_eq!(may("a2").await.unwrap().is_err(), vetoed, "{row}");
            at.store.merge(&id("a2"), &id("a1"), "pia", NOW).await.unwrap();
            for record in ["a1", "a2"] {
                assert_eq!(may(record).await.unwrap().is_err(), vetoed, "{record}: {row}");
            }
            if vetoed {
                let complaint = standing(at, "a1").await.complaints[0];
                assert_eq!((complaint.channel, complaint.state.as_str()), (channel, state));
            }
            assert_eq!(may("b").await, Some(Ok(())));
            at.store.undo_merge(&id("a2"), "pia", NOW).await.unwrap();
            assert_eq!(may("a1").await, Some(Ok(())), "on her own again");
            at.raw("DELETE FROM contacts").await.unwrap();
        }
    }
}

pub async fn contacts_that_we_began_are_counted_and_calls_of_theirs_are_not(at: &Fixture) {
    at.load(Kind::Customers, "customer_id,name\na,Anna Example\nb,Ben Example\n").await;
    at.load(
        Kind::Contacts,
        "contact_id,customer_id,at,channel,outbound\nk1,a,2026-04-10,email,yes\nk2,a,2026-04-30,phone,no\nk3,a,2026-02-01,email,yes\n",
    )
    .await;
    assert_eq!(standing(at, "a").await.outbound.len(), 1, "one of ours in the last thirty days");
    at.load(Kind::Contacts, "contact_id,customer_id,at,channel\nk1,a,2026-04-10,email\n").await;
    assert_eq!(standing(at, "a").await.outbound.len(), 1, "a file without the column leaves it");
    at.store.merge(&id("b"), &id("a"), "pia", NOW).await.unwrap();
    let yesterday = UnixMillis(NOW.0 - DAY_MS);
    at.store.record_outbound(&id("b"), Channel::Email, Pii::new("spring letter".into()), yesterday).await.unwrap();
    assert_eq!(standing(at, "a").await.outbound[0], yesterday, "under any record");
    let may = at.store.may_contact(&id("a"), &Limits::default(), NOW).await.unwrap().unwrap();
    assert!(may.unwrap_err().reason.starts_with("Contacted twice in the last 30 days"));
    let dossier = at.store.dossier(&id("a")).await.unwrap().unwrap();
    assert_eq!(dossier.contacts[0].complaint, None::<ComplaintState>);
    assert_eq!(dossier.contacts[0].wanted.expose(), "spring letter", "the agent sees what we wrote");
    let nobody = at.store.record_outbound(&id("x"), Channel::Email, Pii::new("x".into()), NOW).await;
    assert!(nobody.is_err());
}
