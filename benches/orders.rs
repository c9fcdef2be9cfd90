//! How long the likely order of one customer takes: in memory, for short and long histories, and in a shop of 100,000
//! customers and a million order lines, in memory and from the store. Postgres is measured where it is installed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a bench that meets the unexpected has failed

#[path = "../tests/store/cluster.rs"]
mod cluster;

use std::time::{Duration, Instant};

use divan::{Bencher, black_box};
use jiff::tz::TimeZone;
use regulars::base::UnixMillis;
use regulars::customer::likely_order::{OrderBook, ShopModel, Situation, Weights, predict, rank};
use regulars::customer::{CustomerId, Order, OrderLine, Taken};
use regulars::store::import::{ImportOptions, Kind, Mapping};
use regulars::store::{KeySource, Options, Store};

fn main() {
    divan::main();
    if std::env::args().any(|arg| arg == "--million") {
        million_lines();
    }
}

/// A menu of 200 items; every order has four of them, half of which are the customer's own three favourites.
fn history(customer: usize, orders: usize) -> Vec<Order> {
    let item = |n: usize| format!("item {}", n % MENU);
    (0..orders)
        .map(|n| {
            let pick = |slot: usize| {
                if (n + slot).is_multiple_of(2) { customer * 3 + slot % 3 } else { n * 31 + slot * 7 + customer }
            };
            let line =
                |slot| OrderLine { item: item(pick(slot)), quantity: 1, modifiers: vec!["extra olives".to_owned()] };
            Order {
                order: format!("{n:04}"),
                at: UnixMillis(START_MS + n as i64 * 3 * DAY_MS),
                lines: (0..4).map(line).collect(),
                taken: Taken::default(),
            }
        })
        .collect()
}

/// A zone with summer time, as most shops have.
fn rome() -> TimeZone {
    TimeZone::get("Europe/Rome").unwrap_or(TimeZone::UTC)
}

fn shop() -> ShopModel {
    let mut book = OrderBook::default();
    (0..500).for_each(|customer| book.add_customer(&history(customer, 20)));
    book.model((0..MENU).map(|n| format!("item {n}")), Weights::default())
}

/// 200 orders are what the store hands out at most.
#[divan::bench(args = [1, 5, 20, 50, 200])]
fn predict_one_customer(bencher: Bencher, orders: usize) {
    let (shop, history, zone) = (shop(), history(7, orders), rome());
    let now = UnixMillis(START_MS + 1000 * DAY_MS);
    bencher.bench(|| predict(black_box(&history), &shop, &Situation::at(Some(now), &zone)));
}

#[divan::bench(args = [20, 200])]
fn rank_ten_items(bencher: Bencher, orders: usize) {
    let (shop, history, zone) = (shop(), history(7, orders), rome());
    let now = UnixMillis(START_MS + 1000 * DAY_MS);
    bencher.bench(|| rank(black_box(&history), &shop, &Situation::at(Some(now), &zone), 10).len());
}

const MENU: usize = 200;
/// 2024-01-01T18:00:00Z, in milliseconds.
const START_MS: i64 = 1_704_132_000_000;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Run with `-- --million`: the orders of everyone, then the median and the 99th percentile over 2,000 of them.
#[allow(clippy::disallowed_methods)] // what a bench is for
fn million_lines() {
    let zone = rome();
    let now = UnixMillis(START_MS + 1000 * DAY_MS);
    let mut book = OrderBook::default();
    (0..CUSTOMERS).for_each(|customer| book.add_customer(&few(customer)));
    let began = Instant::now();
    let shop = book.fitted((0..MENU).map(|n| format!("item {n}")), &zone);
    println!("fit to {CUSTOMERS} customers: {:?}", began.elapsed());
    let asked = (0..2000).map(|n| n * (CUSTOMERS / 2000));
    let histories: Vec<Vec<Order>> = asked.clone().map(few).collect();
    let situation = Situation::at(Some(now), &zone);
    let one = |history: &Vec<Order>| {
        let began = Instant::now();
        black_box(predict(black_box(history), &shop, &situation));
        began.elapsed()
    };
    percentiles("in memory", histories.iter().map(one).collect());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cluster = cluster::Cluster::start();
    let mut places = vec![("SQLite", format!("sqlite:{}", folder.path().join("shop.db").display()))];
    places.extend(cluster.as_ref().map(|cluster| ("Postgres", cluster.url("postgres"))));
    for (name, url) in places {
        let key =
            KeySource::Value("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f".to_owned().into());
        runtime.block_on(async {
            let store = Store::open(Options { url, key }).await.unwrap();
            load(&store, now).await;
            let began = Instant::now();
            let _ = store.order_book().await.unwrap();
            println!("{name}: everyone's orders read in {:?}", began.elapsed());
            let mut times = Vec::new();
            for customer in asked.clone() {
                let began = Instant::now();
                let dossier = store.dossier(&CustomerId::new(format!("c{customer}"))).await.unwrap().unwrap();
                let out_of_stock = store.out_of_stock().await.unwrap();
                let situation = Situation { out_of_stock: &out_of_stock, ..situation };
                black_box(predict(&dossier.orders, &shop, &situation));
                times.push(began.elapsed());
            }
            percentiles(name, times);
            store.close().await;
        });
    }
}

async fn load(store: &Store, now: UnixMillis) {
    let mut customers = "customer_id,name\n".to_owned();
    let mut orders = "order_id,customer_id,ordered_at,item,quantity,modifiers\n".to_owned();
    for customer in 0..CUSTOMERS {
        customers += &format!("c{customer},Customer {customer}\n");
        for order in few(customer) {
            let at = jiff::Timestamp::from_millisecond(order.at.0).unwrap();
            for line in order.lines {
                orders += &format!("c{customer}-{},c{customer},{at},{},1,extra olives\n", order.order, line.item);
            }
        }
    }
    for (kind, text) in [(Kind::Customers, customers), (Kind::Orders, orders)] {
        let options = ImportOptions {
            kind,
            file: "bench.csv".to_owned(),
            keep_good: false,
            dry_run: false,
            mapping: Mapping::default(),
            time_zone: rome(),
            country_code: None,
            now,
            operator: "bench".to_owned(),
        };
        let report = store.import(text.as_bytes(), &options).await.unwrap();
        assert!(report.kept, "{report}");
    }
}

/// Ten lines a customer on average: two or three orders of four.
fn few(customer: usize) -> Vec<Order> {
    history(customer, 2 + customer % 2)
}

fn percentiles(name: &str, mut times: Vec<Duration>) {
    times.sort();
    println!("{name}: median {:?}, 99th percentile {:?}", times[times.len() / 2], times[times.len() * 99 / 100]);
}

const CUSTOMERS: usize = 100_000;
