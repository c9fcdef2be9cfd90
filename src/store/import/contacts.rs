//! Rows of contacts on any channel.

use super::ImportOptions;
use super::orders::NO_CUSTOMER;
use super::report::Written;
use super::row::{BadField, ID_CHARS, NAME_CHARS, NOTE_CHARS, Row, keyed};
use super::run::{FIRST_SAYS_OTHERWISE, first_in_file, take_back, try_again};
use crate::base::UnixMillis;
use crate::customer::{Channel, ComplaintState};
use crate::store::contacts::{self, ContactUpsert};
use crate::store::sql::{Engine, Tx, sql};
use crate::store::{Outcome, StoreError};

pub(super) struct ContactRow<'a> {
    contact: &'a str,
    customer: &'a str,
    at: UnixMillis,
    channel: Channel,
    agent: Option<&'a str>,
    wanted: &'a str,
    complaint: Option<ComplaintState>,
    source: Option<&'a str>,
    still_open: Option<&'a str>,
    order: Option<&'a str>,
    items: Vec<&'a str>,
    competitor: Option<&'a str>,
    /// We began it.
    outbound: Option<bool>,
}

impl<'a> ContactRow<'a> {
    pub fn read(row: &Row<'a>, options: &ImportOptions) -> Result<Self, BadField> {
        let channel = row.word("channel", &Channel::ALL.map(Channel::as_str), Channel::parse)?;
        Ok(Self {
            contact: row.required("contact_id", ID_CHARS)?,
            customer: row.required("customer_id", ID_CHARS)?,
            at: row.required_time("at", options)?,
            channel: channel.ok_or_else(|| BadField::new("channel", "is empty"))?,
            agent: row.text("agent", NAME_CHARS)?,
            wanted: row.text("wanted", NOTE_CHARS)?.unwrap_or_default(),
            complaint: row.word("complaint", &["open", "resolved"], ComplaintState::parse)?,
            outbound: row.flag("outbound")?,
            source: row.source()?,
            still_open: row.text("still_open", NOTE_CHARS)?,
            order: row.text("order_id", ID_CHARS)?,
            items: row.list("items_considered", options)?,
            competitor: row.text("competitor", NAME_CHARS)?,
        })
    }

    /// The inner error is the row's, the outer one the store's.
    pub async fn write(&self, tx: &mut Tx, row: &Row<'_>) -> Result<Result<Written, BadField>, StoreError> {
        let contact = keyed(self.source, self.contact);
        let order = match self.order {
            Some(order) => match order_of(tx, self.customer, self.source, order).await? {
                Some(order) => Some(order),
                None => return Ok(Err(BadField::new("order_id", "names an order that this customer does not have"))),
            },
            None => None,
        };
        let items: Vec<String> = self.items.iter().map(|item| (*item).to_owned()).collect();
        let upsert = ContactUpsert {
            contact: &contact,
            source: self.source,
            customer: self.customer,
            at: self.at,
            channel: self.channel,
            agent: row.given("agent", self.agent),
            wanted: row.has("wanted").then_some(self.wanted),
            complaint: row.has("complaint").then_some(self.complaint),
            still_open: row.given("still_open", self.still_open),
            order: row.given("order_id", order.as_deref()),
            competitor: row.given("competitor", self.competitor),
            items: row.has("items_considered").then_some(&items),
        };
        if !first_in_file(tx, &contact).await? {
            try_again(tx).await?;
            let written = self.put(tx, &upsert).await?;
            take_back(tx).await?;
            if written == Some(Outcome::Updated) {
                return Ok(Err(BadField::new("contact_id", FIRST_SAYS_OTHERWISE)));
            }
        }
        let written = self.put(tx, &upsert).await?;
        Ok(written.map(Into::into).ok_or_else(|| BadField::new("customer_id", NO_CUSTOMER)))
    }

    /// `None`: nobody knows the customer.
    async fn put(&self, tx: &mut Tx, upsert: &ContactUpsert<'_>) -> Result<Option<Outcome>, StoreError> {
        let Some(written) = contacts::upsert(tx, upsert).await? else { return Ok(None) };
        let mut marked = 0;
        if let Some(outbound) = self.outbound {
            let text = "UPDATE contacts SET outbound = $1 WHERE contact_id = $2 AND outbound <> $1";
            marked = sql!(execute tx, text, outbound, upsert.contact)?;
        }
        let unchanged = written.outcome == Outcome::Unchanged;
        Ok(Some(if marked > 0 && unchanged { Outcome::Updated } else { written.outcome }))
    }

    pub fn customer(&self) -> &'a str {
        self.customer
    }
}

/// A file's own key of an order, or ours.
async fn order_of(tx: &mut Tx, customer: &str, source: Option<&str>, key: &str) -> Result<Option<String>, StoreError> {
    let text = "SELECT order_id FROM orders WHERE customer = $1 AND (order_id = $2 OR order_id = $3)";
    let found = sql!(optional (String,), in tx, text, customer, keyed(source, key), key)?;
    Ok(found.map(|(order,)| order))
}
