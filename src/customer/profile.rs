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
    /// The shop's payment system can charge them without asking again.
    pub payment_on_file: bool,
}

/// RFC 5646 §2.1, its shape alone: subtags of 1 to 8 letters or digits, the first of letters.
pub fn is_language_tag(tag: &str) -> bool {
    let subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let first = tag.split('-').next().unwrap_or_default();
    first.len() >= 2 && first.bytes().all(|b| b.is_ascii_alphabetic()) && tag.split('-').all(subtag)
}

/// RFC 5646 §4.4.1: a buffer for 35 characters holds every tag in use.
pub const LANGUAGE_CHARS: usize = 35;

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
