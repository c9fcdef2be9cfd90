//! What the decision looks at. Every fact is plain, so that whoever knows it can fill it in; what nobody knows stays empty.

use crate::base::UnixMillis;
use crate::customer::goods::{Allergen, GoesWith};
use crate::customer::{Channel, ComplaintState, Dossier};

/// How we stand with a party, under all its records and on every channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// Open ones of any age, and those that were put right as long as they are fresh. Newest first.
    pub complaints: Vec<Complaint>,
    /// Contacts that we began, as far back as the budget looks. Newest first.
    pub outbound: Vec<UnixMillis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub at: UnixMillis,
    pub channel: Channel,
    pub state: ComplaintState,
}

/// Where in their life as a customer somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    New,
    Returning,
    Loyal,
    Slipping,
    Lapsed,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub standing: Standing,
    pub stage: Option<Stage>,
    pub last_order: Option<UnixMillis>,
    /// BCP 47 tag of the language they want to be spoken to in.
    pub language: Option<String>,
    /// Since when something that we promised is not done.
    pub open_item: Option<UnixMillis>,
    /// A competitor whom they mentioned.
    pub competitor: Option<String>,
    /// Items of their usual order that hold what they said they must not have.
    pub allergens: Vec<(String, Allergen)>,
    /// An item on the menu that they looked at or asked about, and have not ordered since.
    pub considering: Option<String>,
    pub goes_with: Option<GoesWith>,
}

impl Stage {
    pub const ALL: [Stage; 5] = [Stage::New, Stage::Returning, Stage::Loyal, Stage::Slipping, Stage::Lapsed];

    pub fn as_str(self) -> &'static str {
        match self {
            Stage::New => "new",
            Stage::Returning => "returning",
            Stage::Loyal => "loyal",
            Stage::Slipping => "slipping",
            Stage::Lapsed => "lapsed",
        }
    }
}

/// What other parts of the books say of a customer, as far as they do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Noted {
    pub stage: Option<Stage>,
    pub open_item: Option<UnixMillis>,
    pub competitor: Option<String>,
    /// What they looked at or asked about, newest first.
    pub considered: Vec<String>,
}

impl Noted {
    /// What their contacts say.
    pub fn of(dossier: &Dossier) -> Self {
        let contacts = &dossier.contacts;
        Self {
            stage: None,
            open_item: contacts.iter().filter(|contact| contact.still_open.is_some()).map(|contact| contact.at).min(),
            competitor: contacts.iter().find_map(|contact| contact.competitor.clone()),
            considered: contacts.iter().flat_map(|contact| contact.items_considered.iter().cloned()).collect(),
        }
    }
}
