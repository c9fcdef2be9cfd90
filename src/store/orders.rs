//! Orders and the menu.

use super::parties::records;
use super::people::{new_id, require};
use super::sql::{Conn, Engine, Tx, sql};
use super::{Store, StoreError};
use crate::base::{CallId, UnixMillis};
use crate::customer::{CustomerId, Order, OrderLine};

/// An order that an agent takes.
#[derive(Clone, Debug)]
pub struct NewOrder {
    pub customer: CustomerId,
    pub lines: Vec<OrderLine>,
    /// The screen's own key: the same key twice is one order.
    pub idempotency_key: String,
    pub agent: String,
    pub call: Option<CallId>,
    pub at: UnixMillis,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedOrder {
    pub order: String,
    /// False when this very order had been placed before.
    pub new: bool,
}

/// More would only be history nobody repeats; a daily customer's half year.
const ORDERS: i64 = 200;
/// The schema's own limit: a larger one is a slip of the hand.
pub(super) const MAX_QUANTITY: u32 = 10_000;

impl Store {
    /// Places the order once. The same key with the same order gives the first one again; with another it is refused.
    pub async fn place_order(&self, order: NewOrder) -> Result<PlacedOrder, StoreError> {
        if order.lines.is_empty() || order.lines.iter().any(|line| !(1..=MAX_QUANTITY).contains(&line.quantity)) {
            return Err(StoreError::EmptyOrder);
        }
        let mut tx = self.begin().await?;
        require(&mut tx, &order.customer).await?;
        let text = "
            INSERT INTO orders (order_id, customer, at_ms, agent, call_id, idempotency_key)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (idempotency_key) DO NOTHING RETURNING order_id";
        let (id, customer, call) = (new_id("o-")?, order.customer.as_str(), order.call.as_ref().map(CallId::as_str));
        let (agent, key) = (order.agent.as_str(), order.idempotency_key.as_str());
        let inserted = sql!(optional (String,), in tx, text, id, customer, order.at.0, agent, call, key)?;
        let Some((id,)) = inserted else { return repeated(&mut tx, &order).await };
        for (number, line) in order.lines.iter().enumerate() {
            if !on_menu(&mut tx, &line.item).await? {
                return Err(StoreError::OffMenu(line.item.clone()));
            }
            add_line(&mut tx, &id, number as i64, line).await?;
        }
        tx.commit().await?;
        Ok(PlacedOrder { order: id, new: true })
    }

    /// Puts an item on the menu, or takes it off while its past orders stay.
    pub async fn set_item(&self, item: &str, available: bool) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let text = "
            INSERT INTO items (item, available) VALUES ($1, $2)
            ON CONFLICT (item) DO UPDATE SET available = excluded.available";
        sql!(execute tx, text, item, available)?;
        tx.commit().await
    }

    /// The names on the menu, in alphabetical order.
    pub async fn menu(&self) -> Result<Vec<String>, StoreError> {
        let mut conn = self.read().await?;
        let rows = sql!(all (String,), in conn, "SELECT item FROM items WHERE available ORDER BY item")?;
        Ok(rows.into_iter().map(|(item,)| item).collect())
    }
}

/// The key is taken: by this order, or by another one.
async fn repeated(tx: &mut Tx, order: &NewOrder) -> Result<PlacedOrder, StoreError> {
    let text = "SELECT order_id, customer FROM orders WHERE idempotency_key = $1";
    let (id, customer) = sql!(one (String, String), in tx, text, order.idempotency_key.as_str())?;
    let text = "SELECT item, quantity, modifiers FROM order_lines WHERE order_id = $1 ORDER BY line";
    let lines = sql!(all (String, i64, String), in tx, text, id.as_str())?;
    let lines: Vec<OrderLine> = lines.into_iter().map(line).collect();
    let same = customer == order.customer.as_str() && lines == order.lines;
    if same { Ok(PlacedOrder { order: id, new: false }) } else { Err(StoreError::KeyReused) }
}

async fn on_menu(tx: &mut Tx, item: &str) -> Result<bool, StoreError> {
    let row = sql!(optional (bool,), in tx, "SELECT available FROM items WHERE item = $1", item)?;
    Ok(row.is_some_and(|(available,)| available))
}

pub(super) async fn add_line(tx: &mut Tx, order: &str, number: i64, line: &OrderLine) -> Result<(), StoreError> {
    let text = "INSERT INTO order_lines (order_id, line, item, quantity, modifiers) VALUES ($1, $2, $3, $4, $5)";
    let modifiers = serde_json::Value::from(line.modifiers.clone()).to_string();
    sql!(execute tx, text, order, number, line.item.as_str(), i64::from(line.quantity), modifiers)?;
    Ok(())
}

/// The customer's last 200 orders, newest first.
pub(super) async fn newest(conn: &mut Conn, customer: &CustomerId) -> Result<Vec<Order>, StoreError> {
    type Row = (String, i64, String, i64, String);
    let text = concat!(
        "
        SELECT o.order_id, o.at_ms, l.item, l.quantity, l.modifiers
        FROM (SELECT order_id, at_ms FROM orders WHERE customer IN ",
        records!("$1"),
        "     ORDER BY at_ms DESC, order_id DESC LIMIT $2) AS o
        JOIN order_lines l ON l.order_id = o.order_id
        ORDER BY o.at_ms DESC, o.order_id DESC, l.line"
    );
    let rows = sql!(all Row, in conn, text, customer.as_str(), ORDERS)?;
    let mut orders: Vec<Order> = Vec::new();
    for (order, at, item, quantity, modifiers) in rows {
        if orders.last().is_none_or(|last| last.order != order) {
            orders.push(Order { order, at: UnixMillis(at), lines: Vec::new() });
        }
        if let Some(last) = orders.last_mut() {
            last.lines.push(line((item, quantity, modifiers)));
        }
    }
    Ok(orders)
}

/// Modifiers that are no JSON were written by something else than this program; the line stands without them.
fn line((item, quantity, modifiers): (String, i64, String)) -> OrderLine {
    OrderLine {
        item,
        quantity: quantity.try_into().unwrap_or(MAX_QUANTITY),
        modifiers: serde_json::from_str(&modifiers).unwrap_or_default(),
    }
}
