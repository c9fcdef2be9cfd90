//! What other systems write is written once, and nobody who follows the books misses any of it.

use std::collections::BTreeSet;
use std::time::Duration;

use regulars::base::{Pii, UnixMillis};
use regulars::customer::{Channel, ComplaintState, CustomerId, OrderLine, Payment};
use regulars::store::import::Kind;
use regulars::store::{
    ContactRecord, CustomerRecord, Delivery, EventKind, Happened, NewOrder, OrderRecord, Outcome, Record, Sender,
    Store, StoreError, Told,
};
use sqlx::Connection;

use crate::fixture::{Fixture, NOW, number};

pub fn from(source: &str) -> Sender {
    Sender { source: source.to_owned(), hook: None, now: NOW }
}

fn hook(id: &str) -> Sender {
    Sender { hook: Some(id.to_owned()), ..from("mail") }
}

pub fn mail(customer: &CustomerId, key: &str, complaint: Option<ComplaintState>) -> ContactRecord {
    ContactRecord {
        key: key.to_owned(),
        customer: customer.clone(),
        at: UnixMillis(NOW.0 - 60_000),
        channel: Channel::Email,
        agent: Some("Toni".to_owned()),
        wanted: Pii::new("The pizza was cold".to_owned()),
        complaint,
        still_open: None,
        order: None,
        items_considered: vec!["Calzone".to_owned(), "Gluten-free dough".to_owned()],
        competitor: Some("Pronto Pizza".to_owned()),
    }
}

fn sale(customer: &CustomerId, key: &str, item: &str) -> OrderRecord {
    OrderRecord {
        key: key.to_owned(),
        customer: customer.clone(),
        at: NOW,
        lines: vec![OrderLine { item: item.to_owned(), quantity: 1, modifiers: vec![] }],
        channel: Some(Channel::Web),
        agent: None,
        ours: None,
    }
}

fn placed(customer: &CustomerId, key: &str, payment: Option<Payment>) -> NewOrder {
    NewOrder {
        customer: customer.clone(),
        lines: vec![OrderLine { item: "Margherita".to_owned(), quantity: 2, modifiers: vec![] }],
        idempotency_key: key.to_owned(),
        agent: "Sam".to_owned(),
        call: None,
        at: NOW,
        payment,
    }
}

async fn contact(store: &Store, record: ContactRecord) -> Result<Outcome, StoreError> {
    store.record(&Record::Contact(record), &from("mail")).await
}

/// All events after `seq`, numbered first, as the tail does it.
async fn events(store: &Store, seq: u64) -> Vec<Happened> {
    while store.number_events().await.unwrap() {}
    store.events_after(seq, 1000).await.unwrap()
}

async fn kinds(store: &Store, seq: u64) -> Vec<EventKind> {
    events(store, seq).await.into_iter().map(|event| event.kind).collect()
}

pub async fn a_contact_sent_twice_is_one_and_a_changed_one_is_updated(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    let start = events(&at.store, 0).await.last().unwrap().seq;
    let open = mail(&anna, "7", Some(ComplaintState::Open));
    assert_eq!(contact(&at.store, open.clone()).await.unwrap(), Outcome::Created);
    assert_eq!(contact(&at.store, open.clone()).await.unwrap(), Outcome::Unchanged);
    let told = ContactRecord { agent: Some("Robin".to_owned()), ..open.clone() };
    assert_eq!(contact(&at.store, told).await.unwrap(), Outcome::Updated);
    let dossier = at.store.dossier(&anna).await.unwrap().unwrap();
    let [stored] = dossier.contacts.as_slice() else { panic!("{:?}", dossier.contacts) };
    assert_eq!((stored.contact.as_str(), stored.channel), ("mail:7", Some(Channel::Email)));
    assert_eq!((stored.agent.as_deref(), stored.competitor.as_deref()), (Some("Robin"), Some("Pronto Pizza")));
    assert_eq!(stored.items_considered, open.items_considered);
    assert_eq!(kinds(&at.store, start).await, [EventKind::ComplaintOpened, EventKind::ContactRecorded]);
    let nobody = contact(&at.store, mail(&CustomerId::new("nobody"), "8", None)).await;
    assert!(matches!(nobody, Err(StoreError::UnknownCustomer(_))));
    // Another source's key 7 is another contact.
    at.store.record(&Record::Contact(open), &from("shop")).await.unwrap();
    assert_eq!(at.count("contacts").await, 2);
}

pub async fn a_resolved_complaint_stays_so_when_its_event_comes_again(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    let promise = Some(Pii::new("Send a voucher".to_owned()));
    let open = ContactRecord { still_open: promise.clone(), ..mail(&anna, "7", Some(ComplaintState::Open)) };
    contact(&at.store, open.clone()).await.unwrap();
    let dossier = at.store.dossier(&anna).await.unwrap().unwrap();
    assert_eq!(dossier.open_complaint().unwrap().still_open, promise);
    let resolved = || Record::Resolved { key: "7".to_owned(), agent: Some("Toni".to_owned()) };
    assert_eq!(at.store.record(&resolved(), &from("mail")).await.unwrap(), Outcome::Updated);
    assert_eq!(at.store.record(&resolved(), &from("mail")).await.unwrap(), Outcome::Unchanged);
    assert_eq!(contact(&at.store, open).await.unwrap(), Outcome::Unchanged);
    let dossier = at.store.dossier(&anna).await.unwrap().unwrap();
    assert_eq!((dossier.open_complaint(), dossier.contacts[0].still_open.clone()), (None, None));
    let expected = [EventKind::CustomerChanged, EventKind::ComplaintOpened, EventKind::ComplaintResolved];
    assert_eq!(kinds(&at.store, 0).await, expected);
    let audit = at.store.audit_rows(10).await.unwrap();
    assert!(audit.iter().any(|row| row.action == "resolve" && row.operator == "Toni (mail)"), "{audit:?}");

    contact(&at.store, mail(&anna, "8", None)).await.unwrap();
    let nothing = at.store.record(&Record::Resolved { key: "8".to_owned(), agent: None }, &from("mail")).await;
    assert!(matches!(nothing, Err(StoreError::NothingOpen)));
    let unknown = at.store.record(&Record::Resolved { key: "9".to_owned(), agent: None }, &from("mail")).await;
    assert!(matches!(unknown, Err(StoreError::UnknownContact)));
}

pub async fn a_webhook_that_comes_again_does_not_bring_the_past_back(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    let first = Record::Contact(mail(&anna, "7", None));
    let second = Record::Contact(ContactRecord { agent: Some("Robin".to_owned()), ..mail(&anna, "7", None) });
    assert_eq!(at.store.record(&first, &hook("msg_1")).await.unwrap(), Outcome::Created);
    assert_eq!(at.store.record(&second, &hook("msg_2")).await.unwrap(), Outcome::Updated);
    assert_eq!(at.store.record(&first, &hook("msg_1")).await.unwrap(), Outcome::Unchanged);
    let dossier = at.store.dossier(&anna).await.unwrap().unwrap();
    assert_eq!(dossier.contacts[0].agent.as_deref(), Some("Robin"));
    // One that was refused may come again when its customer is known.
    let early = Record::Contact(mail(&CustomerId::new("c-new"), "9", None));
    assert!(at.store.record(&early, &hook("msg_3")).await.is_err());
    at.load(Kind::Customers, "customer_id,name\nc-new,Ben Example\n").await;
    assert_eq!(at.store.record(&early, &hook("msg_3")).await.unwrap(), Outcome::Created);
    // A day later nobody sends it again.
    at.store.forget_events(UnixMillis(NOW.0 + 1)).await.unwrap();
    assert_eq!(at.count("received_hooks").await, 0);
}

pub async fn a_customer_is_changed_field_by_field(at: &Fixture) {
    let crm = from("crm");
    let mut anna = CustomerRecord {
        customer: CustomerId::new("a"),
        name: Pii::new("Anna Example".to_owned()),
        numbers: vec![number(1)],
        household: Some(Some("h1".to_owned())),
        language: Some(Some("it".to_owned())),
        allergies: Some(Some(Pii::new("Hazelnuts".to_owned()))),
        notes: None,
        since: Some(UnixMillis(1000)),
        payment_on_file: Some(true),
    };
    let put = async |record: &CustomerRecord| at.store.record(&Record::Customer(record.clone()), &crm).await.unwrap();
    assert_eq!(put(&anna).await, Outcome::Created);
    assert_eq!(put(&anna).await, Outcome::Unchanged);
    (anna.allergies, anna.language, anna.payment_on_file) = (Some(None), None, None);
    assert_eq!(put(&anna).await, Outcome::Updated);
    let profile = at.store.profile(&anna.customer).await.unwrap().unwrap();
    assert_eq!((profile.allergies, profile.language.as_deref()), (None, Some("it")));
    assert!(profile.payment_on_file, "not said again");
    anna.numbers = vec![number(2)];
    assert_eq!(put(&anna).await, Outcome::Updated);
    assert_eq!(at.count("numbers").await, 2);
    assert_eq!(kinds(&at.store, 0).await, [EventKind::CustomerChanged; 3]);
}

pub async fn an_order_of_elsewhere_is_taken_once_and_does_not_change(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    let put = async |record: OrderRecord| at.store.record(&Record::Order(record), &from("pos")).await;
    assert_eq!(put(sale(&anna, "4711", "Margherita")).await.unwrap(), Outcome::Created);
    assert_eq!(put(sale(&anna, "4711", "Margherita")).await.unwrap(), Outcome::Unchanged);
    assert!(matches!(put(sale(&anna, "4711", "Calzone")).await, Err(StoreError::KeyReused)));
    let dossier = at.store.dossier(&anna).await.unwrap().unwrap();
    let [order] = dossier.orders.as_slice() else { panic!("{:?}", dossier.orders) };
    assert_eq!((order.order.as_str(), order.taken.channel), ("pos:4711", Some(Channel::Web)));
    // A complaint names its order as its source does.
    let about = ContactRecord { order: Some("4711".to_owned()), ..mail(&anna, "7", None) };
    at.store.record(&Record::Contact(about.clone()), &from("pos")).await.unwrap();
    let dossier = at.store.dossier(&anna).await.unwrap().unwrap();
    assert_eq!(dossier.contacts[0].order.as_deref(), Some("pos:4711"));
    let unknown = ContactRecord { order: Some("4712".to_owned()), key: "8".to_owned(), ..about };
    let refused = at.store.record(&Record::Contact(unknown), &from("pos")).await;
    assert!(matches!(refused, Err(StoreError::UnknownOrder)));
    assert_eq!(at.count("contacts").await, 1, "nothing of it was kept");
}

pub async fn an_order_of_ours_that_comes_back_is_not_a_second_one(at: &Fixture) {
    at.store.set_item("Margherita", true).await.unwrap();
    let anna = at.customer("Anna Example", None).await;
    let order = at.store.place_order(placed(&anna, "key-00001", None)).await.unwrap().order;
    let back = OrderRecord { ours: Some(order.clone()), ..sale(&anna, "4711", "Margherita") };
    let put = async |record: &OrderRecord| at.store.record(&Record::Order(record.clone()), &from("pos")).await;
    assert_eq!(put(&back).await.unwrap(), Outcome::Updated);
    assert_eq!(put(&back).await.unwrap(), Outcome::Unchanged);
    assert_eq!(at.count("orders").await, 1);
    let other = OrderRecord { key: "4712".to_owned(), ..back.clone() };
    assert!(matches!(put(&other).await, Err(StoreError::KeyReused)), "it has a key already");
    let about = ContactRecord { order: Some("4711".to_owned()), ..mail(&anna, "7", None) };
    at.store.record(&Record::Contact(about), &from("pos")).await.unwrap();
    assert_eq!(at.store.dossier(&anna).await.unwrap().unwrap().contacts[0].order, Some(order));
}

pub async fn what_is_on_file_is_charged_with_a_second_factor_only(at: &Fixture) {
    at.store.set_item("Margherita", true).await.unwrap();
    let anna = at.customer("Anna Example", None).await;
    let on_file = Some(Payment::OnFile { second_factor: "one-time code".to_owned() });
    let refused = at.store.place_order(placed(&anna, "key-00001", on_file.clone())).await;
    assert!(matches!(refused, Err(StoreError::NothingOnFile)));
    assert_eq!((at.count("orders").await, kinds(&at.store, 0).await.len()), (0, 1), "only the customer is news");
    at.load(Kind::Customers, &format!("customer_id,name,payment_on_file\n{anna},Anna Example,yes\n")).await;
    let order = at.store.place_order(placed(&anna, "key-00001", on_file.clone())).await.unwrap().order;
    assert!(matches!(at.store.place_order(placed(&anna, "key-00001", None)).await, Err(StoreError::KeyReused)));
    let event = events(&at.store, 0).await.pop().unwrap();
    assert_eq!((event.kind, event.fact.as_deref()), (EventKind::OrderPlaced, Some(order.as_str())));
    let Some(Told::Order(told)) = at.store.told(&event).await.unwrap() else { panic!("an order") };
    assert_eq!((told.payment, told.idempotency_key.as_deref()), (on_file, Some("key-00001")));
    let audit = at.store.audit_rows(10).await.unwrap();
    assert!(audit.iter().any(|row| row.action == "payment on file" && row.detail.contains("one-time code")));
    let behind =
        "INSERT INTO orders (order_id, customer, at_ms, payment) SELECT 'x', customer, 0, 'on file' FROM customers";
    assert!(at.raw(behind).await.is_err(), "the database refuses it too");
}

pub async fn each_fact_is_an_event_of_its_own_transaction(at: &Fixture) {
    at.store.set_item("Margherita", true).await.unwrap();
    let anna = at.customer("Anna Example", None).await;
    for _ in 0..2 {
        at.store.place_order(placed(&anna, "key-00001", None)).await.unwrap();
    }
    let off_menu = NewOrder { lines: sale(&anna, "", "Motor oil").lines, ..placed(&anna, "key-00002", None) };
    assert!(at.store.place_order(off_menu).await.is_err());
    assert_eq!(kinds(&at.store, 0).await, [EventKind::CustomerChanged, EventKind::OrderPlaced]);
    let newest = at.store.newest_event().await.unwrap();
    at.load(Kind::Contacts, &format!("contact_id,customer_id,at,channel\nk1,{anna},2026-04-01,web\n")).await;
    at.load(Kind::Contacts, &format!("contact_id,customer_id,at,channel\nk1,{anna},2026-04-01,web\n")).await;
    let imported = events(&at.store, newest).await;
    assert_eq!(imported.len(), 1, "the same file twice is news once: {imported:?}");
    assert_eq!((imported[0].kind, imported[0].customer.as_ref()), (EventKind::CustomerChanged, Some(&anna)));
}

/// Of a file of orders those are told of in whose orders something is new, changed or gone.
pub async fn imported_orders_are_told_of_by_their_customers(at: &Fixture) {
    let customers = "customer_id,name\na,Anna Example\nb,Ben Example\n";
    at.load(Kind::Customers, customers).await;
    let file = "order_id,customer_id,ordered_at,item,source,channel
1,a,2026-04-01 19:00,Margherita,pos,shop
1,a,2026-04-01 19:00,Chinotto,pos,shop
2,b,2026-04-01 20:00,Calzone,pos,shop
";
    let told_of = async |file: &str| {
        let newest = at.store.newest_event().await.unwrap();
        at.load(Kind::Orders, file).await;
        let told = events(&at.store, newest).await.into_iter();
        told.map(|event| event.customer.unwrap().as_str().to_owned()).collect::<Vec<_>>()
    };
    events(&at.store, 0).await;
    assert_eq!(told_of(file).await, ["a", "b"]);
    assert_eq!(told_of(file).await, [""; 0], "nothing has changed");
    assert_eq!(told_of(&file.replace("20:00,Calzone,pos,shop", "20:00,Calzone,pos,")).await, [""; 0]);
    assert_eq!(told_of(&file.replace("20:00,Calzone,pos,shop", "20:00,Calzone,pos,web")).await, ["b"]);
    assert_eq!(told_of(&file.replace("1,a,2026-04-01 19:00,Chinotto,pos,shop\n", "")).await, ["a", "b"]);
    assert_eq!(told_of(&file.replace("2,b", "2,a")).await, ["a", "b"], "whose it was is told too");
    let kept = "orders WHERE source = 'pos' AND source_key IN ('1', '2') AND order_id = 'pos:' || source_key";
    assert_eq!(at.count(&format!("{kept} AND customer = 'a' AND channel = 'shop'")).await, 2);
}

pub async fn a_large_import_is_one_event(at: &Fixture) {
    let rows: String = (0..1001).map(|n| format!("c{n},Anna Example\n")).collect();
    at.load(Kind::Customers, &format!("customer_id,name\n{rows}")).await;
    let told = events(&at.store, 0).await;
    assert_eq!((told.len(), told[0].kind, told[0].customer.clone()), (1, EventKind::BooksImported, None));
}

pub async fn events_are_forgotten_and_their_numbers_are_not_given_again(at: &Fixture) {
    let anna = at.customer("Anna Example", None).await;
    contact(&at.store, mail(&anna, "7", None)).await.unwrap();
    let last = events(&at.store, 0).await.pop().unwrap().seq;
    at.store.forget_events(UnixMillis(NOW.0 + 1)).await.unwrap();
    assert_eq!((at.count("outbox").await, at.store.forgotten_event().await.unwrap()), (0, last));
    contact(&at.store, mail(&anna, "8", None)).await.unwrap();
    let next = events(&at.store, last).await;
    assert_eq!(next.iter().map(|event| event.seq).collect::<Vec<_>>(), [last + 1]);
}

pub async fn a_delivery_is_taken_on_by_one_node_alone(at: &Fixture) {
    let (start, claim) = (Delivery { seq: 3, ..Delivery::default() }, Delivery { seq: 3, attempts: 1, due: NOW });
    assert_eq!(at.store.delivery("kitchen").await.unwrap(), None);
    assert!(at.store.advance("kitchen", None, start).await.unwrap());
    assert!(!at.store.advance("kitchen", None, claim).await.unwrap(), "it is there already");
    let mut nodes = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = at.store.clone();
        nodes.spawn(async move { store.advance("kitchen", Some(start), claim).await.unwrap() });
    }
    assert_eq!(nodes.join_all().await.into_iter().filter(|won| *won).count(), 1);
    assert_eq!(at.store.delivery("kitchen").await.unwrap(), Some(claim));
    for (seq, reason) in [(4, "HTTP 500"), (5, "no connection"), (5, "no connection")] {
        at.store.bury("kitchen", seq, reason, NOW).await.unwrap();
    }
    let [dead] = at.store.dead_letters().await.unwrap().try_into().unwrap();
    assert_eq!(
        (dead.endpoint.as_str(), dead.count, dead.seq, dead.reason.as_str()),
        ("kitchen", 2, 5, "no connection")
    );
}

/// Writers and numberers at once, and a reader who goes by numbers alone.
pub async fn who_follows_the_numbers_misses_nothing(at: &Fixture) {
    const WRITERS: usize = 8;
    const EACH: usize = 25;
    let anna = at.customer("Anna Example", None).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        // A customer each, so that nothing but the outbox makes them wait for each other.
        let (store, whom) = (at.store.clone(), at.customer("Ben Example", None).await);
        writers.spawn(async move {
            for n in 0..EACH {
                contact(&store, mail(&whom, &format!("{writer}-{n}"), None)).await.unwrap();
            }
        });
    }
    let reader = |store: Store| async move {
        let (mut seen, mut facts) = (0, Vec::new());
        while facts.len() < WRITERS * EACH {
            store.number_events().await.unwrap();
            for event in store.events_after(seen, 1000).await.unwrap() {
                assert!(event.seq > seen);
                seen = event.seq;
                facts.extend(event.fact);
            }
            tokio::task::yield_now().await;
        }
        facts
    };
    let readers = async { tokio::join!(reader(at.store.clone()), reader(at.store.clone())) };
    let limit = tokio::time::timeout(Duration::from_secs(120), readers).await;
    let (first, second) = limit.expect("an event was missed");
    assert_eq!(first, second, "both nodes see one order");
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), WRITERS * EACH, "nothing came twice");
    writers.join_all().await;
    drop(anna);
}

/// On Postgres an identity is given before the commit: who commits late has a small one.
pub async fn who_commits_late_is_not_missed(at: &Fixture) {
    if !at.is_postgres() {
        return;
    }
    let anna = at.customer("Anna Example", None).await;
    let seen = events(&at.store, 0).await.last().unwrap().seq;
    let mut slow = sqlx::PgConnection::connect(&at.options.url).await.unwrap();
    let mut late = slow.begin().await.unwrap();
    let text = "INSERT INTO outbox (at_ms, kind, fact) VALUES (0, 'contact.recorded', 'late')";
    sqlx::query(text).execute(&mut *late).await.unwrap();
    contact(&at.store, mail(&anna, "7", None)).await.unwrap();
    let early = events(&at.store, seen).await;
    assert_eq!(early.iter().filter_map(|event| event.fact.as_deref()).collect::<Vec<_>>(), ["mail:7"]);
    late.commit().await.unwrap();
    let after = events(&at.store, early[0].seq).await;
    assert_eq!(after.iter().filter_map(|event| event.fact.as_deref()).collect::<Vec<_>>(), ["late"]);
}
