//! One SQL text for both engines: `$n` placeholders, `ON CONFLICT`, `RETURNING`, booleans.
//!
//! sqlx has a driver that hides the engine (`Any`), but it cannot read SQLite's booleans; a generic function over
//! both drivers needs a page of bounds. A macro that writes the call twice needs neither.

use sqlx::{Postgres, Sqlite, Transaction, pool::PoolConnection};

use super::StoreError;
use super::place::Place;

/// The same thing of either engine.
pub(super) enum Engine<S, P> {
    Sqlite(S),
    Pg(P),
}

/// Something that statements run on, and where that is.
pub(super) struct Session<S, P> {
    pub on: Engine<S, P>,
    pub place: Place,
}

/// For reading. On SQLite it cannot write.
pub(super) type Conn = Session<PoolConnection<Sqlite>, PoolConnection<Postgres>>;
/// Rolled back unless committed. On SQLite it holds the write lock from its start.
pub(super) type Tx = Session<Transaction<'static, Sqlite>, Transaction<'static, Postgres>>;

impl Tx {
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.on {
            Engine::Sqlite(tx) => tx.commit().await,
            Engine::Pg(tx) => tx.commit().await,
        }
        .map_err(|error| self.place.error(error))
    }

    pub async fn rollback(self) -> Result<(), StoreError> {
        match self.on {
            Engine::Sqlite(tx) => tx.rollback().await,
            Engine::Pg(tx) => tx.rollback().await,
        }
        .map_err(|error| self.place.error(error))
    }
}

/// Placeholders of that many rows: `($1, $2), ($3, $4)`.
pub(super) fn placeholders(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let places: Vec<_> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", places.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// `sql!(execute SESSION, TEXT, BINDS..)` gives the number of rows that changed; `all ROW in`, `optional ROW in` and
/// `one ROW in` give rows as tuples or `FromRow` types. `SESSION` is a `Conn` or a `Tx`; a bind may be moved.
/// `execute_each` and `all_each` bind many rows to a text that was made with [`placeholders`] and holds no value itself.
macro_rules! sql {
    (execute_each $session:expr, $text:expr, $row:pat in $rows:expr => $($bind:expr),+ $(,)?) => {
        match &mut $session.on {
            Engine::Sqlite(c) => {
                let mut query = sqlx::query(sqlx::AssertSqlSafe($text));
                for $row in $rows { query = query$(.bind($bind))+; }
                query.execute(&mut **c).await.map(|done| done.rows_affected())
            }
            Engine::Pg(c) => {
                let mut query = sqlx::query(sqlx::AssertSqlSafe($text));
                for $row in $rows { query = query$(.bind($bind))+; }
                query.execute(&mut **c).await.map(|done| done.rows_affected())
            }
        }
        .map_err(|error| $session.place.error(error))
    };
    (all_each $of:ty, in $session:expr, $text:expr, $row:pat in $rows:expr => $($bind:expr),+ $(,)?) => {
        match &mut $session.on {
            Engine::Sqlite(c) => {
                let mut query = sqlx::query_as::<_, $of>(sqlx::AssertSqlSafe($text));
                for $row in $rows { query = query$(.bind($bind))+; }
                query.fetch_all(&mut **c).await
            }
            Engine::Pg(c) => {
                let mut query = sqlx::query_as::<_, $of>(sqlx::AssertSqlSafe($text));
                for $row in $rows { query = query$(.bind($bind))+; }
                query.fetch_all(&mut **c).await
            }
        }
        .map_err(|error| $session.place.error(error))
    };
    (execute $session:expr, $text:expr $(, $bind:expr)* $(,)?) => {
        match &mut $session.on {
            Engine::Sqlite(c) => {
                sqlx::query($text)$(.bind($bind))*.execute(&mut **c).await.map(|done| done.rows_affected())
            }
            Engine::Pg(c) => {
                sqlx::query($text)$(.bind($bind))*.execute(&mut **c).await.map(|done| done.rows_affected())
            }
        }
        .map_err(|error| $session.place.error(error))
    };
    (all $row:ty, in $session:expr, $text:expr $(, $bind:expr)* $(,)?) => {
        sql!(@fetch fetch_all, $row, $session, $text $(, $bind)*)
    };
    (optional $row:ty, in $session:expr, $text:expr $(, $bind:expr)* $(,)?) => {
        sql!(@fetch fetch_optional, $row, $session, $text $(, $bind)*)
    };
    (one $row:ty, in $session:expr, $text:expr $(, $bind:expr)* $(,)?) => {
        sql!(@fetch fetch_one, $row, $session, $text $(, $bind)*)
    };
    (@fetch $fetch:ident, $row:ty, $session:expr, $text:expr $(, $bind:expr)*) => {
        match &mut $session.on {
            Engine::Sqlite(c) => sqlx::query_as::<_, $row>($text)$(.bind($bind))*.$fetch(&mut **c).await,
            Engine::Pg(c) => sqlx::query_as::<_, $row>($text)$(.bind($bind))*.$fetch(&mut **c).await,
        }
        .map_err(|error| $session.place.error(error))
    };
}
pub(super) use sql;
