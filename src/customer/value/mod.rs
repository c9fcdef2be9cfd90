//! How often a customer will order, whether they still will, and for how much: three models of the "buy till you die"
//! kind, fitted to a shop's own customers. Time is counted in weeks, as the papers do.

pub mod bg_nbd;
mod error;
pub mod gamma_gamma;
pub mod pareto_nbd;
mod simplex;
mod special;
pub mod summary;

pub use bg_nbd::BgNbd;
pub use error::ValueError;
pub use gamma_gamma::GammaGamma;
pub use pareto_nbd::ParetoNbd;
pub use summary::{OrderDays, Repeats, grouped};

#[cfg(test)]
mod tests;
