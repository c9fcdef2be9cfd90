//! What is written down of the items.

use std::collections::BTreeMap;

use super::sql::{Engine, sql};
use super::{Store, StoreError};
use crate::customer::goods::{Allergen, Item};

impl Store {
    /// Every item by name, those off the menu included.
    pub async fn items(&self) -> Result<BTreeMap<String, Item>, StoreError> {
        let mut conn = self.read().await?;
        type Row = (String, bool, Option<i64>, Option<String>, Option<String>);
        let text = "SELECT item, available, price_minor, category, description FROM items";
        let rows = sql!(all Row, in conn, text)?;
        let item = |(name, available, price_minor, category, description): Row| {
            let price_minor = price_minor.and_then(|price| price.try_into().ok());
            (name, Item { available, price_minor, category, description, ..Item::default() })
        };
        let mut items: BTreeMap<String, Item> = rows.into_iter().map(item).collect();
        for (name, allergen) in sql!(all (String, String), in conn, "SELECT item, allergen FROM item_allergens")? {
            if let (Some(item), Some(allergen)) = (items.get_mut(&name), Allergen::parse(&allergen)) {
                item.allergens.push(allergen);
            }
        }
        for (name, tag) in sql!(all (String, String), in conn, "SELECT item, tag FROM item_tags ORDER BY tag")? {
            if let Some(item) = items.get_mut(&name) {
                item.tags.push(tag);
            }
        }
        let text = "SELECT item, relation, other FROM item_relations ORDER BY place, other";
        for (name, relation, other) in sql!(all (String, String, String), in conn, text)? {
            let Some(item) = items.get_mut(&name) else { continue };
            if relation == GOES_WITH { item.goes_with.push(other) } else { item.replaced_by.push(other) }
        }
        items.values_mut().for_each(|item| item.allergens.sort_unstable());
        Ok(items)
    }
}

/// The words of the column `relation`.
pub(super) const GOES_WITH: &str = "goes with";
pub(super) const REPLACED_BY: &str = "replaced by";
