//! Customers, orders, contacts and products from CSV files: all of a file or nothing of it, and every bad row named.

mod contacts;
mod customers;
mod header;
mod kind;
mod mapping;
mod orders;
mod products;
mod report;
mod row;
mod run;
mod source;

pub use kind::Kind;
pub use mapping::Mapping;
pub use report::{BadRow, ImportOptions, ImportReport, Written};
