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

/// What the customer behind `orders` (in any sequence) will likely order `now`. `None` for someone who has not
/// ordered yet, or nothing that is still on the menu. `tz`: where the shop is.
pub fn predict(orders: &[Order], shop: &ShopModel, now: UnixMillis, tz: &TimeZone) -> Option<LikelyOrder> {
    let history = History::new(orders, shop, now, tz);
    let basket = history.basket();
    if basket.is_empty() {
        return None;
    }
    let mut likely = LikelyOrder {
        lines: Vec::new(),
        chances: Vec::new(),
        sure: history.orders.len() >= SURE_ORDERS && basket.iter().all(|item| item.chance >= SURE_CHANCE),
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
