//! The likely order against a real order book: the next basket of 7,111 customers, withheld.
//!
//! The data has no licence to be passed on, so it is not in this repository; without it the test is skipped, aloud.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use jiff::tz::TimeZone;
use regulars::base::UnixMillis;
use regulars::customer::likely_order::{OrderBook, ShopModel, Situation, rank};
use regulars::customer::{Order, OrderLine};

const TOP: usize = 10;
const WEEK_MS: i64 = 7 * 24 * 3600 * 1000;

struct Book {
    histories: HashMap<String, Vec<Order>>,
    next: HashMap<String, HashSet<String>>,
}

#[derive(Debug, Default)]
struct Figures {
    recall: f64,
    ndcg: f64,
    /// Share of customers with at least one item right.
    hit: f64,
    first: f64,
    /// Expected calibration error of the ten chances, in ten bins.
    ece: f64,
    /// Of the ten chances, against their mean rate.
    brier_skill: f64,
}

fn load() -> Option<Book> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/orders");
    let rows = |file: &str| {
        let reader = csv::Reader::from_path(folder.join(file)).ok()?;
        Some(reader.into_records().map(Result::unwrap))
    };
    let mut histories: HashMap<String, Vec<Order>> = HashMap::new();
    for row in rows("grocery_history.csv")? {
        let orders = histories.entry(row[0].to_owned()).or_default();
        if orders.last().is_none_or(|last| last.order != row[1]) {
            // The book has no dates, only a sequence: a weekly order at the same hour gives the calendar no say.
            let at = UnixMillis(orders.len() as i64 * WEEK_MS);
            orders.push(Order { order: row[1].to_owned(), at, lines: Vec::new() });
        }
        let line = OrderLine { item: row[3].to_owned(), quantity: 1, modifiers: Vec::new() };
        orders.last_mut().unwrap().lines.push(line);
    }
    let mut next: HashMap<String, HashSet<String>> = HashMap::new();
    for row in rows("grocery_next_basket_dev.csv")? {
        next.entry(row[0].to_owned()).or_default().insert(row[1].to_owned());
    }
    Some(Book { histories, next })
}

fn shop(book: &Book) -> ShopModel {
    let mut orders = OrderBook::default();
    book.histories.values().for_each(|history| orders.add_customer(history));
    let lines = book.histories.values().flatten().flat_map(|order| &order.lines);
    orders.fitted(lines.map(|line| line.item.as_str()).collect::<HashSet<_>>(), &TimeZone::UTC)
}

/// With each customer's `newest` orders.
fn measure(book: &Book, shop: &ShopModel, newest: usize) -> Figures {
    let mut figures = Figures::default();
    let mut bins = [(0.0, 0.0); 10];
    let (mut ranked_items, mut squares, mut came) = (0.0, 0.0, 0.0);
    for (customer, truth) in &book.next {
        let orders = &book.histories[customer];
        let orders = &orders[orders.len().saturating_sub(newest)..];
        let ranked = rank(orders, shop, &Situation::at(None, &TimeZone::UTC), TOP);
        let hits: Vec<f64> = ranked.iter().map(|chance| f64::from(truth.contains(chance.item))).collect();
        let gain = |(place, hit): (usize, &f64)| hit / (place as f64 + 2.0).log2();
        let ideal: f64 = vec![1.0; truth.len().min(TOP)].iter().enumerate().map(gain).sum();
        figures.recall += hits.iter().sum::<f64>() / truth.len() as f64;
        figures.ndcg += hits.iter().enumerate().map(gain).sum::<f64>() / ideal;
        figures.hit += f64::from(hits.contains(&1.0));
        figures.first += hits.first().copied().unwrap_or(0.0);
        for (chance, hit) in ranked.iter().zip(&hits) {
            let bin = &mut bins[((chance.chance * 10.0) as usize).min(9)];
            bin.0 += f64::from(chance.chance);
            bin.1 += hit;
            ranked_items += 1.0;
            squares += (f64::from(chance.chance) - hit).powi(2);
            came += hit;
        }
    }
    let customers = book.next.len() as f64;
    for figure in [&mut figures.recall, &mut figures.ndcg, &mut figures.hit, &mut figures.first] {
        *figure /= customers;
    }
    figures.ece = bins.iter().map(|(expected, seen)| (expected - seen).abs()).sum::<f64>() / ranked_items;
    let base = came / ranked_items;
    figures.brier_skill = 1.0 - squares / ranked_items / (base * (1.0 - base));
    figures
}

#[test]
fn the_next_basket_of_a_grocery_is_foretold() {
    let Some(book) = load() else {
        eprintln!("SKIPPED: no order book at ../shared/data/orders");
        return;
    };
    assert_eq!((book.histories.len(), book.next.len()), (13_858, 7_111));
    let shop = shop(&book);
    println!("{:?} {:?}", shop.weights(), shop.calibration());
    let figures = measure(&book, &shop, usize::MAX);
    println!("{figures:?}");
    // Published and re-run methods on the same split: personal frequency 0.107 / 0.096, TIFUKNN 0.125 / 0.102.
    assert!(figures.recall >= 0.155 && figures.ndcg >= 0.134 && figures.hit >= 0.452, "{figures:?}");
    assert!(figures.first >= 0.150 && figures.ece <= 0.010 && figures.brier_skill >= 0.040, "{figures:?}");
    let after_one = measure(&book, &shop, 1);
    println!("after one order: {after_one:?}");
    assert!(after_one.recall >= 0.125 && after_one.ece <= 0.025, "{after_one:?}");
}
