//! What the whole shop teaches about one customer: how often people come back to an item, and what newcomers to an
//! item take.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::customer::Order;

/// How much the past, the shop and the hour weigh. Not fitted yet to the shop in question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Strength of the shop's prior, in orders. 2 suits a shop of fewer than about 200 repeat customers; on a grocery order
    /// book 12 ranks the first item better and is better calibrated (docs/decisions/0009-likely-order.md). Zero would make
    /// an item bought twice in two orders certain.
    pub prior_orders: f32,
    /// Weight of an order per order that came after it: tastes drift. A judgement until it is fitted per shop;
    /// at 1 a dish dropped a year ago keeps being offered.
    pub recency: f32,
    /// Weight of an order of another part of the day. At 0.2 customers of a made-up shop with a lunch and an evening
    /// habit are offered the habit of the hour in 96 of 100 cases; at 1, which forgets the hour, in 50
    /// (`tests/store/habits.rs`).
    pub other_daypart: f32,
    /// The same for another day of the week. Milder, since weekdays are sevenths of a history and soon too few.
    pub other_weekday: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self { prior_orders: 2.0, recency: 0.95, other_daypart: 0.2, other_weekday: 0.5 }
    }
}

/// Counts over all customers: each one's last order against everything before it.
#[derive(Default)]
pub struct ShopCounts {
    items: HashMap<Arc<str>, ItemCounts>,
    /// Customers with two orders or more.
    customers: u32,
}

#[derive(Clone, Copy, Default)]
struct ItemCounts {
    /// Customers who had the item before their last order.
    had: u32,
    /// Of these, who had it in their last order again.
    rebought: u32,
    /// Customers who had it in their last order and never before.
    first_taken: u32,
}

impl ShopCounts {
    /// Adds one customer's orders, oldest first. A single order teaches nothing about what comes next.
    pub fn add_customer(&mut self, orders: &[Order]) {
        let Some((last, before)) = orders.split_last().filter(|(_, before)| !before.is_empty()) else { return };
        self.customers += 1;
        let before: HashSet<&str> = before.iter().flat_map(|order| &order.lines).map(|line| &*line.item).collect();
        let last: HashSet<&str> = last.lines.iter().map(|line| &*line.item).collect();
        for item in &before {
            let counts = self.item(item);
            counts.had += 1;
            counts.rebought += u32::from(last.contains(item));
        }
        for item in last.difference(&before) {
            self.item(item).first_taken += 1;
        }
    }

    /// `menu`: the items that may be offered.
    pub fn model<I: Into<Arc<str>>>(&self, menu: impl IntoIterator<Item = I>, weights: Weights) -> ShopModel {
        let (had, rebought) = self.items.values().fold((0, 0), |sum, item| (sum.0 + item.had, sum.1 + item.rebought));
        let rebuy_mean = if had == 0 { REBUY_UNKNOWN } else { rebought as f32 / had as f32 };
        let mut items = HashMap::new();
        let mut first_takes = Vec::new();
        for item in menu {
            let item: Arc<str> = item.into();
            let counts = self.items.get(&item).copied().unwrap_or_default();
            let rebuy = (counts.rebought as f32 + REBUY_PRIOR * rebuy_mean) / (counts.had as f32 + REBUY_PRIOR);
            items.insert(item.clone(), rebuy);
            // Some customer has taken it first, so somebody had never had it.
            if counts.first_taken > 0 {
                first_takes.push((item, counts.first_taken as f32 / (self.customers - counts.had) as f32));
            }
        }
        first_takes.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        ShopModel { rebuy: items, first_takes, weights }
    }

    fn item(&mut self, item: &str) -> &mut ItemCounts {
        if !self.items.contains_key(item) {
            self.items.insert(item.into(), ItemCounts::default());
        }
        self.items.entry(item.into()).or_default()
    }
}

/// What one customer's history is read against.
#[derive(Clone, Debug, PartialEq)]
pub struct ShopModel {
    /// The menu, with the chance that someone who had the item has it in their next order.
    rebuy: HashMap<Arc<str>, f32>,
    /// Items of the menu that people take for the first time, with the chance of it, greatest first.
    first_takes: Vec<(Arc<str>, f32)>,
    weights: Weights,
}

impl ShopModel {
    /// `None`: not on the menu.
    pub(super) fn rebuy(&self, item: &str) -> Option<f32> {
        self.rebuy.get(item).copied()
    }

    pub(super) fn first_takes(&self) -> impl Iterator<Item = (&str, f32)> {
        self.first_takes.iter().map(|(item, chance)| (&**item, *chance))
    }

    pub(super) fn weights(&self) -> Weights {
        self.weights
    }
}

/// Customers that the shop's mean rate counts for in an item's own rate (kappa). On the grocery book 5 to 50 differ by
/// less than 0.003 of Recall@10; at 0 an item with one customer is certain or impossible.
const REBUY_PRIOR: f32 = 20.0;
/// Where nobody has ordered twice yet: the mean of the uniform distribution, so that the customer's own orders decide.
const REBUY_UNKNOWN: f32 = 0.5;
