//! What customers did after the weeks that were fitted on, against what was expected of them.

use super::input::{Customer, last_calibration_day};
use crate::customer::value::{BgNbd, ParetoNbd, Repeats};

#[derive(serde::Serialize)]
pub struct Holdout {
    pub weeks: f64,
    /// By number of repeat orders in the weeks that were fitted on; the last class holds all above.
    pub classes: Vec<Class>,
}

/// Means a customer.
#[derive(Clone, Copy, Default, serde::Serialize)]
pub struct Class {
    pub repeat_orders: u32,
    pub customers: u32,
    pub ordered: f64,
    pub bg_nbd: f64,
    pub pareto_nbd: f64,
}

/// As in figure 3 of Fader, Hardie and Lee 2005.
const LAST_CLASS: u32 = 7;

impl Holdout {
    /// `None` where nothing is left to hold out.
    pub fn new(orders: &[Customer], weeks: i32, bg_nbd: &BgNbd, pareto_nbd: &ParetoNbd) -> Option<Self> {
        let today = last_calibration_day(orders, weeks)?;
        let end = *orders.iter().filter_map(|customer| customer.days.all().last()).max()?;
        let held_out = f64::from(end - today) / 7.0;
        if held_out <= 0.0 {
            return None;
        }
        let mut classes: Vec<Class> =
            (0..=LAST_CLASS).map(|repeat_orders| Class { repeat_orders, ..Class::default() }).collect();
        for customer in orders {
            let Some(repeats) = Repeats::at(&customer.days, today) else { continue };
            let class = &mut classes[repeats.orders.min(LAST_CLASS) as usize];
            class.customers += 1;
            class.ordered += (customer.days.all().len() - customer.days.until(today).len()) as f64;
            class.bg_nbd += bg_nbd.expected_orders(&repeats, held_out);
            class.pareto_nbd += pareto_nbd.expected_orders(&repeats, held_out);
        }
        for class in &mut classes {
            let customers = f64::from(class.customers.max(1));
            for sum in [&mut class.ordered, &mut class.bg_nbd, &mut class.pareto_nbd] {
                *sum /= customers;
            }
        }
        Some(Self { weeks: held_out, classes })
    }
}
