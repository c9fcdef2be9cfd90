//! Rows of order lines. The lines of an order may stand anywhere in the file.

use std::collections::HashSet;

use super::ImportOptions;
use super::contacts::channel;
use super::row::{BadField, ID_CHARS, NAME_CHARS, Row, keyed};
use crate::base::UnixMillis;
use crate::customer::{Channel, OrderLine};
use crate::store::StoreError;
use crate::store::orders::{MAX_QUANTITY, add_line};
use crate::store::people::new_id;
use crate::store::sql::{Engine, Tx, sql};

pub(super) struct OrderRow<'a> {
    /// The key in the books.
    order: String,
    source: Option<(&'a str, &'a str)>,
    customer: &'a str,
    at: UnixMillis,
    channel: Option<Channel>,
    line: OrderLine,
}

/// What one import remembers between rows: the order it is in, and the items it has made sure of.
pub(super) struct OrderWriter {
    /// Marks the orders of this import, so that an order of an earlier file is replaced once and then added to.
    run: String,
    current: Option<Current>,
    /// As large as the menu.
    items: HashSet<String>,
}

struct Current {
    order: String,
    customer: String,
    at: UnixMillis,
    next_line: i64,
}

impl<'a> OrderRow<'a> {
    pub fn read(row: &Row<'a>, options: &ImportOptions) -> Result<Self, BadField> {
        let quantity = match row.text("quantity", NAME_CHARS)? {
            None => 1,
            Some(text) => text
                .parse()
                .ok()
                .filter(|quantity| (1..=MAX_QUANTITY).contains(quantity))
                .ok_or_else(|| BadField::new("quantity", format!("is no whole number from 1 to {MAX_QUANTITY}")))?,
        };
        let (order, source) = (row.required("order_id", ID_CHARS)?, row.source()?);
        Ok(Self {
            order: keyed(source, order),
            source: source.map(|source| (source, order)),
            customer: row.required("customer_id", ID_CHARS)?,
            at: row.required_time("ordered_at", options)?,
            channel: row.text("channel", NAME_CHARS)?.map(channel).transpose()?,
            line: OrderLine {
                item: row.required("item", NAME_CHARS)?.to_owned(),
                quantity,
                modifiers: row.list("modifiers")?.into_iter().map(str::to_owned).collect(),
            },
        })
    }

    pub fn customer(&self) -> &'a str {
        self.customer
    }
}

impl OrderWriter {
    pub fn new() -> Result<Self, StoreError> {
        Ok(Self { run: new_id("import-")?, current: None, items: HashSet::new() })
    }

    /// The inner error is the row's, the outer one the store's.
    pub async fn write(&mut self, tx: &mut Tx, row: &OrderRow<'_>) -> Result<Result<(), BadField>, StoreError> {
        if self.current.as_ref().is_none_or(|current| current.order != row.order) {
            self.current = match self.enter(tx, row).await? {
                Some(current) => Some(current),
                None => return Ok(Err(BadField::new("customer_id", NO_CUSTOMER))),
            };
        }
        let Some(current) = &mut self.current else { return Ok(Ok(())) };
        if current.customer != row.customer {
            return Ok(Err(BadField::new("customer_id", "differs from the order's earlier rows")));
        }
        if current.at != row.at {
            return Ok(Err(BadField::new("ordered_at", "differs from the order's earlier rows")));
        }
        if self.items.insert(row.line.item.clone()) {
            let text = "INSERT INTO items (item) VALUES ($1) ON CONFLICT (item) DO NOTHING";
            sql!(execute tx, text, row.line.item.as_str())?;
        }
        add_line(tx, &row.order, current.next_line, &row.line).await?;
        current.next_line += 1;
        Ok(Ok(()))
    }

    /// Starts an order or returns to one. `None`: nobody knows the customer.
    async fn enter(&self, tx: &mut Tx, row: &OrderRow<'_>) -> Result<Option<Current>, StoreError> {
        let text = "
            INSERT INTO orders (order_id, customer, at_ms, import_run, source, source_key, channel)
            SELECT $1, customer, $3, $4, $5, $6, $7 FROM customers WHERE customer = $2
            ON CONFLICT (order_id) DO UPDATE SET
                customer = excluded.customer, at_ms = excluded.at_ms, import_run = excluded.import_run,
                channel = COALESCE(excluded.channel, orders.channel)
            WHERE orders.import_run IS DISTINCT FROM excluded.import_run";
        let (run, order) = (self.run.as_str(), row.order.as_str());
        let ((source, key), channel) = (row.source.unzip(), row.channel.map(Channel::as_str));
        let started = sql!(execute tx, text, order, row.customer, row.at.0, run, source, key, channel)? == 1;
        let current = |customer: String, at, next_line| Current { order: row.order.clone(), customer, at, next_line };
        if started {
            sql!(execute tx, "DELETE FROM order_lines WHERE order_id = $1", order)?;
            return Ok(Some(current(row.customer.to_owned(), row.at, 0)));
        }
        let text = "
            SELECT o.customer, o.at_ms, COALESCE((SELECT max(l.line) + 1 FROM order_lines l
                                                  WHERE l.order_id = o.order_id), 0) AS next_line
            FROM orders o WHERE o.order_id = $1 AND o.import_run = $2";
        let earlier = sql!(optional (String, i64, i64), in tx, text, order, run)?;
        Ok(earlier.map(|(customer, at, next_line)| current(customer, UnixMillis(at), next_line)))
    }
}

/// Said of orders and contacts alike.
pub(super) const NO_CUSTOMER: &str = "names a customer whom nobody knows; import the customers first";
