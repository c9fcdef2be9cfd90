//! How far each receiver of webhooks has been told, and what it did not take.

use super::sql::{Engine, sql};
use super::{Store, StoreError};
use crate::base::UnixMillis;

/// Where an endpoint stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// The last event that it has taken, or that was given up.
    pub seq: u64,
    /// How often the one after it was sent in vain.
    pub attempts: u32,
    /// When it is sent again.
    pub due: UnixMillis,
}

/// What an endpoint did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetters {
    pub endpoint: String,
    pub count: u64,
    /// The newest of them.
    pub seq: u64,
    pub reason: String,
}

impl Store {
    /// `None`: nothing was ever sent there.
    pub async fn delivery(&self, endpoint: &str) -> Result<Option<Delivery>, StoreError> {
        let mut conn = self.read().await?;
        let text = "SELECT seq, attempts, due_ms FROM hook_positions WHERE endpoint = $1";
        let row = sql!(optional (i64, i64, i64), in conn, text, endpoint)?;
        Ok(row.map(|(seq, attempts, due)| Delivery {
            seq: seq.unsigned_abs(),
            attempts: attempts.try_into().unwrap_or(u32::MAX),
            due: UnixMillis(due),
        }))
    }

    /// Takes the endpoint's state from `seen` on to `next`; false when another node has done so meanwhile.
    pub async fn advance(&self, endpoint: &str, seen: Option<Delivery>, next: Delivery) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let (seq, attempts) = (i64::try_from(next.seq).unwrap_or(i64::MAX), i64::from(next.attempts));
        let changed = match seen {
            None => {
                let text = "
                    INSERT INTO hook_positions (endpoint, seq, attempts, due_ms) VALUES ($1, $2, $3, $4)
                    ON CONFLICT (endpoint) DO NOTHING";
                sql!(execute tx, text, endpoint, seq, attempts, next.due.0)?
            }
            Some(seen) => {
                let text = "
                    UPDATE hook_positions SET seq = $2, attempts = $3, due_ms = $4
                    WHERE endpoint = $1 AND seq = $5 AND attempts = $6";
                let (at, tried) = (i64::try_from(seen.seq).unwrap_or(i64::MAX), i64::from(seen.attempts));
                sql!(execute tx, text, endpoint, seq, attempts, next.due.0, at, tried)?
            }
        };
        tx.commit().await?;
        Ok(changed == 1)
    }

    /// Notes an event that is sent no more. `reason`: a status or a fault of the connection, never a body.
    pub async fn bury(&self, endpoint: &str, seq: u64, reason: &str, at: UnixMillis) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let text = "
            INSERT INTO dead_letters (endpoint, seq, at_ms, reason) VALUES ($1, $2, $3, $4)
            ON CONFLICT (endpoint, seq) DO NOTHING";
        sql!(execute tx, text, endpoint, i64::try_from(seq).unwrap_or(i64::MAX), at.0, reason)?;
        tx.commit().await
    }

    pub async fn dead_letters(&self) -> Result<Vec<DeadLetters>, StoreError> {
        type Row = (String, i64, i64, String);
        let mut conn = self.read().await?;
        let text = "
            SELECT d.endpoint, n.count, d.seq, d.reason FROM dead_letters d
            JOIN (SELECT endpoint, count(*) AS count, max(seq) AS seq FROM dead_letters GROUP BY endpoint) AS n
              ON n.endpoint = d.endpoint AND n.seq = d.seq
            ORDER BY d.endpoint";
        let rows = sql!(all Row, in conn, text)?;
        let letters = |(endpoint, count, seq, reason): Row| DeadLetters {
            endpoint,
            count: count.unsigned_abs(),
            seq: seq.unsigned_abs(),
            reason,
        };
        Ok(rows.into_iter().map(letters).collect())
    }
}
