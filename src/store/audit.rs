//! Who did what, added and never changed (a trigger refuses anything else).

use super::sql::{Engine, Tx, sql};
use super::{Store, StoreError};
use crate::base::{CallId, UnixMillis};
use crate::customer::CustomerId;

/// One line of the audit. `detail` holds no names and no numbers: the audit outlives the customer.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRow {
    pub at: UnixMillis,
    /// The agent, or the part of the service that acted on its own, such as `import`.
    pub operator: String,
    /// A word such as `enroll` or `withdraw`.
    pub action: String,
    pub customer: Option<CustomerId>,
    pub call: Option<CallId>,
    pub detail: String,
}

impl Store {
    pub async fn audit(&self, row: AuditRow) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        add(&mut tx, row).await?;
        tx.commit().await
    }

    /// The newest `limit` lines, newest first.
    pub async fn audit_rows(&self, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        type Row = (i64, String, String, Option<String>, Option<String>, String);
        let mut conn = self.read().await?;
        let text = "SELECT at_ms, operator, action, customer, call_id, detail FROM audit ORDER BY seq DESC LIMIT $1";
        let rows = sql!(all Row, in conn, text, i64::from(limit))?;
        let row = |(at, operator, action, customer, call, detail): Row| AuditRow {
            at: UnixMillis(at),
            operator,
            action,
            customer: customer.map(CustomerId::new),
            call: call.map(CallId::new),
            detail,
        };
        Ok(rows.into_iter().map(row).collect())
    }
}

/// Adds a line to the transaction that does what it tells of.
pub(super) async fn add(tx: &mut Tx, row: AuditRow) -> Result<(), StoreError> {
    let text = "INSERT INTO audit (at_ms, operator, action, customer, call_id, detail) VALUES ($1, $2, $3, $4, $5, $6)";
    let customer = row.customer.as_ref().map(CustomerId::as_str);
    let call = row.call.as_ref().map(CallId::as_str);
    sql!(execute tx, text, row.at.0, row.operator, row.action, customer, call, row.detail)?;
    Ok(())
}
