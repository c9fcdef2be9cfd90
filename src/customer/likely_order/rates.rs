//! What the whole shop does: how often people come back to an item, and what newcomers to an item take.

use super::book::OrderBook;

/// Counts over all customers with two orders or more: each one's last order against everything before it.
pub(super) struct Rates {
    /// By item number.
    pub items: Vec<ItemCounts>,
    /// Customers with two orders or more.
    pub customers: u32,
    /// Customers with any.
    pub newcomers: u32,
    /// Rebought of all had.
    pub rebuy_mean: f32,
    /// Items in a last order, on average.
    pub basket: f32,
    /// Orders before the last, geometric mean.
    pub orders: f32,
}

#[derive(Clone, Copy, Default)]
pub(super) struct ItemCounts {
    /// Customers who had the item before their last order.
    pub had: u32,
    /// Of these, who had it in their last order again.
    pub rebought: u32,
    /// Customers who had it in their last order and never before.
    pub first_taken: u32,
    /// Customers whose first order held it.
    pub first_ordered: u32,
}

impl Rates {
    /// `newest`: how many of each customer's newest orders are left out. Leaving out the last gives rates that a model of
    /// the last order may use; rates that had seen the outcome would leak it.
    pub fn of(book: &OrderBook, newest: usize) -> Self {
        let mut items = vec![ItemCounts::default(); book.different_items()];
        let mut seen = vec![0; items.len()];
        let (mut customers, mut newcomers, mut lines, mut log_orders) = (0, 0, 0, 0.0);
        for customer in 0..book.customers() {
            let mark = customer + 1;
            let orders = book.orders(customer);
            let Some(last) = orders.end.checked_sub(newest + 1).filter(|last| *last >= orders.start) else { continue };
            newcomers += 1;
            book.items(orders.start).iter().for_each(|item| items[*item as usize].first_ordered += 1);
            if last == orders.start {
                continue;
            }
            customers += 1;
            lines += book.items(last).len();
            log_orders += ((last - orders.start) as f64).ln();
            for item in (orders.start..last).flat_map(|order| book.items(order)).map(|item| *item as usize) {
                items[item].had += u32::from(seen[item] != mark);
                seen[item] = mark;
            }
            for item in book.items(last).iter().map(|item| *item as usize) {
                let again = seen[item] == mark;
                items[item].rebought += u32::from(again);
                items[item].first_taken += u32::from(!again);
            }
        }
        let (had, rebought) = items.iter().fold((0, 0), |sum, item| (sum.0 + item.had, sum.1 + item.rebought));
        let per_customer = |sum: f64| if customers == 0 { 1.0 } else { sum / f64::from(customers) };
        Self {
            items,
            customers,
            newcomers,
            rebuy_mean: if had == 0 { REBUY_UNKNOWN } else { rebought as f32 / had as f32 },
            basket: per_customer(lines as f64) as f32,
            orders: if customers == 0 { 1.0 } else { per_customer(log_orders).exp() as f32 },
        }
    }

    /// The chance that someone who had the item has it in their next order. `item_prior` as in [`super::Weights`].
    pub fn rebuy(&self, counts: ItemCounts, item_prior: f32) -> f32 {
        (counts.rebought as f32 + item_prior * self.rebuy_mean) / (counts.had as f32 + item_prior)
    }

    /// The chance that someone who never had it takes it in their next order.
    pub fn first_take(&self, counts: ItemCounts) -> f32 {
        // Some customer has taken it first, so somebody had never had it.
        if counts.first_taken == 0 { 0.0 } else { counts.first_taken as f32 / (self.customers - counts.had) as f32 }
    }
}

/// Where nobody has ordered twice yet: the mean of the uniform distribution, so that the customer's own orders decide.
const REBUY_UNKNOWN: f32 = 0.5;
