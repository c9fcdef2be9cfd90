//! How long the card of a caller takes from a store with 100,000 customers and a million order lines, in SQLite and in Postgres:
//! who is at the number, the dossier, the brief and the likely order, one after the other as in a call. The goal is 5 ms at p99.
//!
//! On two cores with nine programs more than they carry, so that p99 is mostly waiting for a core: a card from SQLite p50 0.75 ms, p99
//! 16.7 ms (before the indexes of migration 0012: 37 ms); a million order lines imported in 42 s, into Postgres in 44 s. On such
//! cores half as busy, the import took 19 s and 35 s.
//!
//! `cargo bench --profile dev --bench card`; a number behind `--` makes a smaller shop, such as `-- 10000` lines. What the import
//! of the lines took is said too.

#![allow(clippy::expect_used, clippy::unwrap_used)] // a bench without its input has nothing to measure

#[path = "../tests/store/cluster.rs"]
mod cluster;

use std::fmt::Write as _;
use std::time::Duration;

use jiff::tz::TimeZone;
use regulars::base::{E164, Pii, UnixMillis, clock};
use regulars::customer::likely_order::{self, ShopModel, Situation, Weights};
use regulars::customer::{ConsentChannel, ConsentRecord, CustomerId, Purpose};
use regulars::store::import::{ImportOptions, Kind, Mapping};
use regulars::store::{KeySource, Options, Store};
use regulars::voice::{Centroid, Embedding, ModelId, Voiceprint};

/// A shop with ten order lines a customer on average; a few have hundreds of orders, as few are regulars.
struct Shop {
    customers: u64,
    lines: u64,
}

fn main() {
    let lines = std::env::args().filter_map(|arg| arg.parse().ok()).next().unwrap_or(1_000_000);
    let shop = Shop { customers: (lines / 10).max(COMPANY), lines };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.db");
    runtime.block_on(measure("SQLite", format!("sqlite:{}", file.display()), &shop));
    if let Some(cluster) = cluster::Cluster::start() {
        runtime.block_on(measure("Postgres", cluster.url("postgres"), &shop));
    }
}

async fn measure(engine: &str, url: String, shop: &Shop) {
    let key = KeySource::Value("00".repeat(32).into());
    let store = Store::open(Options { url, key }).await.expect("the store opens");
    shop.fill(&store).await;
    let (book, _, menu) = store.order_book().await.expect("the orders are read");
    let model = book.model(menu, Weights::default());
    let mut draw = Draw(7);
    // The heaviest customers and companies among them, as often as in a hundred calls one.
    let callers: Vec<u64> =
        (0..CALLS).map(|n| if n % 100 == 0 { n / 100 } else { draw.below(shop.customers) }).collect();
    for caller in callers.iter().take(100) {
        card(&store, &model, *caller).await;
    }
    let mut parts: [Vec<Duration>; 5] = Default::default();
    for caller in callers {
        let took = card(&store, &model, caller).await;
        parts.iter_mut().zip(took).for_each(|(part, took)| part.push(took));
    }
    println!("{engine}: {} customers, {} order lines", shop.customers, shop.lines);
    for (name, mut took) in ["people at the number", "dossier", "brief", "likely order", "card"].into_iter().zip(parts)
    {
        took.sort();
        let at = |share: usize| took[(took.len() - 1) * share / 100].as_secs_f64() * 1000.0;
        println!("  {name:<22} p50 {:6.2} ms   p99 {:6.2} ms   most {:6.2} ms", at(50), at(99), at(100));
    }
    store.close().await;
}

/// Its four parts and the whole.
async fn card(store: &Store, shop: &ShopModel, caller: u64) -> [Duration; 5] {
    let customer = CustomerId::new(key(caller));
    let number = E164::parse(&number(caller), None).expect("it is a number");
    let start = clock::now();
    let people = store.people_at(&number, &model()).await.expect("the store answers");
    let known = clock::now();
    let dossier = store.dossier(&customer).await.expect("the store answers").expect("they are known");
    let told = clock::now();
    store.brief(&customer, NOW).await.expect("the store answers");
    let briefed = clock::now();
    let out_of_stock = store.out_of_stock().await.expect("the store answers");
    let zone = TimeZone::UTC;
    let situation = Situation { out_of_stock: &out_of_stock, ..Situation::at(Some(NOW), &zone) };
    likely_order::predict(&dossier.orders, shop, &situation);
    let done = clock::now();
    assert!(!people.is_empty(), "somebody is at the number");
    [known - start, told - known, briefed - told, done - briefed, done - start]
}

impl Shop {
    async fn fill(&self, store: &Store) {
        let mut text = "customer_id,name,numbers,kind,company\n".to_owned();
        for n in 0..self.customers {
            // Every hundredth is a company, and the ten after it work there.
            let (kind, company) = match n % COMPANY {
                0 => ("company", String::new()),
                1..=10 => ("person", key(n - n % COMPANY)),
                _ => ("person", String::new()),
            };
            writeln!(text, "{},Person {n} Example,{},{kind},{company}", key(n), number(n)).unwrap();
        }
        import(store, Kind::Customers, &text).await;
        let mut draw = Draw(1);
        let mut text = "order_id,customer_id,ordered_at,item,quantity,modifiers\n".to_owned();
        let (mut line, mut order) = (0, 0);
        while line < self.lines {
            let customer = self.regular(&mut draw);
            let (month, day, hour) = (1 + draw.below(12), 1 + draw.below(28), 11 + draw.below(11));
            for _ in 0..(1 + draw.below(5)).min(self.lines - line) {
                let (item, modifiers) = (draw.below(200), ["", "", "extra olives", "well done;no onion"]);
                let (quantity, modifiers) = (1 + draw.below(3), modifiers[draw.below(4) as usize]);
                let head = format!("O{order},{},2025-{month:02}-{day:02} {hour:02}:00", key(customer));
                writeln!(text, "{head},Item {item},{quantity},{modifiers}").unwrap();
                line += 1;
            }
            order += 1;
        }
        let start = clock::now();
        import(store, Kind::Orders, &text).await;
        println!("{line} order lines imported in {:.1} s", (clock::now() - start).as_secs_f64());
        let mut text = "contact_id,customer_id,at,channel,wanted,complaint\n".to_owned();
        for n in 0..self.customers {
            let complaint = if n % 50 == 0 { "open" } else { "" };
            let customer = key(self.regular(&mut draw));
            writeln!(text, "k{n},{customer},2025-06-01 12:00,phone,where the order is,{complaint}").unwrap();
        }
        import(store, Kind::Contacts, &text).await;
        for n in (1..self.customers).step_by(self.customers as usize / 200).filter(|n| n % COMPANY != 0) {
            let call = Centroid::enrolled(voice(n), 20_000, NOW);
            let print = Voiceprint::new(model(), vec![call]).expect("it has a call");
            store.enroll(yes(n), print).await.expect("they agreed");
        }
        for n in (12..self.customers).step_by(self.customers as usize / 100).filter(|n| n % COMPANY > 11) {
            let double =
                store.create_customer(Pii::new("Person Example".to_owned()), None, NOW).await.expect("a customer");
            store.merge(&double, &CustomerId::new(key(n)), "bench", NOW).await.expect("a double");
        }
    }

    /// Small keys order most: the first of 100,000 customers a thousand times, half of them seldom or never.
    fn regular(&self, draw: &mut Draw) -> u64 {
        let share = draw.below(1 << 31) as f64 / (1u64 << 31) as f64;
        ((self.customers as f64 * share * share) as u64).min(self.customers - 1)
    }
}

async fn import(store: &Store, kind: Kind, text: &str) {
    let options = ImportOptions {
        kind,
        file: kind.as_str().to_owned(),
        mapping: Mapping::default(),
        keep_good: false,
        dry_run: false,
        time_zone: TimeZone::UTC,
        country_code: None,
        now: NOW,
        operator: "bench".to_owned(),
    };
    let report = store.import(text.as_bytes(), &options).await.expect("the store answers");
    assert!(report.kept, "{report}");
}

fn key(customer: u64) -> String {
    format!("C{customer}")
}

fn number(customer: u64) -> String {
    format!("+39000{customer:09}")
}

fn model() -> ModelId {
    ModelId::new("bench")
}

fn voice(seed: u64) -> Embedding {
    let mut draw = Draw(seed);
    Embedding::from_values((0..256).map(|_| draw.below(1000) as f32 - 500.0).collect()).expect("it has a direction")
}

fn yes(customer: u64) -> ConsentRecord {
    ConsentRecord {
        customer: CustomerId::new(key(customer)),
        purpose: Purpose::Recognise,
        given: true,
        at: NOW,
        script: "phone-en-2".to_owned(),
        language: "en".to_owned(),
        channel: ConsentChannel::Spoken,
        operator: "bench".to_owned(),
        call: None,
    }
}

/// Knuth's MMIX generator: the same shop every time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) * end) >> 31
    }
}

/// Customers from one company to the next.
const COMPANY: u64 = 100;
/// Cards that are measured.
const CALLS: u64 = 5000;
/// 2026-01-01, after all orders.
const NOW: UnixMillis = UnixMillis(1_767_225_600_000);
