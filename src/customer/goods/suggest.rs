//! What to suggest: never anything off the menu, nor anything that the customer said they must not have.

use super::allergen::Allergen;
use super::item::{Goods, Item};
use crate::customer::Order;

/// What a customer must not have, and what it must be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Avoid<'a> {
    pub allergens: Vec<Allergen>,
    pub tags: Vec<&'a str>,
}

/// An item for what somebody will likely order.
#[derive(Clone, Debug, PartialEq)]
pub struct GoesWith {
    pub item: String,
    /// What would go with it.
    pub with: String,
    /// How we know, as a sentence.
    pub because: String,
}

/// What comes in the place of an item that is off the menu.
#[derive(Clone, Debug, PartialEq)]
pub struct Replacement {
    pub item: String,
    pub by: String,
    /// How we know, as a sentence.
    pub because: String,
}

impl Avoid<'_> {
    /// What of `item` is known to be against it. Nothing known is no clearance.
    pub fn found_in(&self, item: &Item) -> Vec<Allergen> {
        self.allergens.iter().copied().filter(|allergen| item.allergens.contains(allergen)).collect()
    }

    /// Whether it can be had, and nothing known of it speaks against it.
    pub fn suits(&self, item: &Item) -> bool {
        item.available
            && self.found_in(item).is_empty()
            && self.tags.iter().all(|tag| item.tags.iter().any(|known| known == tag))
    }
}

impl Goods {
    /// For the first item of `order` that has something: the shop's word, else what its customers do.
    pub fn goes_with(&self, order: &[&str], avoid: &Avoid) -> Option<GoesWith> {
        let suits = |with: &str| !order.contains(&with) && self.item(with).is_some_and(|item| avoid.suits(item));
        let by_rule = order.iter().find_map(|name| {
            let with = self.item(name)?.goes_with.iter().find(|with| suits(with))?;
            let because = format!("The shop says that {with} goes with {name}.");
            Some(GoesWith { item: (*name).to_owned(), with: with.clone(), because })
        });
        let by_custom = || {
            order.iter().find_map(|name| {
                let partner = self.together().partners(name).iter().find(|partner| suits(&partner.with))?;
                let (both, had) = (partner.both, self.together().had(name));
                let because = format!("{both} of {had} customers who order {name} have had {} with it.", partner.with);
                Some(GoesWith { item: (*name).to_owned(), with: partner.with.to_string(), because })
            })
        };
        by_rule.or_else(by_custom)
    }

    /// For an item that is off the menu: the shop's word, else the closest of its category by what customers of both do, then by how
    /// many have it.
    pub fn replacement(&self, name: &str, order: &[&str], avoid: &Avoid) -> Option<Replacement> {
        let item = self.item(name)?;
        let suits = |other: &str| other != name && !order.contains(&other);
        let by_rule = item
            .replaced_by
            .iter()
            .find(|other| suits(other) && self.item(other).is_some_and(|other| avoid.suits(other)));
        if let Some(by) = by_rule {
            let because = format!("{name} is off the menu; the shop offers {by} in its place.");
            return Some(Replacement { item: name.to_owned(), by: by.clone(), because });
        }
        let category = item.category.as_deref()?;
        let same = |(other, found): &(&str, &Item)| {
            suits(other) && found.category.as_deref() == Some(category) && avoid.suits(found)
        };
        let closeness = |other: &str| {
            let partners = self.together().partners(name);
            let lift = partners.iter().find(|partner| &*partner.with == other).map_or(1.0, |partner| partner.lift);
            (lift, self.together().had(other))
        };
        let closer = |a: &str, b: &str| {
            let ((lift_a, had_a), (lift_b, had_b)) = (closeness(a), closeness(b));
            lift_a.total_cmp(&lift_b).then(had_a.cmp(&had_b)).then_with(|| b.cmp(a))
        };
        let (by, _) = self.on_menu().filter(same).max_by(|(a, _), (b, _)| closer(a, b))?;
        let because = format!("{name} is off the menu; {by} is the closest in {category}.");
        Some(Replacement { item: name.to_owned(), by: by.to_owned(), because })
    }

    /// Items off the menu that are in at least half of the newest orders: what this customer will ask for in vain. `orders` newest
    /// first.
    pub fn missed<'a>(&self, orders: &'a [Order]) -> Vec<&'a str> {
        let recent = &orders[..orders.len().min(RECENT)];
        let holds = |order: &Order, item: &str| order.lines.iter().any(|line| line.item == item);
        let mut missed: Vec<&str> = Vec::new();
        for line in recent.iter().flat_map(|order| &order.lines) {
            let item = line.item.as_str();
            let gone = self.item(item).is_some_and(|item| !item.available);
            let often = 2 * recent.iter().filter(|order| holds(order, item)).count() >= recent.len();
            if gone && often && !missed.contains(&item) {
                missed.push(item);
            }
        }
        missed
    }
}

/// Orders that a habit is seen in: as many as the likely order's reason counts over.
const RECENT: usize = 8;
