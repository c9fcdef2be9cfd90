//! What is fitted on: a list of orders, or the summary that the papers work with. The header tells which.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use jiff::civil::Date;

use crate::customer::value::summary::day_number;
use crate::customer::value::{OrderDays, Repeats};

pub enum Input {
    Summary(Vec<Repeats>),
    /// By customer, in the order of their keys.
    Orders(Vec<Customer>),
}

#[derive(Default)]
pub struct Customer {
    pub days: OrderDays,
    /// What was spent on each of `days`; empty where the file has no amounts.
    pub spent: BTreeMap<i32, f64>,
}

impl Input {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let file = path.display();
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_path(path)
            .with_context(|| format!("{file} cannot be read"))?;
        let columns: HashMap<String, usize> = reader
            .headers()
            .with_context(|| format!("{file}, line 1"))?
            .iter()
            .enumerate()
            .map(|(n, name)| (name.trim_start_matches('\u{feff}').to_owned(), n))
            .collect();
        let has = |names: &[&str]| names.iter().all(|name| columns.contains_key(*name));
        let mut orders = BTreeMap::<String, (Vec<i32>, BTreeMap<i32, f64>)>::new();
        let mut summary = Vec::new();
        let is_summary = has(&["x", "t_x", "T"]);
        ensure!(
            is_summary || has(&["customer_id", "ordered_at"]),
            "{file}, line 1: the header names neither customer_id and ordered_at nor x, t_x and T"
        );
        for record in reader.records() {
            let record = record.with_context(|| format!("{file}"))?;
            let line = record.position().map_or(0, csv::Position::line);
            let row = Row { columns: &columns, record: &record };
            let read = if is_summary {
                row.summary().map(|customer| summary.push(customer))
            } else {
                row.order().map(|(customer, day, amount)| {
                    let (days, spent) = orders.entry(customer).or_default();
                    days.push(day);
                    if let Some(amount) = amount {
                        *spent.entry(day).or_default() += amount;
                    }
                })
            };
            read.with_context(|| format!("{file}, line {line}"))?;
        }
        ensure!(!(summary.is_empty() && orders.is_empty()), "{file} has no rows");
        if is_summary {
            return Ok(Self::Summary(summary));
        }
        let customer = |(days, spent)| Customer { days: OrderDays::new(days), spent };
        Ok(Self::Orders(orders.into_values().map(customer).collect()))
    }

    /// The customers who ordered in the first `weeks` of the list, as they were at its last day.
    pub fn summary(&self, weeks: i32) -> anyhow::Result<Vec<Repeats>> {
        let orders = match self {
            Self::Summary(rows) => return Ok(rows.clone()),
            Self::Orders(orders) => orders,
        };
        let Some(today) = last_calibration_day(orders, weeks) else { bail!("nobody has ordered") };
        // Days after the last order would count as silence of everybody.
        let last = orders.iter().filter_map(|customer| customer.days.all().last()).max();
        ensure!(
            last.is_some_and(|last| today <= *last),
            "the orders end before week {weeks} does; take fewer weeks with --calibration-weeks"
        );
        Ok(orders.iter().filter_map(|customer| customer.at(today)).collect())
    }
}

/// The first day of the list is day one of week one.
pub fn last_calibration_day(orders: &[Customer], weeks: i32) -> Option<i32> {
    let first = orders.iter().filter_map(|customer| customer.days.all().first()).min()?;
    Some(first + 7 * weeks - 1)
}

impl Customer {
    fn at(&self, today: i32) -> Option<Repeats> {
        let repeats = Repeats::at(&self.days, today)?;
        let first = *self.days.all().first()?;
        let values: Vec<f64> = self.spent.range(first + 1..=today.max(first + 1)).map(|(_, spent)| *spent).collect();
        let complete = repeats.orders > 0 && values.len() == repeats.orders as usize;
        let mean_value = complete.then(|| values.iter().sum::<f64>() / values.len() as f64);
        Some(Repeats { mean_value, ..repeats })
    }
}

struct Row<'a> {
    columns: &'a HashMap<String, usize>,
    record: &'a csv::StringRecord,
}

impl Row<'_> {
    fn field(&self, name: &str) -> Option<&str> {
        self.record.get(*self.columns.get(name)?).filter(|field| !field.is_empty())
    }

    fn number(&self, name: &str) -> anyhow::Result<Option<f64>> {
        let Some(field) = self.field(name) else { return Ok(None) };
        let number: f64 = field.parse().ok().with_context(|| format!("{name} is no number: {field:?}"))?;
        ensure!(number.is_finite() && number >= 0.0, "{name} must be finite and not negative: {field:?}");
        Ok(Some(number))
    }

    fn summary(&self) -> anyhow::Result<Repeats> {
        let number = |name| self.number(name)?.with_context(|| format!("{name} is missing"));
        let (x, last_weeks, observed_weeks) = (number("x")?, number("t_x")?, number("T")?);
        ensure!(x.fract() == 0.0 && x <= f64::from(u32::MAX), "x must be a whole number of repeat orders: {x}");
        ensure!(
            last_weeks <= observed_weeks,
            "the last order (t_x {last_weeks}) lies behind the end (T {observed_weeks})"
        );
        ensure!(x > 0.0 || last_weeks == 0.0, "t_x must be 0 without repeat orders (x)");
        let value = self.number("m_x")?.or(self.number("zbar")?);
        Ok(Repeats { orders: x as u32, last_weeks, observed_weeks, mean_value: value.filter(|_| x > 0.0) })
    }

    fn order(&self) -> anyhow::Result<(String, i32, Option<f64>)> {
        let customer = self.field("customer_id").context("customer_id is missing")?;
        let at = self.field("ordered_at").context("ordered_at is missing")?;
        let date: Date =
            at.parse().ok().with_context(|| format!("ordered_at is no date such as 2026-01-31: {at:?}"))?;
        Ok((customer.to_owned(), day_number(date), self.number("amount")?))
    }
}
