//! BG/NBD: orders come at random at each customer's own rate, and after any order a customer may be gone for good.
//!
//! Fader, Hardie and Lee, "Counting your customers the easy way: an alternative to the Pareto/NBD model", Marketing
//! Science 24, 2005 (below: FHL).

use super::ValueError;
use super::error::enough;
use super::simplex::minimise;
use super::special::{hyp2f1, ln_beta, ln_gamma};
use super::summary::{Repeats, grouped, mean_observed_weeks, repeat_buyers};

/// Rates of ordering a week are Gamma(r, alpha), chances of leaving after an order Beta(a, b).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BgNbd {
    pub r: f64,
    /// Weeks.
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
}

impl BgNbd {
    /// FHL table 2: the CDNOW customers. What is assumed of a shop with too few customers to fit; after a handful of
    /// orders a customer's own count outweighs it.
    pub const PUBLISHED: BgNbd = BgNbd { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };

    /// By maximum likelihood.
    pub fn fit(customers: &[Repeats]) -> Result<Self, ValueError> {
        enough(repeat_buyers(customers))?;
        let rows = grouped(customers);
        let cost = |[r, alpha, a, b]: [f64; 4]| -Self { r, alpha, a, b }.ln_likelihood(&rows) / customers.len() as f64;
        let start = [1.0, mean_observed_weeks(customers).max(1.0), 1.0, 1.0];
        let [r, alpha, a, b] = minimise("BG/NBD", start, cost)?;
        Ok(Self { r, alpha, a, b })
    }

    /// FHL equation 6, over [`grouped`] rows.
    pub fn ln_likelihood(&self, rows: &[(Repeats, f64)]) -> f64 {
        let Self { r, alpha, a, b } = *self;
        let (mut sum, mut counts) = (0.0, None);
        for (row, customers) in rows {
            let x = row.x();
            // Rows come by ascending count, so the dear functions are needed once a count.
            let (_, of_count) = counts.filter(|(orders, _)| *orders == row.orders).unwrap_or_else(|| {
                let own = ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln();
                (row.orders, own + ln_beta(a, b + x) - ln_beta(a, b))
            });
            counts = Some((row.orders, of_count));
            let still_here = -(r + x) * (alpha + row.observed_weeks).ln();
            sum += customers * (of_count + still_here + self.left_odds(row).ln_1p());
        }
        sum
    }

    /// How much likelier it is that the customer left after their last order than that they are still here; nought for
    /// who has ordered once, since one leaves only after a repeat order (FHL assumption iii).
    fn left_odds(&self, of: &Repeats) -> f64 {
        if of.orders == 0 {
            return 0.0;
        }
        let Self { r, alpha, a, b } = *self;
        let silence = ((alpha + of.observed_weeks) / (alpha + of.last_weeks)).ln();
        (a / (b + of.x() - 1.0)) * ((r + of.x()) * silence).exp()
    }

    /// Chance that the customer has not left (Fader, Hardie and Lee, "Computing P(alive) using the BG/NBD model", 2008).
    /// 1 for whoever has ordered once: of them Pareto/NBD knows more.
    pub fn alive(&self, of: &Repeats) -> f64 {
        1.0 / (1.0 + self.left_odds(of))
    }

    /// Orders to expect in the next `weeks` (FHL equation 10, after Euler's transformation of its 2F1, in which the power
    /// of its last argument cancels with the one before it).
    pub fn expected_orders(&self, of: &Repeats, weeks: f64) -> f64 {
        let Self { r, alpha, a, b } = *self;
        let horizon = alpha + of.observed_weeks + weeks;
        let shrink = (alpha + of.observed_weeks) / horizon;
        // a = 1 would divide nought by nought; the limit is as near as makes no difference.
        let a = if (a - 1.0).abs() < NEAR_ONE { 1.0 + NEAR_ONE } else { a };
        let series = hyp2f1(a - 1.0, a + b - 1.0 - r, a + b + of.x() - 1.0, weeks / horizon);
        let if_alive = (a + b + of.x() - 1.0) / (a - 1.0) * (1.0 - shrink.powf(a - 1.0) * series);
        if_alive * self.alive(of)
    }

    /// Chance of one order or more in the next `weeks`. Who is here leaves only after an order, so until the next one
    /// their orders come at a rate that is Gamma(r + x, alpha + T) (FHL section 4.1).
    pub fn chance_within(&self, of: &Repeats, weeks: f64) -> f64 {
        let now = self.alpha + of.observed_weeks;
        let none = -(self.r + of.x()) * (weeks / now).ln_1p();
        -self.alive(of) * none.exp_m1()
    }
}

/// Seven digits are left where the difference is so small; a customer is told three.
const NEAR_ONE: f64 = 1e-9;
