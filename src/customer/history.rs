//! What a customer has ordered.

use super::Channel;
use crate::base::{CallId, UnixMillis};

#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The order system's own key.
    pub order: String,
    pub at: UnixMillis,
    pub lines: Vec<OrderLine>,
    pub taken: Taken,
}

/// How an order came in, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    pub channel: Option<Channel>,
    /// By whom, by their name at work.
    pub agent: Option<String>,
    /// In which call of ours.
    pub call: Option<CallId>,
}

/// How an order is paid, where an agent said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payment {
    OnDelivery,
    /// What the shop's payment system has on file. Nothing is charged by a voice alone.
    OnFile {
        /// How the agent made sure who it is, such as "one-time code".
        second_factor: String,
    },
}

impl Payment {
    /// The word used in the store.
    pub fn as_str(&self) -> &'static str {
        match self {
            Payment::OnDelivery => "on delivery",
            Payment::OnFile { .. } => "on file",
        }
    }

    pub fn second_factor(&self) -> Option<&str> {
        match self {
            Payment::OnDelivery => None,
            Payment::OnFile { second_factor } => Some(second_factor),
        }
    }

    /// As the store has it. `None`: as the shop always does.
    pub fn parse(word: Option<&str>, second_factor: Option<String>) -> Option<Self> {
        match (word?, second_factor) {
            ("on delivery", _) => Some(Payment::OnDelivery),
            ("on file", Some(second_factor)) => Some(Payment::OnFile { second_factor }),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    /// Name of the item as the menu has it.
    pub item: String,
    pub quantity: u32,
    /// Such as "extra olives"; kept with the item, never part of its identity.
    pub modifiers: Vec<String>,
}
