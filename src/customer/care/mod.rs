//! Care before sale: no pitch where a kind word is due, no more contacts than a person wants, and one line of advice.

mod attend;
mod budget;
mod decision;
mod facts;
mod read;
mod rule;
mod say;
#[cfg(test)]
mod tests;

pub use attend::{Care, Guest, Manners, attend};
pub use budget::{Limits, Veto, may_contact};
pub use decision::{Advice, decide};
pub use facts::{Complaint, Facts, Noted, Stage, Standing};
pub use read::{BadRules, Rules};
pub use rule::{Rule, When};
