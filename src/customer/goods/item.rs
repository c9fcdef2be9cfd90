//! The items of the shop, and what one of us would say of each.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::allergen::Allergen;
use super::together::Together;

/// What the shop has written down of an item. An allergen that is not named may be in it all the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Item {
    /// Whether it can be ordered.
    pub available: bool,
    /// In the smallest unit of the shop's currency.
    pub price_minor: Option<u64>,
    pub category: Option<String>,
    pub description: Option<String>,
    /// In the order of the regulation.
    pub allergens: Vec<Allergen>,
    /// Such as "vegan"; what [`super::Need`]s ask for.
    pub tags: Vec<String>,
    /// As the shop says, best first.
    pub goes_with: Vec<String>,
    pub replaced_by: Vec<String>,
}

/// All items by name, those off the menu included, and how they are ordered together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Goods {
    items: BTreeMap<String, Item>,
    together: Arc<Together>,
}

/// An item of the menu as a screen shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProductCard {
    pub name: String,
    pub item: Item,
    /// On the menu too; the shop's word first, then what its customers do.
    pub goes_with: Vec<String>,
}

/// What an agent can say in a sentence.
const GOES_WITH: usize = 3;

impl Goods {
    pub fn new(items: impl IntoIterator<Item = (String, Item)>, together: Together) -> Self {
        Self { items: items.into_iter().collect(), together: Arc::new(together) }
    }

    /// The same with the menu of this moment: `off_menu` are all that cannot be had now.
    pub fn with_off_menu(&self, off_menu: &[String]) -> Cow<'_, Self> {
        let off_menu: HashSet<&str> = off_menu.iter().map(String::as_str).collect();
        if self.items.iter().all(|(name, item)| item.available != off_menu.contains(name.as_str())) {
            return Cow::Borrowed(self);
        }
        let mut goods = self.clone();
        for (name, item) in &mut goods.items {
            item.available = !off_menu.contains(name.as_str());
        }
        Cow::Owned(goods)
    }

    pub fn item(&self, name: &str) -> Option<&Item> {
        self.items.get(name)
    }

    pub(super) fn on_menu(&self) -> impl Iterator<Item = (&str, &Item)> {
        self.items.iter().filter(|(_, item)| item.available).map(|(name, item)| (name.as_str(), item))
    }

    pub(super) fn together(&self) -> &Together {
        &self.together
    }

    /// Every item of the menu, by name.
    pub fn product_cards(&self) -> Vec<ProductCard> {
        let card = |(name, item): (&str, &Item)| {
            let by_rule = item.goes_with.iter().map(String::as_str);
            let by_custom = self.together.partners(name).iter().map(|partner| &*partner.with);
            let mut goes_with: Vec<String> = Vec::new();
            for with in by_rule.chain(by_custom) {
                let on_menu = self.item(with).is_some_and(|item| item.available);
                if on_menu && goes_with.len() < GOES_WITH && !goes_with.iter().any(|known| known == with) {
                    goes_with.push(with.to_owned());
                }
            }
            ProductCard { name: name.to_owned(), item: item.clone(), goes_with }
        };
        self.on_menu().map(card).collect()
    }
}
