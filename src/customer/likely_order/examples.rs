//! Everyone's last order as a question whose answer is known: was this item in it?

use jiff::tz::TimeZone;

use super::book::OrderBook;
use super::model::Breadth;
use super::moment::Moment;
use super::rates::{ItemCounts, Rates};
use super::weights::{Weights, log_odds};

/// At most [`CUSTOMERS`] of the shop's, evenly drawn.
pub(super) struct Examples<'a> {
    rates: &'a Rates,
    customers: Vec<Customer>,
}

struct Customer {
    breadth: Breadth,
    /// Of each order before the last, newest first.
    likeness: Vec<Likeness>,
    /// Items had before.
    own: Vec<Own>,
    /// The likeliest of those never had: the shop's chance, and whether it came.
    fresh: Vec<(f32, bool)>,
}

/// How the moment of an order is like that of the last one. Nothing is held against an unknown moment.
#[derive(Clone, Copy)]
struct Likeness {
    daypart: bool,
    weekday: bool,
}

struct Own {
    counts: ItemCounts,
    /// Bit t: the order of age t holds the item.
    ages: u64,
    came: bool,
}

/// Whether a prediction knows when the order is placed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hour {
    Known,
    Unknown,
}

impl<'a> Examples<'a> {
    /// `rates`: of the orders before the last.
    pub fn of(book: &OrderBook, rates: &'a Rates, tz: &TimeZone) -> Self {
        let repeat: Vec<usize> = (0..book.customers()).filter(|customer| book.orders(*customer).len() >= 2).collect();
        let first_takes = likeliest_first_takes(rates);
        let drawn = repeat.len().min(CUSTOMERS);
        let customer = |n: usize| Customer::new(book, repeat[n * repeat.len() / drawn], rates, &first_takes, tz);
        Self { rates, customers: (0..drawn).map(customer).collect() }
    }

    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Of items had before: one and the log-odds of the uncalibrated chance; and whether it came.
    pub fn own(&self, weights: &Weights, hour: Hour) -> Vec<([f64; 2], bool)> {
        let mut rows = Vec::with_capacity(self.customers.len() * SHOWN);
        for customer in &self.customers {
            let weighed = customer.weighed(weights, hour);
            rows.extend(customer.own.iter().map(|own| {
                let rebuy = self.rates.rebuy(own.counts, weights.item_prior);
                let prior = customer.breadth.prior(rebuy, weights.breadth);
                ([1.0, log_odds(own.chance(&weighed, prior, weights.prior_orders))], own.came)
            }));
        }
        rows
    }

    /// Of items never had: one, the log-odds of the shop's chance, the logarithm of the basket's size; and whether it came.
    pub fn fresh(&self) -> Vec<([f64; 3], bool)> {
        let rows = self.customers.iter().flat_map(|customer| {
            let basket = f64::from(customer.breadth.basket.ln());
            customer.fresh.iter().map(move |(share, came)| ([1.0, log_odds(*share), basket], *came))
        });
        rows.collect()
    }
}

impl Customer {
    fn new(book: &OrderBook, customer: usize, rates: &Rates, first_takes: &[(u32, f32)], tz: &TimeZone) -> Self {
        let orders = book.orders(customer);
        let last = orders.end - 1;
        let before = orders.start..last;
        let lines: usize = before.clone().map(|order| book.items(order).len()).sum();
        let now = Moment::at(book.at(last), tz);
        let recent: Vec<usize> = before.clone().rev().take(u64::BITS as usize).collect();
        let mut ages: Vec<(u32, u32)> = Vec::new();
        for (age, order) in recent.iter().enumerate() {
            ages.extend(book.items(*order).iter().map(|item| (*item, age as u32)));
        }
        ages.sort_unstable();
        let came = |item: u32| book.items(last).binary_search(&item).is_ok();
        let own = ages.chunk_by(|a, b| a.0 == b.0).map(|of| Own {
            counts: rates.items[of[0].0 as usize],
            ages: of.iter().fold(0, |bits, (_, age)| bits | 1 << age),
            came: came(of[0].0),
        });
        let had = |item: u32| before.clone().any(|order| book.items(order).binary_search(&item).is_ok());
        let fresh = first_takes.iter().filter(|(item, _)| !had(*item)).take(SHOWN);
        let mut customer = Self {
            breadth: Breadth::new(before.len(), lines, rates.basket, rates.orders),
            likeness: recent.iter().map(|order| Likeness::of(now, Moment::at(book.at(*order), tz))).collect(),
            own: own.collect(),
            fresh: fresh.map(|(item, share)| (*share, came(*item))).collect(),
        };
        customer.keep_likeliest(rates);
        customer
    }

    /// Leaves the items that a list would show.
    fn keep_likeliest(&mut self, rates: &Rates) {
        let weights = Weights::default();
        let weighed = self.weighed(&weights, Hour::Known);
        let chance =
            |own: &Own| own.chance(&weighed, rates.rebuy(own.counts, weights.item_prior), weights.prior_orders);
        self.own.sort_by(|a, b| chance(b).total_cmp(&chance(a)));
        self.own.truncate(SHOWN);
    }

    fn weighed(&self, weights: &Weights, hour: Hour) -> Weighed {
        let mut weighed = Weighed { orders: Vec::with_capacity(self.likeness.len()), newer: Vec::new() };
        let (mut recency, mut sum) = (1.0, 0.0);
        for like in &self.likeness {
            let daypart = if like.daypart || hour == Hour::Unknown { 1.0 } else { weights.other_daypart };
            let weekday = if like.weekday || hour == Hour::Unknown { 1.0 } else { weights.other_weekday };
            let weight = recency * daypart * weekday;
            weighed.orders.push(weight);
            weighed.newer.push(sum);
            sum += weight;
            recency *= weights.recency;
        }
        weighed
    }
}

/// By age.
struct Weighed {
    /// The weight of an order.
    orders: Vec<f32>,
    /// The weight of all orders that came after it.
    newer: Vec<f32>,
}

impl Own {
    /// As in `history.rs`, from bits.
    fn chance(&self, weighed: &Weighed, prior: f32, strength: f32) -> f32 {
        let first = self.ages.ilog2();
        let mut after_first = self.ages & !(1 << first);
        let mut took = 0.0;
        while after_first != 0 {
            took += weighed.orders[after_first.trailing_zeros() as usize];
            after_first &= after_first - 1;
        }
        (strength * prior + took) / (strength + weighed.newer[first as usize])
    }
}

impl Likeness {
    fn of(now: Option<Moment>, then: Option<Moment>) -> Self {
        let (Some(now), Some(then)) = (now, then) else { return Self { daypart: true, weekday: true } };
        Self { daypart: now.same_daypart(then), weekday: now.weekday == then.weekday }
    }
}

/// Enough that some are left of whom a customer has had most.
fn likeliest_first_takes(rates: &Rates) -> Vec<(u32, f32)> {
    let mut shares: Vec<(u32, f32)> =
        rates.items.iter().enumerate().map(|(item, counts)| (item as u32, rates.first_take(*counts))).collect();
    shares.retain(|(_, share)| *share > 0.0);
    shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    shares.truncate(FIRST_TAKES);
    shares
}

/// Last orders that a fit reads. Its figures of the grocery book are those of all 13,858.
const CUSTOMERS: usize = 10_000;
/// Items of each kind that a list shows.
const SHOWN: usize = 10;
const FIRST_TAKES: usize = 100;
