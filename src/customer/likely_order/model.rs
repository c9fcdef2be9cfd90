//! What one customer's history is read against: the shop's rates, its weights, and the calibration of both together.

use std::collections::HashMap;
use std::sync::Arc;

use super::book::OrderBook;
use super::rates::Rates;
use super::weights::{self, Calibration, Weights};

#[derive(Clone, Debug, PartialEq)]
pub struct ShopModel {
    /// The menu, with the chance that someone who had the item has it in their next order.
    rebuy: HashMap<Arc<str>, f32>,
    /// Items of the menu that people take for the first time, with the chance of it, greatest first.
    first_takes: Vec<(Arc<str>, f32)>,
    /// Items of the menu with the share of first orders that hold them, greatest first.
    first_orders: Vec<(Arc<str>, f32)>,
    weights: Weights,
    calibration: Calibration,
    basket: f32,
    orders: f32,
}

impl OrderBook {
    /// With given weights, and nothing calibrated. `menu`: the items that may be offered.
    pub fn model<I: Into<Arc<str>>>(&self, menu: impl IntoIterator<Item = I>, weights: Weights) -> ShopModel {
        ShopModel::new(self, menu, weights, Calibration::default())
    }
}

impl ShopModel {
    pub(super) fn new<I: Into<Arc<str>>>(
        book: &OrderBook,
        menu: impl IntoIterator<Item = I>,
        weights: Weights,
        calibration: Calibration,
    ) -> Self {
        let rates = Rates::of(book, 0);
        let mut rebuy = HashMap::new();
        let (mut first_takes, mut first_orders) = (Vec::new(), Vec::new());
        for item in menu {
            let item: Arc<str> = item.into();
            let counts = book.number(&item).map(|number| rates.items[number]).unwrap_or_default();
            rebuy.insert(item.clone(), rates.rebuy(counts, weights.item_prior));
            if counts.first_taken > 0 {
                first_takes.push((item.clone(), rates.first_take(counts)));
            }
            if counts.first_ordered > 0 {
                first_orders.push((item, counts.first_ordered as f32 / rates.newcomers as f32));
            }
        }
        for shares in [&mut first_takes, &mut first_orders] {
            shares.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        }
        Self { rebuy, first_takes, first_orders, weights, calibration, basket: rates.basket, orders: rates.orders }
    }

    pub fn weights(&self) -> Weights {
        self.weights
    }

    pub fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// How a customer of `orders` orders with `lines` items in all compares with the shop's average.
    pub(super) fn breadth(&self, orders: usize, lines: usize) -> Breadth {
        Breadth::new(orders, lines, self.basket, self.orders)
    }

    /// The prior chance of an item for a customer of this breadth; `None`: not on the menu.
    pub(super) fn rebuy(&self, item: &str, breadth: &Breadth) -> Option<f32> {
        Some(breadth.prior(*self.rebuy.get(item)?, self.weights.breadth))
    }

    pub(super) fn calibrated(&self, chance: f32, at_any_time: bool) -> f32 {
        let [intercept, slope] = if at_any_time { self.calibration.own_at_any_time } else { self.calibration.own };
        weights::chance(intercept + slope * weights::log_odds(chance))
    }

    /// Items never had, likeliest first, with the chance for a customer of this breadth.
    pub(super) fn first_takes(&self, breadth: &Breadth) -> impl Iterator<Item = (&str, f32)> {
        let [intercept, slope, by_basket] = self.calibration.fresh;
        let base = intercept + by_basket * f64::from(breadth.basket.ln());
        self.first_takes
            .iter()
            .map(move |(item, share)| (&**item, weights::chance(base + slope * weights::log_odds(*share))))
    }

    /// What people order who have never ordered before.
    pub(super) fn first_orders(&self) -> impl Iterator<Item = (&str, f32)> {
        self.first_orders.iter().map(|(item, share)| (&**item, *share))
    }
}

/// A customer beside the shop's average: 1 is the average.
#[derive(Clone, Copy, Debug)]
pub(super) struct Breadth {
    /// Items in an order.
    pub basket: f32,
    /// Orders so far.
    orders: f32,
}

impl Breadth {
    pub fn new(orders: usize, lines: usize, mean_basket: f32, mean_orders: f32) -> Self {
        let basket = (lines as f32 / mean_basket + BASKET_PRIOR) / (orders as f32 + BASKET_PRIOR);
        Self { basket, orders: orders as f32 / mean_orders }
    }

    /// The odds of `rebuy`, times (basket / orders) to the power `exponent`.
    pub fn prior(&self, rebuy: f32, exponent: f32) -> f32 {
        if exponent == 0.0 {
            return rebuy;
        }
        let odds = (self.basket / self.orders).powf(exponent);
        rebuy * odds / (1.0 - rebuy + rebuy * odds)
    }
}

/// Orders that the shop's mean basket counts for in a customer's own. Without it a single large order makes a large
/// household; on the grocery book 1 to 4 make no difference.
const BASKET_PRIOR: f32 = 2.0;
