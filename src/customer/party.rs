//! What a customer is besides a person with a voice: a household or a company, what they are to us, and who of us looks
//! after them. One record can be several of these at once.

use super::{Contact, CustomerId};
use crate::base::{Pii, UnixMillis};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PartyKind {
    #[default]
    Person,
    /// One record for people who order as one. Who shares a table but orders alone has a `household` instead.
    Household,
    Company,
}

/// What a party is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Buys for themselves.
    Consumer,
    /// Buys for a business, on an agreement.
    Client,
    Partner,
    Reseller,
    /// Looks after our business at another company, or theirs at ours.
    AccountManager,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Party {
    pub kind: PartyKind,
    pub roles: Vec<Role>,
    /// Who of us looks after them, by their name at work.
    pub account_manager: Option<String>,
}

/// What one of us would say of a company to a colleague who has it on the telephone.
#[derive(Clone, Debug, PartialEq)]
pub struct Brief {
    pub company: CustomerId,
    pub name: Pii<String>,
    pub party: Party,
    /// How many people of it are in the books.
    pub people: u32,
    /// Open complaints of anyone there, newest first.
    pub open: Vec<(Pii<String>, Contact)>,
    /// The newest contact with anyone there.
    pub last: Option<(Pii<String>, Contact)>,
    /// Orders of the company and its people in the last [`BRIEF_DAYS`].
    pub orders: u32,
    pub last_order: Option<UnixMillis>,
}

/// A quarter: what an account is looked at by.
pub const BRIEF_DAYS: i64 = 91;

impl PartyKind {
    pub const ALL: [PartyKind; 3] = [PartyKind::Person, PartyKind::Household, PartyKind::Company];

    /// The word used in CSV files and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            PartyKind::Person => "person",
            PartyKind::Household => "household",
            PartyKind::Company => "company",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl Role {
    pub const ALL: [Role; 5] = [Role::Consumer, Role::Client, Role::Partner, Role::Reseller, Role::AccountManager];

    /// The word used in CSV files and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Consumer => "consumer",
            Role::Client => "client",
            Role::Partner => "partner",
            Role::Reseller => "reseller",
            Role::AccountManager => "account manager",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}
