//! What the likely order needs of the whole shop, read in one pass.

use tokio_stream::StreamExt;

use super::sql::{Engine, sql};
use super::{Store, StoreError};
use crate::base::UnixMillis;
use crate::customer::goods::PairCounts;
use crate::customer::likely_order::OrderBook;
use crate::customer::{Order, OrderLine, Taken};

impl Store {
    /// Everyone's orders, for the shop's model, what is ordered together, and the names on the menu. Memory stays at these and
    /// one customer's orders.
    pub async fn order_book(&self) -> Result<(OrderBook, PairCounts, Vec<String>), StoreError> {
        let mut customers = ByCustomer::default();
        let mut conn = self.read().await?;
        let text = "
            SELECT o.customer, o.order_id, o.at_ms, l.item
            FROM orders o JOIN order_lines l ON l.order_id = o.order_id
            ORDER BY o.customer, o.at_ms, o.order_id";
        macro_rules! read {
            ($c:expr) => {{
                let mut rows = sqlx::query_as::<_, Row>(text).fetch(&mut **$c);
                while let Some(row) = rows.next().await {
                    customers.add(row.map_err(|error| conn.place.error(error))?);
                }
            }};
        }
        match &mut conn.on {
            Engine::Sqlite(c) => read!(c),
            Engine::Pg(c) => read!(c),
        }
        let menu = sql!(all (String,), in conn, "SELECT item FROM items WHERE available")?;
        let (book, pairs) = customers.finish();
        Ok((book, pairs, menu.into_iter().map(|(item,)| item).collect()))
    }

    /// Names that orders know and the menu does not hold now.
    pub async fn out_of_stock(&self) -> Result<Vec<String>, StoreError> {
        let mut conn = self.read().await?;
        let items = sql!(all (String,), in conn, "SELECT item FROM items WHERE NOT available")?;
        Ok(items.into_iter().map(|(item,)| item).collect())
    }
}

type Row = (String, String, i64, String);

/// Puts the rows of a customer together again.
#[derive(Default)]
struct ByCustomer {
    book: OrderBook,
    pairs: PairCounts,
    customer: String,
    orders: Vec<Order>,
}

impl ByCustomer {
    fn add(&mut self, (customer, order, at, item): Row) {
        if customer != self.customer {
            self.add_customer();
            self.orders.clear();
            self.customer = customer;
        }
        if self.orders.last().is_none_or(|last| last.order != order) {
            self.orders.push(Order { order, at: UnixMillis(at), lines: Vec::new(), taken: Taken::default() });
        }
        if let Some(last) = self.orders.last_mut() {
            last.lines.push(OrderLine { item, quantity: 1, modifiers: Vec::new() });
        }
    }

    fn add_customer(&mut self) {
        self.book.add_customer(&self.orders);
        self.pairs.add_customer(&self.orders);
    }

    fn finish(mut self) -> (OrderBook, PairCounts) {
        self.add_customer();
        (self.book, self.pairs)
    }
}
