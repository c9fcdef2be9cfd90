//! What the models know of a customer: how often they came back, when last, and for how long they could have.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil::Date};

use crate::customer::Order;

/// Days on which somebody ordered, ascending, each once: orders of one day are one visit, as in the published summaries.
/// A day is a number of days since 1970-01-01.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderDays(Vec<i32>);

impl OrderDays {
    /// In any sequence.
    pub fn new(mut days: Vec<i32>) -> Self {
        days.sort_unstable();
        days.dedup();
        Self(days)
    }

    /// By the calendar of the shop at `tz`; an order at a time that no calendar holds is left out.
    pub fn of(orders: &[Order], tz: &TimeZone) -> Self {
        let day = |order: &Order| {
            let at = Timestamp::from_millisecond(order.at.0).ok()?;
            Some(day_number(at.to_zoned(tz.clone()).date()))
        };
        Self::new(orders.iter().filter_map(day).collect())
    }

    /// Those up to `day`, itself included.
    pub fn until(&self, day: i32) -> &[i32] {
        &self.0[..self.0.partition_point(|ordered| *ordered <= day)]
    }

    pub fn all(&self) -> &[i32] {
        &self.0
    }
}

/// Days since 1970-01-01.
pub fn day_number(date: Date) -> i32 {
    let epoch = Date::constant(1970, 1, 1);
    // A span between two dates of the calendar is at most 7.3 million days.
    epoch.until(date).map_or(0, |span| span.get_days())
}

/// One customer as the models see them: (x, t_x, T) of the papers, and the mean value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Repeats {
    /// Orders after the first; x.
    pub orders: u32,
    /// Weeks from the first order to the last; t_x. Zero without repeat orders.
    pub last_weeks: f64,
    /// Weeks from the first order to the end of what was observed; T.
    pub observed_weeks: f64,
    /// Mean value of the repeat orders, where values are known.
    pub mean_value: Option<f64>,
}

impl Repeats {
    /// Up to `today`; `None` where nobody had ordered yet.
    pub fn at(days: &OrderDays, today: i32) -> Option<Self> {
        let days = days.until(today);
        let (first, last) = (*days.first()?, *days.last()?);
        let weeks = |day: i32| f64::from(day - first) / DAYS_PER_WEEK;
        Some(Self {
            orders: (days.len() - 1) as u32,
            last_weeks: weeks(last),
            observed_weeks: weeks(today),
            mean_value: None,
        })
    }

    /// x as the formulas use it.
    pub(super) fn x(&self) -> f64 {
        f64::from(self.orders)
    }
}

/// Customers who cannot be told apart count as one row, by ascending number of orders: (the row, how many they are).
pub fn grouped(customers: &[Repeats]) -> Vec<(Repeats, f64)> {
    // Weeks are not negative, so their bits have their order.
    let key = |of: &Repeats| (of.orders, of.last_weeks.to_bits(), of.observed_weeks.to_bits());
    let mut groups = BTreeMap::new();
    for customer in customers {
        groups.entry(key(customer)).or_insert((*customer, 0.0)).1 += 1.0;
    }
    groups.into_values().collect()
}

pub(super) fn repeat_buyers(customers: &[Repeats]) -> usize {
    customers.iter().filter(|customer| customer.orders > 0).count()
}

pub(super) fn mean_observed_weeks(customers: &[Repeats]) -> f64 {
    customers.iter().map(|customer| customer.observed_weeks).sum::<f64>() / customers.len().max(1) as f64
}

pub const DAYS_PER_WEEK: f64 = 7.0;
