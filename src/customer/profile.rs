//! Who a customer is, apart from any voice.

use std::fmt;
use std::sync::Arc;

use super::Party;
use crate::base::units::text_id;
use crate::base::{Pii, UnixMillis};

text_id! {
    /// The shop's own key of a customer, at most 64 characters. An opaque key, not a name or number.
    CustomerId
}

text_id! {
    /// People who share a table and often a telephone.
    HouseholdId
}

/// The person as the agent sees them.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    pub customer: CustomerId,
    pub name: Pii<String>,
    pub household: Option<HouseholdId>,
    pub party: Party,
    /// BCP 47 tag of the language the customer wants to be spoken to in, such as `it` or `pt-BR`.
    pub language: Option<String>,
    pub allergies: Option<Pii<String>>,
    pub notes: Option<Pii<String>>,
    pub since: UnixMillis,
}

/// One of the people known to call from a number: what the first card is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonAtNumber {
    pub customer: CustomerId,
    pub name: Pii<String>,
    /// Calls of this person from this very number so far.
    pub calls_from_number: u32,
    /// Whether a valid consent to be recognised and a voiceprint of the model in use stand behind this person.
    pub recognisable: bool,
}
