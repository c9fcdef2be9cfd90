//! What a customer will likely order, and why: a Beta-Binomial over their own history, shrunk towards the shop's.

mod basket;
mod history;
mod model;
mod moment;
mod order;
mod reason;
#[cfg(test)]
mod tests;

pub use history::{Chance, rank};
pub use model::{ShopCounts, ShopModel, Weights};
pub use order::{LikelyOrder, predict};
