//! Everything the card of a recognised customer is made of.

use super::{ComplaintState, Contact, Order, Profile};

/// Newest first in both lists; the store bounds how many.
#[derive(Clone, Debug, PartialEq)]
pub struct Dossier {
    pub profile: Profile,
    pub contacts: Vec<Contact>,
    pub orders: Vec<Order>,
}

impl Dossier {
    /// The newest complaint that nobody has resolved.
    pub fn open_complaint(&self) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.complaint == Some(ComplaintState::Open))
    }
}
