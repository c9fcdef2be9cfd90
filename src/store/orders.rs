//! Orders and the menu.

use super::audit::{self, AuditRow};
use super::outbox::{self, EventKind};
use super::parties::{nth_newest, records};
use super::people::{lock, new_id, require};
use super::put::{OrderRecord, Outcome, Sender};
use super::sql::{Conn, Engine, Tx, sql};
use super::{Store, StoreError};
use crate::base::{CallId, UnixMillis};
use crate::customer::{Channel, CustomerId, Order, OrderLine, Payment, Taken};

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
    /// `None`: as the shop always does.
    pub payment: Option<Payment>,
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
            INSERT INTO orders (order_id, customer, at_ms, agent, call_id, idempotency_key, payment, second_factor, channel)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'phone')
            ON CONFLICT (idempotency_key) DO NOTHING RETURNING order_id";
        let (id, customer, call) = (new_id("o-")?, order.customer.as_str(), order.call.as_ref().map(CallId::as_str));
        let (agent, key) = (order.agent.as_str(), order.idempotency_key.as_str());
        let payment = order.payment.as_ref();
        let (payment, factor) = (payment.map(Payment::as_str), payment.and_then(Payment::second_factor));
        let inserted =
            sql!(optional (String,), in tx, text, id, customer, order.at.0, agent, call, key, payment, factor)?;
        let Some((id,)) = inserted else { return repeated(&mut tx, &order).await };
        for (number, line) in order.lines.iter().enumerate() {
            if !on_menu(&mut tx, &line.item).await? {
                return Err(StoreError::OffMenu(line.item.clone()));
            }
            add_line(&mut tx, &id, number as i64, line).await?;
        }
        if let Some(Payment::OnFile { second_factor }) = &order.payment {
            audit_payment(&mut tx, &order, &id, second_factor).await?;
        }
        outbox::add(&mut tx, order.at, EventKind::OrderPlaced, Some(&order.customer), Some(&id)).await?;
        self.commit_news(tx).await?;
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
    type Row = (String, String, Option<String>, Option<String>);
    let text = "SELECT order_id, customer, payment, second_factor FROM orders WHERE idempotency_key = $1";
    let (id, customer, payment, factor) = sql!(one Row, in tx, text, order.idempotency_key.as_str())?;
    let paid_alike = Payment::parse(payment.as_deref(), factor) == order.payment;
    let same = customer == order.customer.as_str() && paid_alike && lines_of(tx, &id).await? == order.lines;
    if same { Ok(PlacedOrder { order: id, new: false }) } else { Err(StoreError::KeyReused) }
}

async fn lines_of(tx: &mut Tx, order: &str) -> Result<Vec<OrderLine>, StoreError> {
    let text = "SELECT item, quantity, modifiers FROM order_lines WHERE order_id = $1 ORDER BY line";
    let lines = sql!(all (String, i64, String), in tx, text, order)?;
    Ok(lines.into_iter().map(line).collect())
}

/// Refused where there is nothing on file; else who asked, and how they made sure, is in the audit.
async fn audit_payment(tx: &mut Tx, order: &NewOrder, id: &str, second_factor: &str) -> Result<(), StoreError> {
    let text = "SELECT payment_on_file FROM customers WHERE customer = $1";
    let (on_file,) = sql!(one (bool,), in tx, text, order.customer.as_str())?;
    if !on_file {
        return Err(StoreError::NothingOnFile);
    }
    let row = AuditRow {
        at: order.at,
        operator: order.agent.clone(),
        action: "payment on file".to_owned(),
        customer: Some(order.customer.clone()),
        call: order.call.clone(),
        detail: format!("order {id}, second factor: {second_factor}"),
    };
    audit::add(tx, row).await
}

/// An order that was made elsewhere, or that another system keeps for us. It does not change: neither whose it is nor its lines.
pub(super) async fn put_order(tx: &mut Tx, it: &OrderRecord, from: &Sender) -> Result<Outcome, StoreError> {
    lock(tx, &it.customer).await?;
    if let Some(ours) = &it.ours {
        return adopt_key(tx, ours, it, from).await;
    }
    let text = "
        INSERT INTO orders (order_id, customer, at_ms, agent, channel, source, source_key)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let (id, channel) = (from.own(&it.key), it.channel.map(Channel::as_str));
    let (source, key) = (from.source.as_str(), it.key.as_str());
    let added = sql!(
        execute tx, text, id.as_str(), it.customer.as_str(), it.at.0, it.agent.as_deref(), channel, source, key
    )?;
    if added == 0 {
        let text = "SELECT order_id, customer FROM orders WHERE (source = $1 AND source_key = $2) OR order_id = $3";
        let (known, customer) = sql!(one (String, String), in tx, text, source, key, id.as_str())?;
        let same = customer == it.customer.as_str() && lines_of(tx, &known).await? == it.lines;
        return if same { Ok(Outcome::Unchanged) } else { Err(StoreError::KeyReused) };
    }
    for (number, line) in it.lines.iter().enumerate() {
        // What was sold was on some menu.
        let text = "INSERT INTO items (item) VALUES ($1) ON CONFLICT (item) DO NOTHING";
        sql!(execute tx, text, line.item.as_str())?;
        add_line(tx, &id, number as i64, line).await?;
    }
    outbox::add(tx, from.now, EventKind::OrderRecorded, Some(&it.customer), Some(&id)).await?;
    Ok(Outcome::Created)
}

/// The source's key for an order of ours.
async fn adopt_key(tx: &mut Tx, ours: &str, it: &OrderRecord, from: &Sender) -> Result<Outcome, StoreError> {
    type Row = (Option<String>, Option<String>);
    let text = "SELECT source, source_key FROM orders WHERE order_id = $1 AND customer = $2";
    let found = sql!(optional Row, in tx, text, ours, it.customer.as_str())?;
    let (source, key) = (from.source.as_str(), it.key.as_str());
    match found.ok_or(StoreError::UnknownOrder)? {
        (Some(known), Some(as_key)) if known == source && as_key == key => return Ok(Outcome::Unchanged),
        (None, None) => {}
        _ => return Err(StoreError::KeyReused),
    }
    let text = "SELECT order_id FROM orders WHERE source = $1 AND source_key = $2";
    if sql!(optional (String,), in tx, text, source, key)?.is_some() {
        return Err(StoreError::KeyReused);
    }
    sql!(execute tx, "UPDATE orders SET source = $1, source_key = $2 WHERE order_id = $3", source, key, ours)?;
    Ok(Outcome::Updated)
}

async fn on_menu(tx: &mut Tx, item: &str) -> Result<bool, StoreError> {
    let row = sql!(optional (bool,), in tx, "SELECT available FROM items WHERE item = $1", item)?;
    Ok(row.is_some_and(|(available,)| available))
}

async fn add_line(tx: &mut Tx, order: &str, number: i64, line: &OrderLine) -> Result<(), StoreError> {
    let text = "INSERT INTO order_lines (order_id, line, item, quantity, modifiers) VALUES ($1, $2, $3, $4, $5)";
    let modifiers = modifiers_text(line.modifiers.clone());
    sql!(execute tx, text, order, number, line.item.as_str(), i64::from(line.quantity), modifiers)?;
    Ok(())
}

/// As the table keeps them.
pub(super) fn modifiers_text(modifiers: Vec<String>) -> String {
    serde_json::Value::from(modifiers).to_string()
}

/// The customer's last 200 orders, newest first.
pub(super) async fn newest(conn: &mut Conn, customer: &CustomerId) -> Result<Vec<Order>, StoreError> {
    type Row = (String, i64, Option<String>, Option<String>, Option<String>, String, i64, String);
    let text = concat!(
        "
        SELECT o.order_id, o.at_ms, o.channel, o.agent, o.call_id, l.item, l.quantity, l.modifiers
        FROM (SELECT order_id, at_ms, channel, agent, call_id FROM orders WHERE customer IN ",
        records!("$1"),
        "     AND at_ms >= ",
        nth_newest!("orders"),
        "     ORDER BY at_ms DESC, order_id DESC LIMIT $2) AS o
        JOIN order_lines l ON l.order_id = o.order_id
        ORDER BY o.at_ms DESC, o.order_id DESC, l.line"
    );
    let rows = sql!(all Row, in conn, text, customer.as_str(), ORDERS)?;
    let mut orders: Vec<Order> = Vec::new();
    for (order, at, channel, agent, call, item, quantity, modifiers) in rows {
        if orders.last().is_none_or(|last| last.order != order) {
            let taken = taken(channel.as_deref(), agent, call);
            orders.push(Order { order, at: UnixMillis(at), lines: Vec::new(), taken });
        }
        if let Some(last) = orders.last_mut() {
            last.lines.push(line((item, quantity, modifiers)));
        }
    }
    Ok(orders)
}

/// As the columns have it. Before there was a channel, an order that was taken in a call had its call alone.
pub(super) fn taken(channel: Option<&str>, agent: Option<String>, call: Option<String>) -> Taken {
    let by_call = call.as_ref().map(|_| Channel::Phone);
    Taken { channel: channel.and_then(Channel::parse).or(by_call), agent, call: call.map(CallId::new) }
}

/// Modifiers that are no JSON were written by something else than this program; the line stands without them.
pub(super) fn line((item, quantity, modifiers): (String, i64, String)) -> OrderLine {
    OrderLine {
        item,
        quantity: quantity.try_into().unwrap_or(MAX_QUANTITY),
        modifiers: serde_json::from_str(&modifiers).unwrap_or_default(),
    }
}
