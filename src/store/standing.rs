//! How we stand with a party: complaints and contacts that we began, under all its records.

use super::outbox::{self, EventKind};
use super::parties::{records, root};
use super::people::{new_id, require};
use super::sql::{Engine, sql};
use super::{Store, StoreError};
use crate::base::{Pii, UnixMillis};
use crate::customer::care::{Complaint, Limits, Standing, Veto, may_contact};
use crate::customer::{Channel, ComplaintState, CustomerId};

/// More is a machine that writes complaints: the open ones and the newest are enough to know.
const ROWS: i64 = 500;

impl Store {
    /// What counts `now` by `limits`; `None`: nobody knows the customer.
    pub async fn standing(
        &self,
        customer: &CustomerId,
        limits: &Limits,
        now: UnixMillis,
    ) -> Result<Option<Standing>, StoreError> {
        let mut conn = self.read().await?;
        let text = "SELECT since_ms FROM customers WHERE customer = $1";
        if sql!(optional (i64,), in conn, text, customer.as_str())?.is_none() {
            return Ok(None);
        }
        let customer = root(&mut conn, customer).await?;
        let text = concat!(
            "SELECT at_ms, channel, complaint, outbound FROM contacts
             WHERE (complaint = 'open' OR (at_ms > $2 AND (complaint IS NOT NULL OR outbound))) AND customer IN ",
            records!("$1"),
            " ORDER BY COALESCE(complaint, '') = 'open' DESC, at_ms DESC, contact_id LIMIT $3"
        );
        type Row = (i64, String, Option<String>, bool);
        let back_to = limits.looks_back_to(now).0;
        let rows = sql!(all Row, in conn, text, customer.as_str(), back_to, ROWS)?;
        let mut standing = Standing::default();
        for (at, channel, complaint, outbound) in rows {
            let at = UnixMillis(at);
            // The columns' checks admit no other words.
            let state = complaint.as_deref().and_then(ComplaintState::parse);
            if let (Some(state), Some(channel)) = (state, Channel::parse(&channel)) {
                standing.complaints.push(Complaint { at, channel, state });
            }
            if outbound {
                standing.outbound.push(at);
            }
        }
        standing.complaints.sort_by_key(|complaint| std::cmp::Reverse(complaint.at));
        standing.outbound.sort_by_key(|at| std::cmp::Reverse(*at));
        Ok(Some(standing))
    }

    /// Whether we may approach this customer now; `None`: nobody knows them.
    pub async fn may_contact(
        &self,
        customer: &CustomerId,
        limits: &Limits,
        now: UnixMillis,
    ) -> Result<Option<Result<(), Veto>>, StoreError> {
        Ok(self.standing(customer, limits, now).await?.map(|standing| may_contact(&standing, limits, now)))
    }

    /// Notes a contact that we began, so that the next list knows of it.
    pub async fn record_outbound(
        &self,
        customer: &CustomerId,
        channel: Channel,
        wanted: Pii<String>,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        require(&mut tx, customer).await?;
        let text = "
            INSERT INTO contacts (contact_id, customer, at_ms, channel, wanted, outbound)
            VALUES ($1, $2, $3, $4, $5, TRUE)";
        let (id, wanted) = (new_id("out-")?, wanted.expose().as_str());
        sql!(execute tx, text, id.as_str(), customer.as_str(), at.0, channel.as_str(), wanted)?;
        outbox::add(&mut tx, at, EventKind::ContactRecorded, Some(customer), Some(&id)).await?;
        self.commit_news(tx).await
    }
}
