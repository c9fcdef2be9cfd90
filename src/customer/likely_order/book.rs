//! Everyone's orders, small enough to be kept in memory while the shop's statistics are taken.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::base::UnixMillis;
use crate::customer::Order;

/// 4 bytes an order line and 16 an order: about 10 MB for a million lines.
#[derive(Default)]
pub struct OrderBook {
    numbers: HashMap<Arc<str>, u32>,
    /// Item numbers of one order after another; within an order ascending, each once.
    lines: Vec<u32>,
    orders: Vec<Placed>,
    /// Where each customer's orders end.
    customers: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Placed {
    at: UnixMillis,
    /// Where its lines end.
    end: usize,
}

impl OrderBook {
    /// Adds one customer's orders, oldest first.
    pub fn add_customer(&mut self, orders: &[Order]) {
        for order in &orders[orders.len().saturating_sub(ORDERS)..] {
            let start = self.lines.len();
            for line in &order.lines {
                let number = self.number_or_new(&line.item);
                self.lines.push(number);
            }
            self.lines[start..].sort_unstable();
            let mut kept = start;
            for n in start..self.lines.len() {
                if kept == start || self.lines[kept - 1] != self.lines[n] {
                    self.lines[kept] = self.lines[n];
                    kept += 1;
                }
            }
            self.lines.truncate(kept);
            if kept > start {
                self.orders.push(Placed { at: order.at, end: kept });
            }
        }
        if self.customers.last().copied().unwrap_or(0) < self.orders.len() {
            self.customers.push(self.orders.len());
        }
    }

    pub(super) fn customers(&self) -> usize {
        self.customers.len()
    }

    /// A customer's orders, oldest first; never empty.
    pub(super) fn orders(&self, customer: usize) -> Range<usize> {
        let start = customer.checked_sub(1).map_or(0, |before| self.customers[before]);
        start..self.customers[customer]
    }

    pub(super) fn items(&self, order: usize) -> &[u32] {
        let start = order.checked_sub(1).map_or(0, |before| self.orders[before].end);
        &self.lines[start..self.orders[order].end]
    }

    pub(super) fn at(&self, order: usize) -> UnixMillis {
        self.orders[order].at
    }

    /// How many different items there are.
    pub(super) fn different_items(&self) -> usize {
        self.numbers.len()
    }

    pub(super) fn number(&self, item: &str) -> Option<usize> {
        self.numbers.get(item).map(|number| *number as usize)
    }

    fn number_or_new(&mut self, item: &str) -> u32 {
        if let Some(number) = self.numbers.get(item) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(item.into(), number);
        number
    }
}

/// Newest orders of a customer that are kept: as many as a prediction reads.
const ORDERS: usize = 200;
