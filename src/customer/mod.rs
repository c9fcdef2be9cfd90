//! Stage 6, what we know: the person, their household, their orders and contacts, what they agreed to, what they
//! will likely order.

pub mod care;
pub mod consent;
pub mod contact;
pub mod dossier;
pub mod goods;
pub mod history;
pub mod likely_order;
pub mod party;
pub mod profile;
pub mod timeline;
pub mod value;

pub use consent::{ConsentChannel, ConsentRecord, Purpose};
pub use contact::{Channel, ComplaintState, Contact};
pub use dossier::Dossier;
pub use history::{Order, OrderLine, Payment, Taken};
pub use likely_order::{LikelyOrder, ShopModel};
pub use party::{Brief, Party, PartyKind, Role};
pub use profile::{CustomerId, HouseholdId, PersonAtNumber, Profile};
