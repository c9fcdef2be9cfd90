//! Knowing the goods: what is in an item, what goes with it, and what comes in its place.

pub mod allergen;
mod item;
mod need;
mod suggest;
#[cfg(test)]
mod tests;
mod together;

pub use allergen::Allergen;
pub use item::{Goods, Item, ProductCard};
pub use need::Need;
pub use suggest::{Avoid, GoesWith, Replacement};
pub use together::{PairCounts, Together};
