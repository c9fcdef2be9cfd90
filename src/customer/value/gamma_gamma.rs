//! Gamma-Gamma: what an order of a customer is worth on average, from the few that were seen. The shop's mean stands in
//! for what a customer has not shown.
//!
//! Fader and Hardie, "The gamma-gamma model of monetary value", 2013 (below: FH). It takes the value of an order to be
//! independent of how often somebody orders; [`value_and_frequency`] says how far that is from the truth.

use super::ValueError;
use super::error::enough;
use super::simplex::minimise;
use super::special::ln_gamma;
use super::summary::Repeats;

/// Orders of a customer are Gamma(p, nu) in value, and nu of the shop's customers is Gamma(q, v).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaGamma {
    pub p: f64,
    pub q: f64,
    /// In the currency of the orders.
    pub v: f64,
}

impl GammaGamma {
    /// By maximum likelihood, on repeat buyers with a positive mean value: a first order is not part of it, and what was
    /// given away has no place in a Gamma distribution.
    pub fn fit(customers: &[Repeats]) -> Result<Self, ValueError> {
        let rows: Vec<(f64, f64)> = customers.iter().filter_map(priced).collect();
        enough(rows.len())?;
        let mean = rows.iter().map(|(_, value)| value).sum::<f64>() / rows.len() as f64;
        let cost = |[p, q, v]: [f64; 3]| -Self { p, q, v }.ln_likelihood(customers) / rows.len() as f64;
        let [p, q, v] = minimise("Gamma-Gamma", [1.0, 2.0, mean], cost)?;
        Ok(Self { p, q, v })
    }

    /// FH equation 1a, over the repeat buyers.
    pub fn ln_likelihood(&self, customers: &[Repeats]) -> f64 {
        let Self { p, q, v } = *self;
        let shop = q * v.ln() - ln_gamma(q);
        let row = |(x, value): (f64, f64)| {
            shop + ln_gamma(p * x + q) - ln_gamma(p * x) + p * x * (x * value).ln()
                - value.ln()
                - (p * x + q) * (v + x * value).ln()
        };
        customers.iter().filter_map(priced).map(row).sum()
    }

    /// What an order of somebody unknown is worth (FH equation 3); `None` where the tail is so heavy that it has no mean.
    pub fn mean(&self) -> Option<f64> {
        (self.q > 1.0).then(|| self.p * self.v / (self.q - 1.0))
    }

    /// What an order of this customer is worth (FH equation 5): the shop's mean without a repeat order.
    pub fn expected_value(&self, of: &Repeats) -> Option<f64> {
        let (x, value) = priced(of).unwrap_or((0.0, 0.0));
        let weight = self.p * x + self.q - 1.0;
        (weight > 0.0).then(|| self.p * (self.v + x * value) / weight)
    }
}

/// (x, mean value) of a repeat buyer whose orders have a price.
fn priced(of: &Repeats) -> Option<(f64, f64)> {
    let value = of.mean_value.filter(|value| of.orders > 0 && *value > 0.0)?;
    Some((of.x(), value))
}

/// Correlation of value and number of repeat orders. Near nought the model's assumption holds; Fader, Hardie and Lee ("RFM
/// and CLV", Journal of Marketing Research 42, 2005) take .11, the CDNOW customers', to be near enough.
pub fn value_and_frequency(customers: &[Repeats]) -> Option<f64> {
    let rows: Vec<(f64, f64)> = customers.iter().filter_map(priced).collect();
    let n = rows.len() as f64;
    let (mean_x, mean_value) = rows.iter().fold((0.0, 0.0), |sum, row| (sum.0 + row.0 / n, sum.1 + row.1 / n));
    let product =
        |f: fn((f64, f64)) -> f64| rows.iter().map(|row| f((row.0 - mean_x, row.1 - mean_value))).sum::<f64>();
    let both = (product(|(x, _)| x * x) * product(|(_, value)| value * value)).sqrt();
    (both > 0.0).then(|| product(|(x, value)| x * value) / both)
}
