//! How the person on the line is to be met: the books' facts put together, and what follows from them.

use super::budget::{Limits, Veto};
use super::decision::{Advice, decide};
use super::facts::{Facts, Noted, Stage, Standing};
use super::read::Rules;
use crate::base::{Pii, UnixMillis};
use crate::customer::goods::allergen::named_in;
use crate::customer::goods::{Allergen, Avoid, Goods, Need, Replacement};
use crate::customer::{Dossier, LikelyOrder};

/// The shop's own: what it advises, and how often it may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manners {
    pub rules: Rules,
    pub limits: Limits,
}

/// Whom it is about.
#[derive(Clone, Copy, Debug)]
pub struct Guest<'a> {
    pub dossier: &'a Dossier,
    pub standing: &'a Standing,
    pub likely: Option<&'a LikelyOrder>,
    pub noted: &'a Noted,
}

/// What the card says of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Care {
    /// Nothing may be offered, and why.
    pub veto: Option<Veto>,
    pub advice: Option<Advice>,
    /// The likely order is listed with what they must not have. Silence clears nothing.
    pub allergy_warning: Option<Pii<String>>,
    /// For what they usually have and cannot have today.
    pub replacements: Vec<Replacement>,
}

pub fn attend(guest: &Guest, goods: &Goods, manners: &Manners, now: UnixMillis) -> Care {
    let profile = &guest.dossier.profile;
    let allergies = profile.allergies.as_ref().map_or("", |text| text.expose());
    let notes = profile.notes.as_ref().map_or("", |text| text.expose());
    let tags = Need::named_in(&format!("{allergies} . {notes}"), manners.rules.needs());
    let avoid = Avoid { allergens: named_in(allergies), tags };
    let mut usual: Vec<&str> = Vec::new();
    for line in guest.likely.iter().flat_map(|likely| &likely.lines) {
        if !usual.contains(&line.item.as_str()) {
            usual.push(&line.item);
        }
    }
    let held = usual.iter().filter_map(|name| Some((*name, avoid.found_in(goods.item(name)?))));
    let held: Vec<(&str, Vec<Allergen>)> = held.filter(|(_, found)| !found.is_empty()).collect();
    let missed = goods.missed(&guest.dossier.orders);
    let replacements = missed.into_iter().filter_map(|item| goods.replacement(item, &usual, &avoid)).collect();
    let facts = Facts {
        standing: guest.standing.clone(),
        stage: guest.noted.stage.or_else(|| newcomer(guest.dossier, now)),
        last_order: guest.dossier.orders.first().map(|order| order.at),
        language: profile.language.clone(),
        open_item: guest.noted.open_item,
        competitor: guest.noted.competitor.clone(),
        allergens: held.iter().flat_map(|(item, found)| found.iter().map(|each| ((*item).to_owned(), *each))).collect(),
        considering: considering(guest, &usual, goods, &avoid),
        // The usual of a regular is left alone.
        goes_with: goods.goes_with(&usual, &avoid).filter(|_| guest.likely.is_some_and(|likely| !likely.sure)),
    };
    let (veto, advice) = decide(&facts, &manners.rules, &manners.limits, now);
    Care { veto, advice, allergy_warning: warning(&held), replacements }
}

fn newcomer(dossier: &Dossier, now: UnixMillis) -> Option<Stage> {
    let is_new = dossier.orders.len() <= 1 && now.since(dossier.profile.since) < NEWCOMER_MS;
    is_new.then_some(Stage::New)
}

/// The newest of what they looked at that they could have, and never had.
fn considering(guest: &Guest, usual: &[&str], goods: &Goods, avoid: &Avoid) -> Option<String> {
    let had = |item: &str| {
        usual.contains(&item)
            || guest.dossier.orders.iter().flat_map(|order| &order.lines).any(|line| line.item == item)
    };
    let could = |item: &&String| !had(item) && goods.item(item).is_some_and(|item| avoid.suits(item));
    guest.noted.considered.iter().find(could).cloned()
}

fn warning(held: &[(&str, Vec<Allergen>)]) -> Option<Pii<String>> {
    let words = |found: &[Allergen]| found.iter().map(|each| each.as_str()).collect::<Vec<_>>().join(", ");
    let items: Vec<String> = held.iter().map(|(item, found)| format!("{item} ({})", words(found))).collect();
    (!items.is_empty()).then(|| Pii::new(format!("In the likely order: {}.", items.join(", "))))
}

/// For a season they are new, then they are somebody who orders seldom.
const NEWCOMER_MS: i64 = 90 * 24 * 60 * 60 * 1000;
