//! What is ordered together: pairs of items, counted by customers, so that one regular makes no rule.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::customer::Order;

/// Counts pairs in one pass over the shop's orders. The pairs are a bounded sketch, lossy counting (Manku and Motwani, 2002) with a
/// bound on its size: when it is full, the rarest go, and a pair that comes again later counts from then on.
#[derive(Default)]
pub struct PairCounts {
    numbers: HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
    /// Customers who have had the item, by its number.
    had: Vec<u32>,
    pairs: HashMap<(u32, u32), Count>,
    /// How many a pair may have had before it was noted.
    missed: u32,
    customers: u32,
}

#[derive(Clone, Copy)]
struct Count {
    customers: u32,
    missed: u32,
}

/// Kept pairs, 24 bytes each: 5 MB while it lasts. A menu of 600 items has no more.
const MOST_PAIRS: usize = 200_000;
/// Items of one order that are paired; an order of more is a party or a pantry, where everything goes with everything.
const MOST_ITEMS: usize = 30;
/// Orders of one customer: half a year of somebody who orders daily.
const MOST_ORDERS: usize = 200;

impl PairCounts {
    /// Adds one customer's orders.
    pub fn add_customer(&mut self, orders: &[Order]) {
        if orders.iter().all(|order| order.lines.is_empty()) {
            return;
        }
        self.customers += 1;
        let mut had = HashSet::new();
        let mut pairs = HashSet::new();
        for order in orders.iter().rev().take(MOST_ORDERS) {
            let mut items: Vec<u32> = order.lines.iter().map(|line| self.number(&line.item)).collect();
            items.sort_unstable();
            items.dedup();
            had.extend(items.iter().copied());
            if items.len() > MOST_ITEMS {
                continue;
            }
            for (at, first) in items.iter().enumerate() {
                pairs.extend(items[at + 1..].iter().map(|second| (*first, *second)));
            }
        }
        for item in had {
            if let Some(count) = self.had.get_mut(item as usize) {
                *count += 1;
            }
        }
        for pair in pairs {
            match self.pairs.entry(pair) {
                Entry::Occupied(mut known) => known.get_mut().customers += 1,
                Entry::Vacant(fresh) => drop(fresh.insert(Count { customers: 1, missed: self.missed })),
            }
        }
        while self.pairs.len() > MOST_PAIRS {
            self.missed += 1;
            let missed = self.missed;
            self.pairs.retain(|_, count| count.customers + count.missed > missed);
        }
    }

    fn number(&mut self, item: &str) -> u32 {
        if let Some(number) = self.numbers.get(item) {
            return *number;
        }
        let (number, name): (u32, Arc<str>) = (self.names.len() as u32, item.into());
        self.names.push(name.clone());
        self.numbers.insert(name, number);
        self.had.push(0);
        number
    }

    pub fn finish(self) -> Together {
        let mut together = Together::default();
        for (name, had) in self.names.iter().zip(&self.had) {
            together.had.insert(name.clone(), *had);
        }
        for ((first, second), count) in &self.pairs {
            let name = |number: u32| self.names.get(number as usize).cloned();
            let had = |number: u32| self.had.get(number as usize).copied().unwrap_or(0);
            let (Some(a), Some(b)) = (name(*first), name(*second)) else { continue };
            let expected = had(*first) as f32 * had(*second) as f32 / self.customers as f32;
            let lift = (count.customers as f32 + SHRINKAGE) / (expected + SHRINKAGE);
            if count.customers < SUPPORT || lift < LEAST_LIFT {
                continue;
            }
            let both = count.customers;
            together.add(&a, Partner { with: b.clone(), lift, both });
            together.add(&b, Partner { with: a, lift, both });
        }
        together
    }
}

/// Which items go together, by what this shop's customers do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Together {
    partners: HashMap<Arc<str>, Vec<Partner>>,
    had: HashMap<Arc<str>, u32>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Partner {
    pub with: Arc<str>,
    /// How many times more often than by chance, shrunk towards once.
    pub lift: f32,
    /// Customers who have had both in one order.
    pub both: u32,
}

impl Together {
    /// The strongest first.
    pub(super) fn partners(&self, item: &str) -> &[Partner] {
        self.partners.get(item).map_or(&[], Vec::as_slice)
    }

    /// Customers who have had it.
    pub(super) fn had(&self, item: &str) -> u32 {
        self.had.get(item).copied().unwrap_or(0)
    }

    fn add(&mut self, item: &Arc<str>, partner: Partner) {
        let partners = self.partners.entry(item.clone()).or_default();
        let stronger = |known: &Partner| (known.lift, &partner.with) > (partner.lift, &known.with);
        let at = partners.iter().position(|known| !stronger(known)).unwrap_or(partners.len());
        partners.insert(at, partner);
        partners.truncate(MOST_PARTNERS);
    }
}

/// Customers who must have had both: below five a friend's order is a pattern.
const SUPPORT: u32 = 5;
/// Customers added to what was seen and to what chance expects: a pair of six is pulled half-way to "by chance". At zero the rarest
/// pairs of a shop are its strongest.
const SHRINKAGE: f32 = 5.0;
/// Everybody has the lemonade: what is ordered together about as often as by chance is no hint.
const LEAST_LIFT: f32 = 1.2;
/// Kept of each item; a suggestion takes the first that suits.
const MOST_PARTNERS: usize = 10;
