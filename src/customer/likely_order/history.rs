//! One customer's orders, weighed: how likely each item is in the next one.
//!
//! For an item the customer has had, p = (s m + sum w_t x_t) / (s + sum w_t) over the orders t after its first, where
//! x_t tells whether t holds it, m is the shop's rate and s its strength: the posterior mean of a Beta-Binomial.
//! For any other item, the share of those who took it first in their last order. Both are calibrated to the shop.

use std::collections::HashMap;

use super::model::{Breadth, ShopModel};
use super::moment::Moment;
use super::order::Situation;
use crate::customer::Order;

/// An item of the menu and the probability that it is in the next order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chance<'a> {
    pub item: &'a str,
    pub chance: f32,
}

/// The `top` most likely items of the menu, likeliest first, items never had included. `orders` in any sequence. Without
/// any, what people order first.
pub fn rank<'a>(orders: &'a [Order], shop: &'a ShopModel, situation: &Situation, top: usize) -> Vec<Chance<'a>> {
    let history = History::new(orders, shop, situation);
    let in_stock = |item: &str| !situation.out_of_stock.iter().any(|out| out == item);
    let mut ranked = history.chances.clone();
    if history.orders.is_empty() {
        let first = shop.first_orders().filter(|(item, _)| in_stock(item));
        ranked.extend(first.take(top).map(|(item, chance)| Chance { item, chance }));
    } else {
        let fresh = shop.first_takes(&history.breadth).filter(|(item, _)| history.number(item).is_none());
        ranked.extend(fresh.filter(|(item, _)| in_stock(item)).take(top).map(|(item, chance)| Chance { item, chance }));
    }
    ranked.sort_by(|a, b| b.chance.total_cmp(&a.chance).then_with(|| a.item.cmp(b.item)));
    ranked.truncate(top);
    ranked
}

/// The orders oldest first, with what the prediction needs of each.
pub(super) struct History<'a> {
    pub orders: Vec<Weighed<'a>>,
    /// Every item on the menu that the customer has had, likeliest first.
    pub chances: Vec<Chance<'a>>,
    /// Items to their number in `Weighed::items`, those off the menu included.
    index: HashMap<&'a str, usize>,
    pub breadth: Breadth,
}

pub(super) struct Weighed<'a> {
    pub order: &'a Order,
    pub weight: f32,
    pub moment: Option<Moment>,
    /// Numbers of the items in it, ascending, each once.
    pub items: Vec<usize>,
    /// The customer complained about it.
    pub complained: bool,
}

impl<'a> History<'a> {
    pub fn new(orders: &'a [Order], shop: &ShopModel, situation: &Situation) -> Self {
        let mut sorted: Vec<&Order> = orders.iter().filter(|order| !order.lines.is_empty()).collect();
        sorted.sort_by(|a, b| (a.at, &a.order).cmp(&(b.at, &b.order)));
        let mut index = HashMap::new();
        let present = situation.now.and_then(|now| Moment::at(now, situation.tz));
        let mut lines = 0;
        let mut recency = 1.0;
        let mut weighed: Vec<Weighed> = Vec::with_capacity(sorted.len());
        for order in sorted.into_iter().rev() {
            let mut items: Vec<usize> = Vec::with_capacity(order.lines.len());
            for line in &order.lines {
                let next = index.len();
                items.push(*index.entry(line.item.as_str()).or_insert(next));
            }
            items.sort_unstable();
            items.dedup();
            lines += items.len();
            let moment = Moment::at(order.at, situation.tz);
            let complained = situation.complained.contains(&order.order.as_str());
            weighed.push(Weighed {
                order,
                weight: recency * context(shop, present, moment),
                moment,
                items,
                complained,
            });
            recency *= shop.weights().recency;
        }
        weighed.reverse();
        let breadth = shop.breadth(weighed.len(), lines);
        let mut history = Self { orders: weighed, chances: Vec::new(), index, breadth };
        history.chances = history.own_chances(shop, situation);
        history
    }

    /// The number of an item that the customer has had.
    pub fn number(&self, item: &str) -> Option<usize> {
        self.index.get(item).copied()
    }

    /// Whether an order that the customer complained about held it.
    pub fn is_doubtful(&self, chance: &Chance) -> bool {
        let held = |number| self.orders.iter().any(|order| order.complained && order.items.contains(&number));
        self.number(chance.item).is_some_and(held)
    }

    fn own_chances(&self, shop: &ShopModel, situation: &Situation) -> Vec<Chance<'a>> {
        // From the newest order to the oldest: what was summed up to an item's oldest order is what came after it.
        #[derive(Clone, Copy, Default)]
        struct Sums {
            took: f32,
            took_after_first: f32,
            all_after_first: f32,
        }
        let mut sums = vec![Sums::default(); self.index.len()];
        let mut all = 0.0;
        for order in self.orders.iter().rev() {
            for &item in &order.items {
                let sum = &mut sums[item];
                sum.took_after_first = sum.took;
                sum.all_after_first = all;
                sum.took += order.weight;
            }
            all += order.weight;
        }
        let strength = shop.weights().prior_orders;
        let chance = |(item, number): (&&'a str, &usize)| {
            let sum = sums[*number];
            if situation.out_of_stock.iter().any(|out| out == item) {
                return None;
            }
            let rebuy = shop.rebuy(item, &self.breadth)?;
            let chance = (strength * rebuy + sum.took_after_first) / (strength + sum.all_after_first);
            Some(Chance { item, chance: shop.calibrated(chance, situation.now.is_none()) })
        };
        let mut chances: Vec<Chance> = self.index.iter().filter_map(chance).collect();
        chances.sort_by(|a, b| b.chance.total_cmp(&a.chance).then_with(|| a.item.cmp(b.item)));
        chances
    }
}

/// How much an order says about one placed now, by weekday and hour alone. Nothing is held against an unknown hour.
fn context(shop: &ShopModel, now: Option<Moment>, then: Option<Moment>) -> f32 {
    let weights = shop.weights();
    let (Some(now), Some(then)) = (now, then) else { return 1.0 };
    let daypart = if now.same_daypart(then) { 1.0 } else { weights.other_daypart };
    let weekday = if now.weekday == then.weekday { 1.0 } else { weights.other_weekday };
    daypart * weekday
}
