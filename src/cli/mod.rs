//! The command line: a file per command.

pub mod accuracy;
pub mod call;
mod command;
pub mod demo;
pub mod doctor;
pub mod enroll;
pub mod eval;
pub mod export;
pub mod import;
pub mod load;
pub mod models;
pub mod outbound;
pub mod party;
pub mod serve;

pub use command::run;
use command::runtime;
