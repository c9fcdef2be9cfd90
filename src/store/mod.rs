//! Stage 7, memory: who calls, what they ordered, what they agreed to. SQLite or Postgres, from one SQL text.

mod audit;
mod brief;
mod calls;
mod consent;
mod contacts;
mod customers;
mod db;
mod deliveries;
mod error;
pub mod export;
mod fingerprints;
mod goods;
pub mod import;
mod judged;
mod key;
mod options;
mod orders;
mod outbox;
mod parties;
mod people;
mod place;
mod put;
mod seal;
mod shop;
mod sql;
mod standing;
#[cfg(test)]
mod tests;
mod told;
mod voiceprints;

pub use audit::AuditRow;
pub use calls::CallFacts;
pub use consent::Destroyed;
pub use db::Store;
pub use deliveries::{DeadLetters, Delivery};
pub use error::StoreError;
pub use fingerprints::HeardCall;
pub use options::{KeySource, Options};
pub use orders::{NewOrder, PlacedOrder};
pub use outbox::{EventKind, Happened};
pub use parties::SplitOff;
pub use put::{ContactRecord, CustomerRecord, OrderRecord, Outcome, Record, Sender, is_source};
pub use told::{Told, ToldOrder};
pub use voiceprints::{OtherModel, Refresh};
