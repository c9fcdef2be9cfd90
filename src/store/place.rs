//! Where the data lies, for error sentences, and the reading of a driver's errors at that place.

use std::sync::Arc;
use std::time::Duration;

use sqlx::error::DatabaseError;

use super::StoreError;

/// "the database regulars.db", "Postgres at db.example:5432". Never a password.
#[derive(Clone, Debug)]
pub(super) struct Place(Arc<str>);

/// How long a writer waits for another one, in this process or another. Imports hold the write lock longest;
/// an agent waits no longer than this for an answer.
pub(super) const LOCK_WAIT: Duration = Duration::from_secs(5);

impl Place {
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// A driver's error as ours. Of the driver's text only the message is kept: Postgres' detail holds row values.
    pub fn error(&self, error: sqlx::Error) -> StoreError {
        let place = self.text();
        match error {
            sqlx::Error::Database(error) => self.refused(error.as_ref()),
            sqlx::Error::Io(error) => StoreError::Unreachable { place, reason: error.to_string() },
            sqlx::Error::PoolTimedOut => StoreError::Locked { place, waited_s: LOCK_WAIT.as_secs() },
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
                StoreError::Unreachable { place, reason: "the connection is closed".to_owned() }
            }
            sqlx::Error::Tls(error) => StoreError::Unreachable { place, reason: error.to_string() },
            // Values that do not fit their columns: written by something other than this program.
            sqlx::Error::ColumnDecode { index, .. } => {
                StoreError::Corrupt { place, reason: format!("column {index} holds what it cannot hold") }
            }
            // The remaining variants are about our own statements; their texts hold names of columns and types.
            other => StoreError::Database { place, code: "none".to_owned(), message: other.to_string() },
        }
    }

    fn refused(&self, error: &dyn DatabaseError) -> StoreError {
        let place = self.text();
        let code = error.code().unwrap_or_default().into_owned();
        let message = error.message().to_owned();
        // SQLite gives numbers, with the detail in the upper bytes; Postgres gives five characters, SQLSTATE.
        match code.parse::<u32>().ok().filter(|_| code.len() < 5) {
            Some(extended) => match extended & 0xff {
                SQLITE_FULL => StoreError::DiskFull { place },
                SQLITE_BUSY | SQLITE_LOCKED => StoreError::Locked { place, waited_s: LOCK_WAIT.as_secs() },
                SQLITE_READONLY => StoreError::ReadOnly { place },
                SQLITE_CORRUPT | SQLITE_NOTADB => StoreError::Corrupt { place, reason: message },
                SQLITE_CANTOPEN | SQLITE_IOERR | SQLITE_PERM | SQLITE_AUTH => {
                    StoreError::CannotOpen { place, reason: message }
                }
                _ => StoreError::Database { place, code, message },
            },
            None => match code.as_str() {
                "53100" => StoreError::DiskFull { place },
                "25006" => StoreError::ReadOnly { place },
                "55P03" => StoreError::Locked { place, waited_s: LOCK_WAIT.as_secs() },
                "XX001" | "XX002" => StoreError::Corrupt { place, reason: message },
                // 28 wrong user or password, 3D no such database, 53 no connection left, 57P shutting down, 08 lost.
                sqlstate if ["28", "3D", "53", "57P", "08"].iter().any(|class| sqlstate.starts_with(class)) => {
                    StoreError::Unreachable { place, reason: message }
                }
                _ => StoreError::Database { place, code, message },
            },
        }
    }
}

// https://www.sqlite.org/rescode.html, primary result codes.
const SQLITE_PERM: u32 = 3;
const SQLITE_BUSY: u32 = 5;
const SQLITE_LOCKED: u32 = 6;
const SQLITE_READONLY: u32 = 8;
const SQLITE_IOERR: u32 = 10;
const SQLITE_CORRUPT: u32 = 11;
const SQLITE_FULL: u32 = 13;
const SQLITE_CANTOPEN: u32 = 14;
const SQLITE_AUTH: u32 = 23;
const SQLITE_NOTADB: u32 = 26;
