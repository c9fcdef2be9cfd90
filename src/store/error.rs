//! What can go wrong with the store, as sentences for the person who runs it. No customer data, no password.

use std::path::PathBuf;

use crate::base::ErrorKind;
use crate::customer::CustomerId;
use crate::voice::NotRefreshed;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("store.url {reason}; use sqlite:FILE or postgres://USER@HOST/DATABASE")]
    Url { reason: String },
    #[error("{place} cannot be opened: {reason}")]
    CannotOpen { place: String, reason: String },
    #[error("{place} cannot be reached: {reason}")]
    Unreachable { place: String, reason: String },
    #[error("{place}: the disk is full; nothing was written, and what was stored before is unharmed")]
    DiskFull { place: String },
    #[error("{place} is read-only; nothing was written")]
    ReadOnly { place: String },
    #[error("{place} is locked by another program for longer than {waited_s} s; nothing was written")]
    Locked { place: String, waited_s: u64 },
    #[error("{place} is damaged, or not a database of Regulars: {reason}; restore it from a backup")]
    Corrupt { place: String, reason: String },
    #[error("{place} was made by a newer version of Regulars (schema {version}); this version leaves it alone")]
    Newer { place: String, version: i64 },
    #[error("{place}: its schema cannot be brought up to date: {reason}")]
    Migration { place: String, reason: String },

    #[error("the key file {} {reason}", path.display())]
    KeyFile { path: PathBuf, reason: String },
    #[error("the key in {origin} {reason}")]
    KeyText { origin: String, reason: &'static str },
    #[error("store.key_file must be set: there is no place beside {place} to keep a key in")]
    KeyUnnamed { place: String },
    #[error("the key in {origin} is not the one that the voiceprints in {place} are sealed with; restore that key")]
    WrongKey { origin: String, place: String },
    #[error(
        "the key file {} is missing, and {place} holds voiceprints that only its key opens; restore the file", path.display()
    )]
    KeyLost { path: PathBuf, place: String },
    #[error("the voiceprint of customer {customer} cannot be opened: it was changed; withdraw it and enrol again")]
    SealBroken { customer: CustomerId },
    #[error("the system gave no random bytes: {0}")]
    Randomness(String),

    #[error("there is no customer {0}")]
    UnknownCustomer(CustomerId),
    #[error("there is no such contact of this source")]
    UnknownContact,
    #[error("there is no such order of this customer")]
    UnknownOrder,
    #[error("nothing of this contact is open")]
    NothingOpen,
    #[error("there is no payment on file for this customer")]
    NothingOnFile,
    #[error("a voiceprint needs the yes of its own customer")]
    NotConsented,
    #[error("{0}; nothing was changed")]
    NotRefreshed(#[from] NotRefreshed),
    #[error("a household or a company has no voice of its own: enrol one of its people")]
    NotAPerson,
    #[error("{0} is a double of another record already; undo that first")]
    MergedAlready(CustomerId),
    #[error("{0} is no double of another record")]
    NotMerged(CustomerId),
    #[error("{double} cannot be a double of {of}: it is the same record, or of another kind")]
    NoDouble { double: CustomerId, of: CustomerId },
    #[error("one of the {what} is not those of customer {customer}; nothing was changed")]
    NotTheirs { customer: CustomerId, what: &'static str },
    #[error("an order needs at least one line, and quantities from 1 to 10000")]
    EmptyOrder,
    #[error("{0} is not on the menu")]
    OffMenu(String),
    #[error("this order key was used for a different order")]
    KeyReused,

    #[error("the mapping {file}: {reason}")]
    Mapping { file: String, reason: String },
    #[error("{file}: {reason}; nothing of it was kept")]
    ImportFile { file: String, reason: String },

    #[error("{place} refused a statement (code {code}): {message}")]
    Database { place: String, code: String, message: String },
}

impl StoreError {
    pub fn kind(&self) -> ErrorKind {
        use StoreError::*;
        match self {
            Url { .. }
            | NotAPerson
            | NoDouble { .. }
            | NotTheirs { .. }
            | EmptyOrder
            | OffMenu(_)
            | Mapping { .. }
            | ImportFile { .. }
            | KeyText { .. }
            | KeyUnnamed { .. } => ErrorKind::InvalidInput,
            UnknownCustomer(_) | UnknownContact | UnknownOrder => ErrorKind::NotFound,
            NotConsented | KeyFile { .. } | WrongKey { .. } | KeyLost { .. } => ErrorKind::Denied,
            KeyReused | NothingOpen | NothingOnFile | NotRefreshed(_) | MergedAlready(_) | NotMerged(_) => {
                ErrorKind::Conflict
            }
            CannotOpen { .. } | Unreachable { .. } | DiskFull { .. } | ReadOnly { .. } | Locked { .. } => {
                ErrorKind::Unavailable
            }
            Corrupt { .. } | Newer { .. } | Migration { .. } | SealBroken { .. } | Randomness(_) | Database { .. } => {
                ErrorKind::Internal
            }
        }
    }
}
