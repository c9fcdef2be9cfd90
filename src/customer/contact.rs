//! What passed between us and a customer, on any channel.

use crate::base::{Pii, UnixMillis};

/// One contact: a call, a mail, a complaint.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// Its key in the books.
    pub contact: String,
    pub at: UnixMillis,
    /// `None`: an order of which nobody said how it came.
    pub channel: Option<Channel>,
    /// Who of us it was with, by the name the shop uses at work.
    pub agent: Option<String>,
    /// What the customer wanted, in one sentence.
    pub wanted: Pii<String>,
    pub complaint: Option<ComplaintState>,
    /// What is still to be done, in one sentence.
    pub still_open: Option<Pii<String>>,
    /// What they looked at or asked about.
    pub items_considered: Vec<String>,
    /// A competitor whom they mentioned.
    pub competitor: Option<String>,
    /// The order that it is about.
    pub order: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Phone,
    Web,
    Email,
    Shop,
    Delivery,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComplaintState {
    Open,
    Resolved,
}

impl Channel {
    pub const ALL: [Channel; 5] = [Channel::Phone, Channel::Web, Channel::Email, Channel::Shop, Channel::Delivery];

    /// The word used in CSV files and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Channel::Phone => "phone",
            Channel::Web => "web",
            Channel::Email => "email",
            Channel::Shop => "shop",
            Channel::Delivery => "delivery",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == word)
    }
}

impl ComplaintState {
    pub fn as_str(self) -> &'static str {
        match self {
            ComplaintState::Open => "open",
            ComplaintState::Resolved => "resolved",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [ComplaintState::Open, ComplaintState::Resolved].into_iter().find(|state| state.as_str() == word)
    }
}
