//! What other systems write: each in one transaction with its row of the outbox, once however often it comes.

use super::audit::{self, AuditRow};
use super::contacts::{self, ContactUpsert};
use super::customers::{self, CustomerUpsert};
use super::orders::put_order;
use super::outbox::{self, EventKind};
use super::people::lock;
use super::sql::{Engine, Tx, sql};
use super::{Store, StoreError};
use crate::base::{E164, Pii, UnixMillis};
use crate::customer::{Channel, ComplaintState, CustomerId, OrderLine};

/// Something that another system tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    Customer(CustomerRecord),
    Contact(ContactRecord),
    /// The contact of this key is dealt with.
    Resolved {
        key: String,
        agent: Option<String>,
    },
    Order(OrderRecord),
    /// Names, and whether they can be had now.
    Items(Vec<(String, bool)>),
}

/// `None` leaves what is stored; `Some(None)` clears it.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerRecord {
    pub customer: CustomerId,
    pub name: Pii<String>,
    pub numbers: Vec<E164>,
    pub household: Option<Option<String>>,
    pub language: Option<Option<String>>,
    pub allergies: Option<Option<Pii<String>>>,
    pub notes: Option<Option<Pii<String>>>,
    pub since: Option<UnixMillis>,
    pub payment_on_file: Option<bool>,
}

/// A contact, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactRecord {
    pub key: String,
    pub customer: CustomerId,
    pub at: UnixMillis,
    pub channel: Channel,
    pub agent: Option<String>,
    pub wanted: Pii<String>,
    pub complaint: Option<ComplaintState>,
    pub still_open: Option<Pii<String>>,
    /// The source's own key of the order it is about, or ours.
    pub order: Option<String>,
    pub items_considered: Vec<String>,
    pub competitor: Option<String>,
}

/// An order that was made elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderRecord {
    pub key: String,
    pub customer: CustomerId,
    pub at: UnixMillis,
    pub lines: Vec<OrderLine>,
    pub channel: Option<Channel>,
    pub agent: Option<String>,
    /// The order of ours that this is.
    pub ours: Option<String>,
}

/// Who tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Small letters, digits, - and _: a key of theirs is told from another's by it.
    pub source: String,
    /// The webhook's own id, when it came as one.
    pub hook: Option<String>,
    pub now: UnixMillis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Updated,
    /// It was there already, with the same content.
    Unchanged,
}

impl Store {
    /// Writes it once. A webhook that was taken in before changes nothing, even if the books have changed since.
    pub async fn record(&self, record: &Record, from: &Sender) -> Result<Outcome, StoreError> {
        let mut tx = self.begin().await?;
        if let Some(hook) = &from.hook {
            let text = "INSERT INTO received_hooks (source, hook, at_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
            if sql!(execute tx, text, from.source.as_str(), hook.as_str(), from.now.0)? == 0 {
                return Ok(Outcome::Unchanged);
            }
        }
        let outcome = match record {
            Record::Customer(customer) => put_customer(&mut tx, customer, from).await?,
            Record::Contact(contact) => put_contact(&mut tx, contact, from).await?,
            Record::Resolved { key, agent } => resolve(&mut tx, key, agent.as_deref(), from).await?,
            Record::Order(order) => put_order(&mut tx, order, from).await?,
            Record::Items(items) => put_items(&mut tx, items).await?,
        };
        self.commit_news(tx).await?;
        Ok(outcome)
    }
}

/// Whether `source` can be the name of one: 1 to 32 small letters, digits, - and _. "call" is ours.
pub fn is_source(source: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    (1..=SOURCE_CHARS).contains(&source.len()) && source.bytes().all(plain) && source != "call"
}

/// A name, not a sentence: it stands before every key.
pub(super) const SOURCE_CHARS: usize = 32;

impl Sender {
    /// A key that no other source has.
    pub(super) fn own(&self, key: &str) -> String {
        format!("{}:{key}", self.source)
    }
}

async fn put_customer(tx: &mut Tx, it: &CustomerRecord, from: &Sender) -> Result<Outcome, StoreError> {
    fn given<T: AsRef<str>>(field: &Option<Option<T>>) -> Option<Option<&str>> {
        field.as_ref().map(|text| text.as_ref().map(AsRef::as_ref))
    }
    let exposed = |field: &Option<Option<Pii<String>>>| -> Option<Option<String>> {
        field.as_ref().map(|text| text.as_ref().map(|text| text.expose().clone()))
    };
    let (allergies, notes) = (exposed(&it.allergies), exposed(&it.notes));
    let upsert = CustomerUpsert {
        customer: it.customer.as_str(),
        name: it.name.expose(),
        numbers: &it.numbers,
        household: given(&it.household),
        language: given(&it.language),
        allergies: given(&allergies),
        notes: given(&notes),
        since: it.since,
        payment_on_file: it.payment_on_file,
        now: from.now,
    };
    let outcome = customers::upsert(tx, &upsert).await?;
    if outcome != Outcome::Unchanged {
        outbox::add(tx, from.now, EventKind::CustomerChanged, Some(&it.customer), None).await?;
        audit::add(tx, entry(from, "put customer", Some(&it.customer), String::new())).await?;
    }
    Ok(outcome)
}

async fn put_contact(tx: &mut Tx, it: &ContactRecord, from: &Sender) -> Result<Outcome, StoreError> {
    // Two who send the same key at once wait for each other here, so that it is news once.
    lock(tx, &it.customer).await?;
    let order = match &it.order {
        Some(key) => Some(order_of(tx, key, it, from).await?),
        None => None,
    };
    let id = from.own(&it.key);
    let upsert = ContactUpsert {
        contact: &id,
        source: Some(&from.source),
        customer: it.customer.as_str(),
        at: it.at,
        channel: it.channel,
        agent: Some(it.agent.as_deref()),
        wanted: Some(it.wanted.expose()),
        complaint: Some(it.complaint),
        still_open: Some(it.still_open.as_ref().map(|text| text.expose().as_str())),
        order: Some(order.as_deref()),
        competitor: Some(it.competitor.as_deref()),
        items: Some(&it.items_considered),
    };
    let written = contacts::upsert(tx, &upsert).await?;
    let written = written.ok_or_else(|| StoreError::UnknownCustomer(it.customer.clone()))?;
    if written.outcome != Outcome::Unchanged {
        outbox::add(tx, from.now, written.kind, Some(&it.customer), Some(&id)).await?;
    }
    if let Some(before) = &written.moved_from {
        outbox::add(tx, from.now, EventKind::CustomerChanged, Some(before), None).await?;
    }
    Ok(written.outcome)
}

/// Our key of the order that a contact is about.
async fn order_of(tx: &mut Tx, key: &str, it: &ContactRecord, from: &Sender) -> Result<String, StoreError> {
    let text = "
        SELECT order_id FROM orders
        WHERE customer = $1 AND ((source = $2 AND source_key = $3) OR order_id = $3 OR order_id = $4)";
    let own = from.own(key);
    let found = sql!(optional (String,), in tx, text, it.customer.as_str(), from.source.as_str(), key, own)?;
    found.map(|(order,)| order).ok_or(StoreError::UnknownOrder)
}

async fn resolve(tx: &mut Tx, key: &str, agent: Option<&str>, from: &Sender) -> Result<Outcome, StoreError> {
    let id = from.own(key);
    let (customer, ended) = contacts::resolve(tx, &id).await?;
    if !ended {
        return Ok(Outcome::Unchanged);
    }
    outbox::add(tx, from.now, EventKind::ComplaintResolved, Some(&customer), Some(&id)).await?;
    let operator = agent.map_or_else(|| from.source.clone(), |agent| format!("{agent} ({})", from.source));
    let row = AuditRow { operator, ..entry(from, "resolve", Some(&customer), format!("contact {id}")) };
    audit::add(tx, row).await?;
    Ok(Outcome::Updated)
}

async fn put_items(tx: &mut Tx, items: &[(String, bool)]) -> Result<Outcome, StoreError> {
    let mut changed = 0;
    for (item, available) in items {
        let text = "
            INSERT INTO items (item, available) VALUES ($1, $2)
            ON CONFLICT (item) DO UPDATE SET available = excluded.available
            WHERE items.available <> excluded.available";
        changed += sql!(execute tx, text, item.as_str(), *available)?;
    }
    Ok(if changed > 0 { Outcome::Updated } else { Outcome::Unchanged })
}

fn entry(from: &Sender, action: &str, customer: Option<&CustomerId>, detail: String) -> AuditRow {
    AuditRow {
        at: from.now,
        operator: from.source.clone(),
        action: action.to_owned(),
        customer: customer.cloned(),
        call: None,
        detail,
    }
}
