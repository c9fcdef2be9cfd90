//! What is kept of a call: that it was, and what was wanted.

use super::outbox::{self, EventKind};
use super::people::{link_number, require};
use super::sql::{Engine, sql};
use super::{Store, StoreError};
use crate::base::{CallId, E164, Line, Pii, UnixMillis};
use crate::customer::CustomerId;

/// A call that is over, as far as it concerns the store. Nothing is kept of a caller without a name.
#[derive(Clone, Debug)]
pub struct CallFacts {
    pub call: CallId,
    pub line: Line,
    pub customer: Option<CustomerId>,
    /// An agent said who it is. A recognised voice alone does not bind a new number to a person.
    pub confirmed: bool,
    pub number: Option<E164>,
    pub agent: Option<String>,
    pub at: UnixMillis,
    pub wanted: Pii<String>,
}

impl Store {
    /// Adds the call to the customer's contacts and counts it for the number they called from. The same call told
    /// twice is told once.
    pub async fn record_call(&self, facts: CallFacts) -> Result<(), StoreError> {
        let Some(customer) = &facts.customer else { return Ok(()) };
        let mut tx = self.begin().await?;
        require(&mut tx, customer).await?;
        let contact = format!("call:{}", facts.call);
        let text = "
            INSERT INTO contacts (contact_id, customer, at_ms, channel, agent, wanted, line)
            VALUES ($1, $2, $3, 'phone', $4, $5, $6) ON CONFLICT (contact_id) DO NOTHING";
        let wanted = facts.wanted.expose().as_str();
        let (agent, line) = (facts.agent.as_deref(), facts.line.as_str());
        let added = sql!(execute tx, text, contact.as_str(), customer.as_str(), facts.at.0, agent, wanted, line)?;
        if let (Some(number), true) = (&facts.number, added == 1) {
            if facts.confirmed {
                link_number(&mut tx, number, customer).await?;
            }
            let count = "UPDATE numbers SET calls = calls + 1 WHERE number = $1 AND customer = $2";
            sql!(execute tx, count, number.digits(), customer.as_str())?;
        }
        if added == 1 {
            outbox::add(&mut tx, facts.at, EventKind::ContactRecorded, Some(customer), Some(&contact)).await?;
        }
        self.commit_news(tx).await
    }
}
