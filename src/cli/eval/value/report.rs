//! The figures of `regulars eval value`, for a person and as JSON.

use std::fmt;

use super::holdout::Holdout;
use crate::customer::value::gamma_gamma::value_and_frequency;
use crate::customer::value::{BgNbd, GammaGamma, ParetoNbd, Repeats, grouped};

#[derive(serde::Serialize)]
pub struct Report {
    customers: usize,
    repeat_buyers: usize,
    models: Vec<Model>,
    /// Of an order of anybody; in the currency of the file.
    mean_value: Option<f64>,
    /// Correlation of value and number of repeat orders; the Gamma-Gamma model takes it to be nought.
    value_and_frequency: Option<f64>,
    /// Of the papers' customer: x = 2, t_x = 30.43, T = 38.86.
    expected_orders_39_weeks: [f64; 2],
    alive: [f64; 2],
    holdout: Option<Holdout>,
}

#[derive(serde::Serialize)]
struct Model {
    name: &'static str,
    parameters: Vec<(&'static str, f64)>,
    ln_likelihood: f64,
}

const EXAMPLE: Repeats = Repeats { orders: 2, last_weeks: 30.43, observed_weeks: 38.86, mean_value: None };

impl Report {
    pub fn new(
        customers: &[Repeats],
        bg_nbd: BgNbd,
        pareto_nbd: ParetoNbd,
        gamma_gamma: Option<GammaGamma>,
        holdout: Option<Holdout>,
    ) -> Self {
        let rows = grouped(customers);
        let BgNbd { r, alpha, a, b } = bg_nbd;
        let mut models = vec![Model {
            name: "BG/NBD",
            parameters: vec![("r", r), ("alpha", alpha), ("a", a), ("b", b)],
            ln_likelihood: bg_nbd.ln_likelihood(&rows),
        }];
        let ParetoNbd { r, alpha, s, beta } = pareto_nbd;
        models.push(Model {
            name: "Pareto/NBD",
            parameters: vec![("r", r), ("alpha", alpha), ("s", s), ("beta", beta)],
            ln_likelihood: pareto_nbd.ln_likelihood(&rows),
        });
        models.extend(gamma_gamma.map(|model| Model {
            name: "Gamma-Gamma",
            parameters: vec![("p", model.p), ("q", model.q), ("v", model.v)],
            ln_likelihood: model.ln_likelihood(customers),
        }));
        Self {
            customers: customers.len(),
            repeat_buyers: customers.iter().filter(|customer| customer.orders > 0).count(),
            models,
            mean_value: gamma_gamma.and_then(|model| model.mean()),
            value_and_frequency: value_and_frequency(customers),
            expected_orders_39_weeks: [
                bg_nbd.expected_orders(&EXAMPLE, 39.0),
                pareto_nbd.expected_orders(&EXAMPLE, 39.0),
            ],
            alive: [bg_nbd.alive(&EXAMPLE), pareto_nbd.alive(&EXAMPLE)],
            holdout,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} customers, {} of them ordered again", self.customers, self.repeat_buyers)?;
        for model in &self.models {
            write!(f, "{:<12}", model.name)?;
            for (name, value) in &model.parameters {
                write!(f, " {name} {value:.3} ")?;
            }
            writeln!(f, " LL {:.2}", model.ln_likelihood)?;
        }
        if let Some(mean) = self.mean_value {
            writeln!(f, "an order is worth {mean:.2} on average")?;
        }
        if let Some(correlation) = self.value_and_frequency {
            writeln!(f, "correlation of value and number of repeat orders {correlation:.3} (the model assumes 0)")?;
        }
        writeln!(f, "x = 2, t_x = 30.43, T = 38.86      BG/NBD  Pareto/NBD")?;
        let [bg_nbd, pareto_nbd] = self.expected_orders_39_weeks;
        writeln!(f, "  orders in the next 39 weeks {bg_nbd:>12.3} {pareto_nbd:>11.3}")?;
        let [bg_nbd, pareto_nbd] = self.alive;
        writeln!(f, "  P(alive) {bg_nbd:>31.4} {pareto_nbd:>11.4}")?;
        let Some(holdout) = &self.holdout else { return Ok(()) };
        writeln!(f, "orders a customer in the {:.1} weeks held out", holdout.weeks)?;
        writeln!(f, "  repeat orders  customers  ordered  BG/NBD  Pareto/NBD")?;
        for (n, class) in holdout.classes.iter().enumerate() {
            let above = if n + 1 == holdout.classes.len() { "+" } else { " " };
            let (repeats, customers) = (class.repeat_orders, class.customers);
            write!(f, "  {repeats:>12}{above} {customers:>10} {:>8.3}", class.ordered)?;
            writeln!(f, " {:>7.3} {:>11.3}", class.bg_nbd, class.pareto_nbd)?;
        }
        Ok(())
    }
}
