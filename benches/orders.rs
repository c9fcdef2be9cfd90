//! How long the likely order of one customer takes, in memory, for short and long histories.

use divan::{Bencher, black_box};
use jiff::tz::TimeZone;
use regulars::base::UnixMillis;
use regulars::customer::likely_order::{OrderBook, ShopModel, Situation, Weights, predict, rank};
use regulars::customer::{Order, OrderLine};

fn main() {
    divan::main();
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
