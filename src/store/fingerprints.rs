//! Fingerprints of calls as sealed rows: what a call is held to, to notice a recording that is played again.

use std::time::Duration;

use super::consent::newest_word;
use super::key::random;
use super::parties::records;
use super::people::new_id;
use super::seal::NONCE_BYTES;
use super::sql::{Engine, sql};
use super::{Store, StoreError};
use crate::base::UnixMillis;
use crate::customer::CustomerId;
use crate::speech::Fingerprint;

/// A call that a later one is held to.
#[derive(Clone, Debug, PartialEq)]
pub struct HeardCall {
    /// Whom the card stood for; `None` only of a flagged call.
    pub customer: Option<CustomerId>,
    /// The agent who flagged the call.
    pub flagged_by: Option<String>,
    pub heard_at: UnixMillis,
    pub fingerprint: Fingerprint,
}

/// Calls of one customer, the newest: as many as somebody may have recorded of a regular.
const OF_CUSTOMER: i64 = 20;
/// Flagged calls, the newest. Every call that is heard is held to all of them.
const FLAGGED: i64 = 16;

impl Store {
    /// Keeps the call, and lets go of those that are older than `keep` or too many. Of a customer without a standing
    /// yes it is kept only when it was flagged and they have never said no. Says whether it was kept.
    pub async fn keep_fingerprint(&self, call: &HeardCall, keep: Duration) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let word = match &call.customer {
            Some(customer) => newest_word(&mut tx, customer).await?,
            None => None,
        };
        let kept = word.unwrap_or(call.flagged_by.is_some());
        if !kept {
            return Ok(false);
        }
        let (id, mut nonce) = (new_id("f-")?, [0; NONCE_BYTES]);
        random(&mut nonce)?;
        let sealed = self.seal().seal_fingerprint(&nonce, &id, call.customer.as_ref(), &call.fingerprint);
        let sealed = sealed.map_err(|_| StoreError::Randomness("a fingerprint could not be sealed".to_owned()))?;
        let text = "
            INSERT INTO fingerprints (id, customer, flagged_by, heard_ms, sealed, nonce)
            VALUES ($1, $2, $3, $4, $5, $6)";
        let customer = call.customer.as_ref().map(CustomerId::as_str);
        sql!(
            execute tx, text, id, customer, call.flagged_by.as_deref(), call.heard_at.0, sealed, nonce.as_slice()
        )?;
        let oldest = call.heard_at.before(keep);
        sql!(execute tx, "DELETE FROM fingerprints WHERE heard_ms < $1", oldest.0)?;
        let text = "
            DELETE FROM fingerprints WHERE flagged_by IS NULL AND customer = $1 AND id NOT IN (
                SELECT id FROM fingerprints WHERE flagged_by IS NULL AND customer = $1
                ORDER BY heard_ms DESC, id LIMIT $2)";
        sql!(execute tx, text, customer, OF_CUSTOMER)?;
        let text = "
            DELETE FROM fingerprints WHERE flagged_by IS NOT NULL AND id NOT IN (
                SELECT id FROM fingerprints WHERE flagged_by IS NOT NULL ORDER BY heard_ms DESC, id LIMIT $1)";
        sql!(execute tx, text, FLAGGED)?;
        tx.commit().await?;
        self.forget_replaced_pages().await;
        Ok(true)
    }

    /// The calls since then of a customer whose newest word is yes, or with `None` those that agents have flagged; the
    /// newest first.
    pub async fn heard_calls(
        &self,
        customer: Option<&CustomerId>,
        since: UnixMillis,
    ) -> Result<Vec<HeardCall>, StoreError> {
        let mut conn = self.read().await?;
        let rows = match customer {
            Some(customer) => sql!(all Row, in conn, CALLS_OF, customer.as_str(), since.0, OF_CUSTOMER)?,
            None => sql!(all Row, in conn, FLAGGED_CALLS, since.0, FLAGGED)?,
        };
        Ok(rows.into_iter().filter_map(|row| self.opened_fingerprint(row)).collect())
    }

    /// Deletes what is older.
    pub async fn forget_fingerprints(&self, before: UnixMillis) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let gone = sql!(execute tx, "DELETE FROM fingerprints WHERE heard_ms < $1", before.0)?;
        tx.commit().await?;
        if gone > 0 {
            self.forget_replaced_pages().await;
        }
        Ok(())
    }

    /// One that does not open says nothing of the others, and is left out.
    fn opened_fingerprint(&self, row: Row) -> Option<HeardCall> {
        let customer = row.customer.map(CustomerId::new);
        let opened = self.seal().open_fingerprint(&row.nonce, &row.id, customer.as_ref(), &row.sealed);
        let Ok(fingerprint) = opened else {
            tracing::warn!(row = row.id, "a fingerprint of a call was changed and cannot be opened; it is left out");
            return None;
        };
        Some(HeardCall { customer, flagged_by: row.flagged_by, heard_at: UnixMillis(row.heard_ms), fingerprint })
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    customer: Option<String>,
    flagged_by: Option<String>,
    heard_ms: i64,
    sealed: Vec<u8>,
    nonce: Vec<u8>,
}

const CALLS_OF: &str = concat!(
    "SELECT id, customer, flagged_by, heard_ms, sealed, nonce FROM fingerprints
    WHERE flagged_by IS NULL AND heard_ms >= $2 AND customer IN ",
    records!("$1"),
    " AND COALESCE((SELECT k.given FROM consents k WHERE k.purpose = 'recognise' AND k.customer IN ",
    records!("$1"),
    " ORDER BY k.seq DESC LIMIT 1), FALSE)
    ORDER BY heard_ms DESC, id LIMIT $3"
);
const FLAGGED_CALLS: &str = "
    SELECT id, customer, flagged_by, heard_ms, sealed, nonce FROM fingerprints
    WHERE flagged_by IS NOT NULL AND heard_ms >= $1 ORDER BY heard_ms DESC, id LIMIT $2";
