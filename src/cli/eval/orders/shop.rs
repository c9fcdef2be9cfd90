//! A made-up shop whose customers' habits are known: by its seed the same on every machine.

use std::collections::HashSet;

use jiff::civil::date;
use jiff::tz::TimeZone;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::Customer;
use crate::base::UnixMillis;
use crate::customer::{Order, OrderLine, Taken};

pub struct Shop {
    pub customers: Vec<Customer>,
    /// What may be offered: three items have been taken off.
    pub menu: HashSet<String>,
}

/// What makes a customer order what they order, and how many of a thousand are so.
#[derive(Clone, Copy)]
enum Kind {
    /// One basket, nearly always.
    Habit,
    /// One for lunch, another for the evening.
    Context,
    /// One basket until some day, then another.
    Drift,
    /// Two people on one number, each with a basket.
    Shared,
    /// One basket in the warm months, another in the cold.
    Seasonal,
    /// Something else every time.
    Irregular,
}

const KINDS: [(Kind, &str, usize); 6] = [
    (Kind::Habit, "habit", 350),
    (Kind::Context, "context", 250),
    (Kind::Drift, "drift", 120),
    (Kind::Shared, "shared", 100),
    (Kind::Seasonal, "seasonal", 80),
    (Kind::Irregular, "irregular", 100),
];

impl Shop {
    pub fn new(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let items: Vec<String> = (1..=ITEMS).map(|n| format!("item {n:02}")).collect();
        let gone: HashSet<usize> = std::iter::repeat_with(|| random.random_range(0..ITEMS)).take(GONE).collect();
        let mut customers = Vec::new();
        for (kind, name, count) in KINDS {
            for n in 0..count {
                let orders = Habits::new(kind, &gone, &mut random).orders(&items, &mut random);
                customers.push(Customer { id: format!("{name}-{n:03}"), kind: name, orders });
            }
        }
        let menu = items.into_iter().enumerate().filter(|(n, _)| !gone.contains(n)).map(|(_, item)| item).collect();
        Self { customers, menu }
    }
}

struct Habits<'a> {
    kind: Kind,
    gone: &'a HashSet<usize>,
    baskets: [Vec<usize>; 2],
    /// When a drifting customer changes, in days from the start.
    change_day: i64,
    /// How often the habit decides, and how often its basket has something changed.
    faithful: f64,
    altered: f64,
}

impl<'a> Habits<'a> {
    fn new(kind: Kind, gone: &'a HashSet<usize>, random: &mut StdRng) -> Self {
        Self {
            kind,
            gone,
            baskets: [basket(random), basket(random)],
            change_day: random.random_range(DAYS / 4..DAYS * 3 / 4),
            faithful: random.random_range(0.85..0.95),
            altered: random.random_range(0.05..0.2),
        }
    }

    fn orders(&self, items: &[String], random: &mut StdRng) -> Vec<Order> {
        let count = random.random_range(3..=40);
        let mut days: Vec<i64> = (0..count).map(|_| random.random_range(0..DAYS)).collect();
        days.sort_unstable();
        days.dedup();
        let order = |day: i64| {
            let lunch = random.random_bool(0.4);
            let basket = self.basket(day, lunch, random);
            let (hour, minute) = (if lunch { 11 } else { 18 } + random.random_range(0..3), random.random_range(0..60));
            let line = |item: usize| OrderLine { item: items[item].clone(), quantity: 1, modifiers: Vec::new() };
            Order {
                order: format!("{day:03}"),
                at: at(day, hour, minute),
                lines: basket.into_iter().map(line).collect(),
                taken: Taken::default(),
            }
        };
        days.into_iter().map(order).collect()
    }

    fn basket(&self, day: i64, lunch: bool, random: &mut StdRng) -> Vec<usize> {
        let which = match self.kind {
            Kind::Habit => 0,
            Kind::Context => usize::from(lunch),
            Kind::Drift => usize::from(day >= self.change_day),
            Kind::Shared => usize::from(random.random_bool(0.4)),
            Kind::Seasonal => usize::from((90..270).contains(&day)),
            Kind::Irregular => return self.available(day, basket(random), random),
        };
        if !random.random_bool(self.faithful) {
            return self.available(day, basket(random), random);
        }
        let mut items = self.baskets[which].clone();
        if random.random_bool(self.altered) {
            let n = random.random_range(0..=items.len());
            match items.get_mut(n) {
                Some(item) => *item = popular(random),
                None => items.push(popular(random)),
            }
        }
        self.available(day, items, random)
    }

    /// What has gone off the menu by that day is replaced, by each customer in their own way.
    fn available(&self, day: i64, mut items: Vec<usize>, random: &mut StdRng) -> Vec<usize> {
        for item in &mut items {
            while day >= OFF_MENU_DAY && self.gone.contains(item) {
                *item = popular(random);
            }
        }
        items.sort_unstable();
        items.dedup();
        items
    }
}

fn basket(random: &mut StdRng) -> Vec<usize> {
    let size = *[1, 1, 2, 2, 3, 4].choose(random).unwrap_or(&1);
    let mut items: Vec<usize> = (0..size).map(|_| popular(random)).collect();
    items.sort_unstable();
    items.dedup();
    items
}

/// An item, the first ones far more often than the last.
fn popular(random: &mut StdRng) -> usize {
    let share: f64 = random.random_range(0.0..1.0);
    ((share * share * ITEMS as f64) as usize).min(ITEMS - 1)
}

fn at(day: i64, hour: i64, minute: i64) -> UnixMillis {
    let start = date(2025, 1, 1).to_zoned(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_millisecond());
    UnixMillis(start + ((day * 24 + hour) * 60 + minute) * 60_000)
}

const ITEMS: usize = 40;
const GONE: usize = 3;
const DAYS: i64 = 360;
const OFF_MENU_DAY: i64 = 250;
