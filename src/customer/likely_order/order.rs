//! The order to offer.

use jiff::tz::TimeZone;

use super::history::History;
use super::model::ShopModel;
use super::reason::reason;
use crate::base::UnixMillis;
use crate::customer::{Order, OrderLine};

/// The order to offer, with its reason.
#[derive(Clone, Debug, PartialEq)]
pub struct LikelyOrder {
    /// The whole order as it would be placed.
    pub lines: Vec<OrderLine>,
    /// Probability that each of `lines` is in the next order, in the same sequence.
    pub chances: Vec<f32>,
    /// False below three orders or a chance of 0.3: to be offered with "maybe".
    pub sure: bool,
    /// Made from counts, such as "in 7 of the last 8 orders, mostly Friday evening".
    pub reason: String,
}

/// When an order is placed, and what must not be offered then.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// `None`: at an hour not known, when no hour of the past counts for more than another.
    pub now: Option<UnixMillis>,
    /// Where the shop is.
    pub tz: &'a TimeZone,
    /// Items that have run out since the shop's menu was read.
    pub out_of_stock: &'a [String],
    /// Keys of the customer's orders that they complained about: no such order is offered while there is another.
    pub complained: &'a [&'a str],
}

impl<'a> Situation<'a> {
    /// Everything is there, and nobody complained.
    pub fn at(now: Option<UnixMillis>, tz: &'a TimeZone) -> Self {
        Self { now, tz, out_of_stock: &[], complained: &[] }
    }
}

/// What the customer behind `orders` (in any sequence) will likely order now. `None` for someone who has not ordered
/// yet, or nothing that is still on the menu.
pub fn predict(orders: &[Order], shop: &ShopModel, situation: &Situation) -> Option<LikelyOrder> {
    let history = History::new(orders, shop, situation);
    let basket = history.basket();
    if basket.is_empty() {
        return None;
    }
    let mut likely = LikelyOrder {
        lines: Vec::new(),
        chances: Vec::new(),
        sure: history.orders.len() >= SURE_ORDERS
            && basket.iter().all(|item| item.chance >= SURE_CHANCE && !history.is_doubtful(item)),
        reason: reason(&history, &basket),
    };
    for item in &basket {
        for line in history.usual_lines(item.item) {
            likely.lines.push(line);
            likely.chances.push(item.chance);
        }
    }
    Some(likely)
}

/// Fewer orders than this are no habit.
const SURE_ORDERS: usize = 3;
/// Below it the offer is wrong more often than two times in three, and an agent learns to look past it.
const SURE_CHANCE: f32 = 0.3;
