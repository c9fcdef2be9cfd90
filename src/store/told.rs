//! What an event of the outbox tells, as it stands in the books now.

use super::outbox::{EventKind, Happened};
use super::sql::{Conn, Engine, sql};
use super::{Store, StoreError, contacts, orders};
use crate::base::UnixMillis;
use crate::customer::{Contact, Order, Payment};

#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Order(Box<ToldOrder>),
    Contact(Box<Contact>),
    /// The event says it all.
    Nothing,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ToldOrder {
    pub order: Order,
    /// The screen's own key, of an order that we placed.
    pub idempotency_key: Option<String>,
    pub payment: Option<Payment>,
    /// Who keeps it elsewhere, and by which key.
    pub source: Option<(String, String)>,
}

impl Store {
    /// `None`: what it tells of is no longer kept.
    pub async fn told(&self, event: &Happened) -> Result<Option<Told>, StoreError> {
        let mut conn = self.read().await?;
        match (event.kind, event.fact.as_deref()) {
            (EventKind::OrderPlaced | EventKind::OrderRecorded, Some(order)) => {
                Ok(told_order(&mut conn, order).await?.map(|order| Told::Order(Box::new(order))))
            }
            (EventKind::ContactRecorded | EventKind::ComplaintOpened | EventKind::ComplaintResolved, Some(contact)) => {
                Ok(contacts::one(&mut conn, contact).await?.map(|contact| Told::Contact(Box::new(contact))))
            }
            (EventKind::CustomerChanged | EventKind::BooksImported, _) => Ok(Some(Told::Nothing)),
            (_, None) => Ok(None),
        }
    }
}

async fn told_order(conn: &mut Conn, id: &str) -> Result<Option<ToldOrder>, StoreError> {
    type Text = Option<String>;
    type Row = (i64, Text, Text, Text, Text, Text, Text, Text, Text);
    let text = "
        SELECT at_ms, channel, agent, call_id, idempotency_key, payment, second_factor, source, source_key
        FROM orders WHERE order_id = $1";
    let Some((at, channel, agent, call, idempotency_key, payment, factor, source, key)) =
        sql!(optional Row, in conn, text, id)?
    else {
        return Ok(None);
    };
    let text = "SELECT item, quantity, modifiers FROM order_lines WHERE order_id = $1 ORDER BY line";
    let lines = sql!(all (String, i64, String), in conn, text, id)?;
    let order = Order {
        order: id.to_owned(),
        at: UnixMillis(at),
        lines: lines.into_iter().map(orders::line).collect(),
        taken: orders::taken(channel.as_deref(), agent, call),
    };
    let payment = Payment::parse(payment.as_deref(), factor);
    Ok(Some(ToldOrder { order, idempotency_key, payment, source: source.zip(key) }))
}
