//! What has happened, in the order in which it could be seen: the tail that cards, other systems and webhooks follow.
//!
//! A fact and its row here are one transaction. Numbers are given afterwards, to rows that everybody can see, by one node at a
//! time (docs/decisions/0020-one-timeline.md); a reader who has seen a number will never find a smaller one that is new.

use super::sql::{Engine, Tx, sql};
use super::{Store, StoreError};
use crate::base::UnixMillis;
use crate::customer::CustomerId;

/// What a row of the outbox tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An agent took it: it is for the order system to carry out.
    OrderPlaced,
    /// It was made elsewhere.
    OrderRecorded,
    ContactRecorded,
    ComplaintOpened,
    ComplaintResolved,
    CustomerChanged,
    /// Too many customers at once to name each.
    BooksImported,
}

/// One row. The body is read when it is told, by [`Store::told`].
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    pub seq: u64,
    pub at: UnixMillis,
    pub kind: EventKind,
    /// `None` only for [`EventKind::BooksImported`].
    pub customer: Option<CustomerId>,
    /// The order or the contact.
    pub fact: Option<String>,
}

/// Rows that are numbered in one transaction; an import of ten thousand is seen in ten.
const NUMBERED_AT_ONCE: i64 = 1000;

impl EventKind {
    pub const ALL: [EventKind; 7] = [
        EventKind::OrderPlaced,
        EventKind::OrderRecorded,
        EventKind::ContactRecorded,
        EventKind::ComplaintOpened,
        EventKind::ComplaintResolved,
        EventKind::CustomerChanged,
        EventKind::BooksImported,
    ];

    /// The word used in the store, in settings and in webhooks.
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::OrderPlaced => "order.placed",
            EventKind::OrderRecorded => "order.recorded",
            EventKind::ContactRecorded => "contact.recorded",
            EventKind::ComplaintOpened => "complaint.opened",
            EventKind::ComplaintResolved => "complaint.resolved",
            EventKind::CustomerChanged => "customer.changed",
            EventKind::BooksImported => "books.imported",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl Store {
    /// Gives numbers to what has been committed since; says whether there was anything.
    pub async fn number_events(&self) -> Result<bool, StoreError> {
        let mut conn = self.read().await?;
        let waiting = "SELECT entry FROM outbox WHERE seq IS NULL LIMIT 1";
        if sql!(optional (i64,), in conn, waiting)?.is_none() {
            return Ok(false);
        }
        drop(conn);
        let mut tx = self.begin().await?;
        let newest = position(&mut tx, NEWEST).await?;
        let text = "
            UPDATE outbox SET seq = numbered.seq FROM (
                SELECT entry, $1 + row_number() OVER (ORDER BY entry) AS seq
                FROM (SELECT entry FROM outbox WHERE seq IS NULL ORDER BY entry LIMIT $2) AS waiting
            ) AS numbered WHERE outbox.entry = numbered.entry";
        let numbered = sql!(execute tx, text, newest, NUMBERED_AT_ONCE)?;
        set_position(&mut tx, NEWEST, newest.saturating_add_unsigned(numbered)).await?;
        tx.commit().await?;
        Ok(numbered > 0)
    }

    /// The number of the newest event, 0 before the first.
    pub async fn newest_event(&self) -> Result<u64, StoreError> {
        self.read_position(NEWEST).await
    }

    /// The newest number that is no longer kept.
    pub async fn forgotten_event(&self) -> Result<u64, StoreError> {
        self.read_position(FORGOTTEN).await
    }

    /// What came after `seq`, oldest first.
    pub async fn events_after(&self, seq: u64, limit: u32) -> Result<Vec<Happened>, StoreError> {
        type Row = (i64, i64, String, Option<String>, Option<String>);
        let mut conn = self.read().await?;
        let text = "SELECT seq, at_ms, kind, customer, fact FROM outbox WHERE seq > $1 ORDER BY seq LIMIT $2";
        let rows = sql!(all Row, in conn, text, i64::try_from(seq).unwrap_or(i64::MAX), i64::from(limit))?;
        let event = |(seq, at, kind, customer, fact): Row| {
            // A kind that this program does not know was written by a newer one.
            let kind = EventKind::parse(&kind)?;
            let customer = customer.map(CustomerId::new);
            Some(Happened { seq: seq.unsigned_abs(), at: UnixMillis(at), kind, customer, fact })
        };
        Ok(rows.into_iter().filter_map(event).collect())
    }

    /// Forgets events and received webhooks from before `before`. What is not numbered yet stays.
    pub async fn forget_events(&self, before: UnixMillis) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let text = "SELECT COALESCE(max(seq), 0) FROM outbox WHERE at_ms < $1";
        let (last,) = sql!(one (i64,), in tx, text, before.0)?;
        let forgotten = position(&mut tx, FORGOTTEN).await?.max(last);
        let gone = sql!(execute tx, "DELETE FROM outbox WHERE seq <= $1", forgotten)?;
        set_position(&mut tx, FORGOTTEN, forgotten).await?;
        sql!(execute tx, "DELETE FROM received_hooks WHERE at_ms < $1", before.0)?;
        sql!(execute tx, "DELETE FROM dead_letters WHERE at_ms < $1", before.0)?;
        tx.commit().await?;
        Ok(gone)
    }

    async fn read_position(&self, name: &str) -> Result<u64, StoreError> {
        let mut conn = self.read().await?;
        let row = sql!(optional (String,), in conn, "SELECT value FROM settings WHERE name = $1", name)?;
        Ok(row.and_then(|(value,)| value.parse().ok()).unwrap_or(0))
    }
}

/// Names of the two positions in `settings`.
const NEWEST: &str = "outbox_newest";
const FORGOTTEN: &str = "outbox_forgotten";

/// A row of the tail in the transaction of its fact.
pub(super) async fn add(
    tx: &mut Tx,
    at: UnixMillis,
    kind: EventKind,
    customer: Option<&CustomerId>,
    fact: Option<&str>,
) -> Result<(), StoreError> {
    let text = "INSERT INTO outbox (at_ms, kind, customer, fact) VALUES ($1, $2, $3, $4)";
    sql!(execute tx, text, at.0, kind.as_str(), customer.map(CustomerId::as_str), fact)?;
    Ok(())
}

/// Writing the row makes a second node that numbers now wait here.
async fn position(tx: &mut Tx, name: &str) -> Result<i64, StoreError> {
    let text = "
        INSERT INTO settings (name, value) VALUES ($1, '0')
        ON CONFLICT (name) DO UPDATE SET value = settings.value RETURNING value";
    let (value,) = sql!(one (String,), in tx, text, name)?;
    Ok(value.parse().unwrap_or(0))
}

async fn set_position(tx: &mut Tx, name: &str, seq: i64) -> Result<(), StoreError> {
    sql!(execute tx, "UPDATE settings SET value = $1 WHERE name = $2", seq.to_string(), name)?;
    Ok(())
}
