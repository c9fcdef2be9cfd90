//! Everything the card of a recognised customer is made of.

use super::{ComplaintState, Contact, Order, Profile};
use crate::base::UnixMillis;

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

    /// Keys of the orders that a complaint is about which is open or not two weeks old: the one that it names, else the last
    /// one placed before it.
    pub fn complained_orders<'a>(&'a self, now: UnixMillis) -> Vec<&'a str> {
        let counts = |contact: &&Contact| match contact.complaint {
            Some(ComplaintState::Open) => true,
            Some(ComplaintState::Resolved) => now.0 - contact.at.0 <= FRESH_COMPLAINT_MS,
            None => false,
        };
        let before = |contact: &Contact| self.orders.iter().filter(|order| order.at <= contact.at).max_by_key(|o| o.at);
        let about = |contact: &'a Contact| match &contact.order {
            Some(order) => Some(order.as_str()),
            None => before(contact).map(|order| order.order.as_str()),
        };
        self.contacts.iter().filter(counts).filter_map(about).collect()
    }
}

/// 14 days: after a fortnight of a complaint put right, the dish is a memory and not a sore point. A judgement; at zero an
/// agent offers in the evening what was refunded at noon.
const FRESH_COMPLAINT_MS: i64 = 14 * 24 * 3600 * 1000;
