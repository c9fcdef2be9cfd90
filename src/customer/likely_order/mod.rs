//! What a customer will likely order, and why: a Beta-Binomial over their own history, shrunk towards the shop's.

mod basket;
mod book;
mod examples;
mod fit;
mod history;
mod logistic;
mod model;
mod moment;
mod order;
mod rates;
mod reason;
#[cfg(test)]
mod tests;
mod weights;

pub use book::OrderBook;
pub use history::{Chance, rank};
pub use model::ShopModel;
pub use order::{LikelyOrder, Situation, predict};
pub use weights::{Calibration, Weights};
