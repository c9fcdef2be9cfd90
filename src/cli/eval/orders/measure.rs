//! The likely order and its baselines, put to the same customers.

use std::collections::{HashMap, HashSet};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::TimeZone;

use super::Customer;
use super::baselines::{Tifuknn, personal_frequency};
use super::files::Next;
use super::metrics::{Figures, K, Metrics};
use crate::base::UnixMillis;
use crate::customer::Order;
use crate::customer::likely_order::{ShopModel, Situation, Weights, predict, rank};

/// One order to foretell.
pub struct Case<'a> {
    pub customer: &'a str,
    pub kind: &'static str,
    /// Those before, oldest first.
    pub orders: &'a [Order],
    pub at: Option<UnixMillis>,
    pub truth: HashSet<&'a str>,
}

/// Everyone's last order, where there is one before; and what is known when it is foretold.
pub fn hold_out_last(customers: &[Customer], dated: bool) -> (Vec<Case<'_>>, Vec<&[Order]>) {
    let (mut cases, mut known) = (Vec::new(), Vec::new());
    for customer in customers {
        let Some((last, orders)) = customer.orders.split_last().filter(|(_, before)| !before.is_empty()) else {
            continue;
        };
        known.push(orders);
        cases.push(Case {
            customer: &customer.id,
            kind: customer.kind,
            orders,
            at: dated.then_some(last.at),
            truth: last.lines.iter().map(|line| line.item.as_str()).collect(),
        });
    }
    (cases, known)
}

/// The next orders of these customers, some of whom may have none so far.
pub fn cases<'a>(customers: &'a [Customer], next: &'a [Next]) -> Vec<Case<'a>> {
    let by_id: HashMap<&str, &Customer> = customers.iter().map(|customer| (customer.id.as_str(), customer)).collect();
    let case = |next: &'a Next| {
        let known = by_id.get(next.customer.as_str());
        Case {
            customer: &next.customer,
            kind: known.map_or("", |known| known.kind),
            orders: known.map_or(&[], |known| &known.orders),
            at: next.at,
            truth: next.items.iter().map(String::as_str).collect(),
        }
    };
    next.iter().map(case).collect()
}

pub struct Measured {
    pub weights: Weights,
    /// Named groups of customers, and how the likely order does with them.
    pub groups: Vec<(String, Figures)>,
    pub personal_frequency: Figures,
    pub tifuknn: Figures,
    pub after_newest: Figures,
}

impl Measured {
    /// `known`: everyone's orders, in which neighbours are sought.
    pub fn new(cases: &[Case], known: &[&[Order]], shop: &ShopModel, tz: &TimeZone) -> Self {
        let mut groups = Groups::default();
        let (mut frequency, mut newest) = (Metrics::default(), Metrics::default());
        for case in cases {
            let situation = Situation::at(case.at, tz);
            let pairs = |orders| -> Vec<(&str, f32)> {
                rank(orders, shop, &situation, K).into_iter().map(|chance| (chance.item, chance.chance)).collect()
            };
            let offered = predict(case.orders, shop, &situation);
            let offered: HashSet<&str> =
                offered.iter().flat_map(|offer| &offer.lines).map(|line| line.item.as_str()).collect();
            groups.add(case, &pairs(case.orders), offered == case.truth);
            if let Some(last) = case.orders.len().checked_sub(1) {
                newest.add(&pairs(&case.orders[last..]), &case.truth, false);
            }
            frequency.add(&personal_frequency(case.orders, K), &case.truth, false);
        }
        let without_offer = |metrics: &Metrics| Figures { exact: None, ..metrics.figures() };
        Self {
            weights: shop.weights(),
            groups: groups.0.into_iter().map(|(name, metrics)| (name, metrics.figures())).collect(),
            personal_frequency: without_offer(&frequency),
            tifuknn: without_offer(&tifuknn(cases, known)),
            after_newest: without_offer(&newest),
        }
    }
}

/// All, then by kind, then by number of past orders.
#[derive(Default)]
struct Groups(Vec<(String, Metrics)>);

impl Groups {
    fn add(&mut self, case: &Case, ranked: &[(&str, f32)], exact: bool) {
        if self.0.is_empty() {
            let names = ["all", "no order", "1 order", "2 orders", "3-4 orders", "5-9 orders", "10+ orders"];
            self.0.extend(names.map(|name| (name.to_owned(), Metrics::default())));
        }
        let by_orders = match case.orders.len() {
            0 => 1,
            1 => 2,
            2 => 3,
            3..=4 => 4,
            5..=9 => 5,
            _ => 6,
        };
        let mut of = vec![0, by_orders];
        if !case.kind.is_empty() {
            of.push(self.0.iter().position(|(name, _)| name == case.kind).unwrap_or_else(|| {
                self.0.push((case.kind.to_owned(), Metrics::default()));
                self.0.len() - 1
            }));
        }
        of.into_iter().for_each(|n| self.0[n].1.add(ranked, &case.truth, exact));
    }
}

/// On all cores: the search for neighbours is what takes long here.
fn tifuknn(cases: &[Case], known: &[&[Order]]) -> Metrics {
    let shop = Tifuknn::new(known);
    let style =
        ProgressStyle::with_template("TIFUKNN {wide_bar} {pos}/{len}").unwrap_or_else(|_| ProgressStyle::default_bar());
    let progress = ProgressBar::new(cases.len() as u64).with_style(style);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut ranked: Vec<Vec<(&str, f32)>> = vec![Vec::new(); cases.len()];
    let share = cases.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        for (cases, ranked) in cases.chunks(share).zip(ranked.chunks_mut(share)) {
            let (shop, progress) = (&shop, &progress);
            scope.spawn(move || {
                for (case, ranked) in cases.iter().zip(ranked) {
                    *ranked = shop.rank(case.orders, K);
                    progress.inc(1);
                }
            });
        }
    });
    progress.finish_and_clear();
    let mut metrics = Metrics::default();
    cases.iter().zip(&ranked).for_each(|(case, ranked)| metrics.add(ranked, &case.truth, false));
    metrics
}
