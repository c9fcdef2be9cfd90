//! `regulars demo`: an evening in an invented pizza shop.

mod desk;
mod evening;
mod house;
mod scenes;
mod shop;
mod voices;

pub use evening::{Args, run};
pub use house::open_with_voices;
pub use voices::Voice;
