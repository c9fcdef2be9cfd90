//! The store keeps its promises on SQLite and on Postgres alike.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // how a test fails

mod cluster;
mod consent;
mod contract;
mod exports;
mod fingerprints;
mod fixture;
mod goods;
mod habits;
mod import_command;
mod imports;
mod judged;
mod keys;
mod mappings;
mod orders;
mod outbound;
mod parties;
mod people;
mod refresh;
mod reports;
mod retention;
mod schema;
mod timeline;
mod trouble;
