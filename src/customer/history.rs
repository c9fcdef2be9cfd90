//! What a customer has ordered.

use crate::base::UnixMillis;

#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The order system's own key.
    pub order: String,
    pub at: UnixMillis,
    pub lines: Vec<OrderLine>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderLine {
    /// Name of the item as the menu has it.
    pub item: String,
    pub quantity: u32,
    /// Such as "extra olives"; kept with the item, never part of its identity.
    pub modifiers: Vec<String>,
}
