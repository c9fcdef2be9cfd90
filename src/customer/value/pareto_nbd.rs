//! Pareto/NBD: as BG/NBD, but a customer may leave at any time, so silence counts against whoever has ordered once, too.
//!
//! Schmittlein, Morrison and Colombo, "Counting your customers", Management Science 33, 1987; in the form of Fader and
//! Hardie, "A note on deriving the Pareto/NBD model and related expressions", 2005 (below: FH).

use super::ValueError;
use super::error::enough;
use super::simplex::minimise;
use super::special::{hyp2f1, ln_gamma};
use super::summary::{Repeats, grouped, mean_observed_weeks, repeat_buyers};

/// Rates of ordering a week are Gamma(r, alpha), rates of leaving Gamma(s, beta).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParetoNbd {
    pub r: f64,
    /// Weeks.
    pub alpha: f64,
    pub s: f64,
    /// Weeks.
    pub beta: f64,
}

impl ParetoNbd {
    /// The CDNOW customers, as in Fader, Hardie and Lee 2005, table 2: for a shop with too few customers to fit.
    pub const PUBLISHED: ParetoNbd = ParetoNbd { r: 0.553, alpha: 10.578, s: 0.606, beta: 11.669 };

    /// By maximum likelihood.
    pub fn fit(customers: &[Repeats]) -> Result<Self, ValueError> {
        enough(repeat_buyers(customers))?;
        let rows = grouped(customers);
        let cost =
            |[r, alpha, s, beta]: [f64; 4]| -Self { r, alpha, s, beta }.ln_likelihood(&rows) / customers.len() as f64;
        let weeks = mean_observed_weeks(customers).max(1.0);
        let [r, alpha, s, beta] = minimise("Pareto/NBD", [1.0, weeks, 1.0, weeks], cost)?;
        Ok(Self { r, alpha, s, beta })
    }

    /// FH equations 18 to 20, over [`grouped`] rows.
    pub fn ln_likelihood(&self, rows: &[(Repeats, f64)]) -> f64 {
        let Self { r, alpha, s, beta } = *self;
        let shop = r * alpha.ln() + s * beta.ln() - ln_gamma(r);
        let row = |(row, customers): &(Repeats, f64)| {
            let (x, weeks) = (row.x(), row.observed_weeks);
            let still_here = ln_gamma(r + x) - (r + x) * (alpha + weeks).ln() - s * (beta + weeks).ln();
            customers * (shop + still_here + self.left_odds(row).ln_1p())
        };
        rows.iter().map(row).sum()
    }

    /// How much likelier it is that the customer left after their last order than that they are still here.
    fn left_odds(&self, of: &Repeats) -> f64 {
        let Self { r, alpha, s, beta } = *self;
        let (x, observed) = (of.x(), of.observed_weeks);
        let here = (r + x) * (alpha + observed).ln() + s * (beta + observed).ln();
        // The mixture's tail from `weeks` on, as a share of being here. Euler's transformation makes one argument of the
        // 2F1 one, and all terms positive.
        let (larger, gap) = (alpha.max(beta), (alpha - beta).abs());
        let other = if alpha >= beta { r + x } else { s + 1.0 };
        let tail = |weeks: f64| {
            let z = gap / (larger + weeks);
            let power = (other - r - x - s) * (-z).ln_1p();
            (here - (r + s + x) * (larger + weeks).ln() + power).exp() * hyp2f1(1.0, other, r + s + x + 1.0, z)
        };
        (s / (r + s + x) * (tail(of.last_weeks) - tail(observed))).max(0.0)
    }

    /// Chance that the customer has not left (FH equation 31).
    pub fn alive(&self, of: &Repeats) -> f64 {
        1.0 / (1.0 + self.left_odds(of))
    }

    /// Orders to expect in the next `weeks` (FH equation 41).
    pub fn expected_orders(&self, of: &Repeats, weeks: f64) -> f64 {
        let Self { r, alpha, s, beta } = *self;
        let now = beta + of.observed_weeks;
        let rate = (r + of.x()) / (alpha + of.observed_weeks);
        rate * self.alive(of) * now * shrunk(s - 1.0, (weeks / now).ln_1p())
    }
}

/// (1 - e^(-k y)) / k, which at k = 0 is y.
fn shrunk(k: f64, y: f64) -> f64 {
    if k == 0.0 { y } else { -(-k * y).exp_m1() / k }
}
