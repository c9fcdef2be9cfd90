//! Everything that is kept of one party, for them to have (GDPR Art. 15 and 20).

mod run;
mod tables;

pub use run::{Export, ExportedTable};
