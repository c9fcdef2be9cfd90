//! What a prediction weighs, and how its chances are calibrated: fitted to the shop by [`super::OrderBook::fitted`].

/// How much the past, the shop and the hour weigh. The default is for a shop too young for a fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Strength of the shop's prior, in orders. 2 lets a young shop's customers speak for themselves; a grocery order book
    /// asks for 12 (docs/decisions/0009-likely-order.md). Zero would make an item bought twice in two orders certain.
    pub prior_orders: f32,
    /// Weight of an order per order that came after it: tastes drift. At 1 a dish dropped a year ago keeps being offered.
    pub recency: f32,
    /// Weight of an order of another part of the day. At 0.2 customers of a made-up shop with a lunch and an evening
    /// habit are offered the habit of the hour in 96 of 100 cases; at 1, which forgets the hour, in 50
    /// (`tests/store/habits.rs`).
    pub other_daypart: f32,
    /// The same for another day of the week. Milder, since weekdays are sevenths of a history and soon too few.
    pub other_weekday: f32,
    /// Customers that the shop's mean rate counts for in an item's own rate (kappa). At 0 an item with one customer is
    /// certain or impossible.
    pub item_prior: f32,
    /// How the odds of coming back to an item follow the breadth of a customer's orders: their usual number of items, over
    /// how many orders these were spread. Whoever has had a hundred items comes back to a smaller share of them. At 0 the
    /// breadth does not count.
    pub breadth: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            prior_orders: 2.0,
            recency: 0.95,
            other_daypart: 0.2,
            other_weekday: 0.5,
            item_prior: 20.0,
            breadth: 0.0,
        }
    }
}

/// From the model's chance to the share that comes true (Platt scaling on log-odds). The default changes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Of items had before, where the hour is known: intercept and slope.
    pub own: [f64; 2],
    /// Of items had before, where it is not.
    pub own_at_any_time: [f64; 2],
    /// Of items never had before: intercept, slope, and the slope on the logarithm of the basket's size.
    pub fresh: [f64; 3],
}

impl Default for Calibration {
    fn default() -> Self {
        Self { own: [0.0, 1.0], own_at_any_time: [0.0, 1.0], fresh: [0.0, 1.0, 0.0] }
    }
}

pub(super) fn log_odds(chance: f32) -> f64 {
    // Half a chance in a million: what the rounding of f32 leaves of a certainty.
    let chance = f64::from(chance).clamp(5e-7, 1.0 - 5e-7);
    (chance / (1.0 - chance)).ln()
}

pub(super) fn chance(log_odds: f64) -> f32 {
    (1.0 / (1.0 + (-log_odds).exp())) as f32
}
