//! Fitting the weights and the calibration to the shop: by log-loss on everyone's last order, with rates that are those
//! of the time before it.
//!
//! Only the items that the weights at the start rank among a customer's first ten count: they are what is offered. The log-loss
//! over all that people ever had would be ruled by a long tail that nobody is shown.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::book::OrderBook;
use super::examples::{Examples, Hour};
use super::logistic::{fit, log_loss};
use super::model::ShopModel;
use super::rates::Rates;
use super::weights::{Calibration, Weights};

impl OrderBook {
    /// With weights and calibration fitted to these orders; with the defaults below 200 customers who came back. `menu`:
    /// the items that may be offered; `tz`: where the shop is. Work and memory are bounded by 10,000 last orders.
    pub fn fitted<I: Into<Arc<str>>>(&self, menu: impl IntoIterator<Item = I>, tz: &TimeZone) -> ShopModel {
        let (weights, calibration) = self.fit(tz).unwrap_or_default();
        ShopModel::new(self, menu, weights, calibration)
    }

    fn fit(&self, tz: &TimeZone) -> Option<(Weights, Calibration)> {
        let rates = Rates::of(self, 1);
        let examples = Examples::of(self, &rates, tz);
        if examples.len() < CUSTOMERS {
            return None;
        }
        let weights = search(&examples)?;
        let own = fit(&examples.own(&weights, Hour::Known), IDENTITY)?;
        let own_at_any_time = fit(&examples.own(&weights, Hour::Unknown), IDENTITY)?;
        // A shop where nobody ever tries anything new has no such chances to correct.
        let fresh = fit(&examples.fresh(), [0.0, 1.0, 0.0]).filter(|[_, slope, _]| *slope > 0.0);
        let fresh = fresh.unwrap_or(Calibration::default().fresh);
        let rising = own[1] > 0.0 && own_at_any_time[1] > 0.0;
        rising.then_some((weights, Calibration { own, own_at_any_time, fresh }))
    }
}

/// Coordinate descent with steps that are halved where none helps (Hooke and Jeeves, 1961).
fn search(examples: &Examples) -> Option<Weights> {
    let mut calibration = IDENTITY;
    let mut loss = |at: &[f64; DIMENSIONS]| {
        let rows = examples.own(&weights(at), Hour::Known);
        calibration = fit(&rows, calibration).or_else(|| fit(&rows, IDENTITY))?;
        Some(log_loss(&rows, &calibration))
    };
    let mut at: [f64; DIMENSIONS] = SPACE.map(|axis| axis.start);
    let mut best = loss(&at)?;
    let mut step = 1.0;
    for _ in 0..HALVINGS {
        loop {
            let before = best;
            for (n, axis) in SPACE.iter().enumerate() {
                for direction in [step, -step] {
                    let mut next = at;
                    next[n] = (at[n] + direction * axis.step).clamp(axis.least, axis.most);
                    if let Some(loss) = loss(&next).filter(|loss| *loss < best - WORTH_A_STEP) {
                        (best, at) = (loss, next);
                        break;
                    }
                }
            }
            if before - best < WORTH_A_ROUND {
                break;
            }
        }
        step /= 2.0;
    }
    Some(weights(&at))
}

/// A weight in the scale in which it is searched.
struct Axis {
    start: f64,
    step: f64,
    least: f64,
    most: f64,
}

const DIMENSIONS: usize = 6;
/// Strength, decay of recency, both contexts and the items' prior in logarithms; the last is the exponent of the breadth. Beyond
/// the ends a shop's orders tell the difference no more, and a fit to a few hundred of them must not run away.
const SPACE: [Axis; DIMENSIONS] = [
    Axis { start: 1.8, step: 0.7, least: -0.7, most: 4.0 },
    Axis { start: -0.05, step: 0.04, least: -0.7, most: 0.0 },
    Axis { start: -0.7, step: 0.7, least: -4.6, most: 0.0 },
    Axis { start: -0.35, step: 0.35, least: -4.6, most: 0.0 },
    Axis { start: 3.0, step: 0.7, least: 0.0, most: 6.0 },
    Axis { start: 0.1, step: 0.1, least: 0.0, most: 0.6 },
];

fn weights(at: &[f64; DIMENSIONS]) -> Weights {
    let [prior_orders, recency, other_daypart, other_weekday, item_prior, breadth] = at.map(|x| x as f32);
    Weights {
        prior_orders: prior_orders.exp(),
        recency: recency.exp(),
        other_daypart: other_daypart.exp(),
        other_weekday: other_weekday.exp(),
        item_prior: item_prior.exp(),
        breadth,
    }
}

/// Calibration that changes nothing: intercept and slope.
const IDENTITY: [f64; 2] = [0.0, 1.0];
/// Customers with two orders or more below whom the defaults are surer than a fit.
const CUSTOMERS: usize = 200;
/// Steps down to an eighth: finer ones move no figure of the grocery book in its third decimal.
const HALVINGS: usize = 4;
/// Nats an item. Less is rounding: a shop without hours would drift to weights for them.
const WORTH_A_STEP: f64 = 1e-7;
/// Nats an item. A tenth of what the last figures printed show.
const WORTH_A_ROUND: f64 = 1e-5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::UnixMillis;
    use crate::customer::{Order, OrderLine, Taken};

    const HOUR_MS: i64 = 3_600_000;

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    fn mix(seed: u64) -> u64 {
        let z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Of the customer's own, a dish for noon and another for the evening; one order in four is of any dish.
    fn customer(number: u64, by_hour: bool) -> Vec<Order> {
        let order = |n: i64| {
            let draw = mix(1000 * number + n as u64 + 1);
            let (noon, any) = (draw & 1 == 0, draw & 6 == 0);
            let item = if any { (draw >> 8) % 10 } else { mix(2 * number + u64::from(by_hour && noon)) % 10 };
            let at = UnixMillis((n * 24 + if noon { 12 } else { 19 }) * HOUR_MS + HOUR_MS / 2);
            let line = OrderLine { item: item.to_string(), quantity: 1, modifiers: Vec::new() };
            Order { order: n.to_string(), at, lines: vec![line], taken: Taken::default() }
        };
        (0..12).map(order).collect()
    }

    fn fitted(customers: u64, by_hour: bool) -> ShopModel {
        let mut book = OrderBook::default();
        (0..customers).for_each(|number| book.add_customer(&customer(number, by_hour)));
        book.fitted((0..10).map(|n| n.to_string()), &TimeZone::UTC)
    }

    #[test]
    fn a_shop_learns_whether_the_hour_decides() {
        let (by_hour, blind) = (fitted(400, true).weights(), fitted(400, false).weights());
        assert!(by_hour.other_daypart < 0.2, "{by_hour:?}");
        assert!(blind.other_daypart > 2.0 * by_hour.other_daypart, "{blind:?}");
    }

    #[test]
    fn a_young_shop_keeps_the_defaults() {
        let young = fitted(CUSTOMERS as u64 - 1, true);
        assert_eq!((young.weights(), young.calibration()), (Weights::default(), Calibration::default()));
    }
}
