//! Rows of products: what a product card says.

use super::ImportOptions;
use super::report::Written;
use super::row::{BadField, NAME_CHARS, NOTE_CHARS, Row, unknown};
use super::run::{FIRST_SAYS_OTHERWISE, first_in_file, take_back, try_again};
use crate::customer::goods::Allergen;
use crate::store::StoreError;
use crate::store::goods::{GOES_WITH, REPLACED_BY};
use crate::store::sql::{Engine, Tx, sql};

pub(super) struct ProductRow<'a> {
    item: &'a str,
    available: Option<bool>,
    price_minor: Option<i64>,
    category: Option<&'a str>,
    description: Option<&'a str>,
    allergens: Vec<Allergen>,
    tags: Vec<&'a str>,
    goes_with: Vec<&'a str>,
    replaced_by: Vec<&'a str>,
}

impl<'a> ProductRow<'a> {
    pub fn read(row: &Row<'a>, options: &ImportOptions) -> Result<Self, BadField> {
        let item = row.required("item", NAME_CHARS)?;
        let price = row.text("price_minor", NAME_CHARS)?.map(|text| {
            let price = text.parse().ok().filter(|price| (0..=MOST_MINOR).contains(price));
            price.ok_or_else(|| {
                BadField::new("price_minor", "is no whole number of cents, or whatever the smallest unit is")
            })
        });
        let others = |column: &'static str| {
            let others = row.list(column, options)?;
            if others.contains(&item) {
                return Err(BadField::new(column, "names the item itself"));
            }
            Ok(others)
        };
        let tags = row.list("tags", options)?;
        if tags.iter().any(|tag| tag.chars().count() > TAG_CHARS) {
            return Err(BadField::new("tags", format!("holds one of more than {TAG_CHARS} characters")));
        }
        Ok(Self {
            item,
            available: row.flag("available")?,
            price_minor: price.transpose()?,
            category: row.text("category", NAME_CHARS)?,
            description: row.text("description", NOTE_CHARS)?,
            allergens: row.list("allergens", options)?.into_iter().map(allergen).collect::<Result<_, _>>()?,
            tags,
            goes_with: others("goes_with")?,
            replaced_by: others("replaced_by")?,
        })
    }

    /// The inner error is the row's, the outer one the store's.
    pub async fn write(self, tx: &mut Tx, row: &Row<'_>) -> Result<Result<Written, BadField>, StoreError> {
        let first = first_in_file(tx, self.item).await?;
        let before = stored(tx, self.item).await?;
        if !first {
            try_again(tx).await?;
        }
        self.put(tx, row).await?;
        let same = stored(tx, self.item).await? == before;
        if !first {
            take_back(tx).await?;
            if !same {
                return Ok(Err(BadField::new("item", FIRST_SAYS_OTHERWISE)));
            }
        }
        Ok(Ok(match before {
            None => Written::New,
            Some(_) if same => Written::Unchanged,
            Some(_) => Written::Changed,
        }))
    }

    async fn put(&self, tx: &mut Tx, row: &Row<'_>) -> Result<(), StoreError> {
        let text = "
            INSERT INTO items (item, available, price_minor, category, description)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (item) DO UPDATE SET
                available = CASE WHEN $9 THEN excluded.available ELSE items.available END,
                price_minor = CASE WHEN $6 THEN excluded.price_minor ELSE items.price_minor END,
                category = CASE WHEN $7 THEN excluded.category ELSE items.category END,
                description = CASE WHEN $8 THEN excluded.description ELSE items.description END";
        sql!(
            execute tx, text, self.item, self.available.unwrap_or(true), self.price_minor, self.category,
            self.description, row.has("price_minor"), row.has("category"), row.has("description"), row.has("available")
        )?;
        if row.has("allergens") {
            sql!(execute tx, "DELETE FROM item_allergens WHERE item = $1", self.item)?;
        }
        for allergen in &self.allergens {
            let text = "INSERT INTO item_allergens (item, allergen) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            sql!(execute tx, text, self.item, allergen.as_str())?;
        }
        if row.has("tags") {
            sql!(execute tx, "DELETE FROM item_tags WHERE item = $1", self.item)?;
        }
        for tag in &self.tags {
            let text = "INSERT INTO item_tags (item, tag) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            sql!(execute tx, text, self.item, *tag)?;
        }
        let relations = [("goes_with", GOES_WITH, &self.goes_with), ("replaced_by", REPLACED_BY, &self.replaced_by)];
        for (column, relation, others) in relations {
            if row.has(column) {
                let text = "DELETE FROM item_relations WHERE item = $1 AND relation = $2";
                sql!(execute tx, text, self.item, relation)?;
            }
            for (place, other) in others.iter().enumerate() {
                let text = "
                    INSERT INTO item_relations (item, relation, other, place) VALUES ($1, $2, $3, $4)
                    ON CONFLICT DO NOTHING";
                sql!(execute tx, text, self.item, relation, *other, place as i64)?;
            }
        }
        Ok(())
    }
}

/// Everything of an item that a row can change, as text.
type Stored = (bool, Option<i64>, Option<String>, Option<String>, Vec<(String, String)>);

async fn stored(tx: &mut Tx, item: &str) -> Result<Option<Stored>, StoreError> {
    type Row = (bool, Option<i64>, Option<String>, Option<String>);
    let text = "SELECT available, price_minor, category, description FROM items WHERE item = $1";
    let Some((available, price, category, description)) = sql!(optional Row, in tx, text, item)? else {
        return Ok(None);
    };
    let text = "
        SELECT 'allergen' AS what, allergen AS word FROM item_allergens WHERE item = $1
        UNION ALL SELECT 'tag', tag FROM item_tags WHERE item = $1
        UNION ALL SELECT relation || ' ' || place, other FROM item_relations WHERE item = $1
        ORDER BY what, word";
    let words = sql!(all (String, String), in tx, text, item)?;
    Ok(Some((available, price, category, description, words)))
}

fn allergen(word: &str) -> Result<Allergen, BadField> {
    let words = Allergen::ALL.map(Allergen::as_str);
    Allergen::parse(&word.to_ascii_lowercase()).ok_or_else(|| unknown("allergens", word, &words))
}

/// A million of a currency with cents: a larger one is a slip of the hand.
const MOST_MINOR: i64 = 100_000_000;
/// The schema's limit.
const TAG_CHARS: usize = 64;
