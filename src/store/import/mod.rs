//! Customers, orders and contacts from CSV files: all of a file or nothing of it, and every bad row named.

mod contacts;
mod customers;
mod header;
mod kind;
mod orders;
mod report;
mod row;
mod run;

pub use kind::Kind;
pub use report::{BadRow, ImportOptions, ImportReport};
