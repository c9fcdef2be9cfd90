//! Rows of the menu.

use super::report::Written;
use super::row::{BadField, NAME_CHARS, Row};
use super::run::{FIRST_SAYS_OTHERWISE, first_in_file};
use crate::store::StoreError;
use crate::store::sql::{Engine, Tx, sql};

/// A new column of `items` is a field here, a line in `read` and in the three statements, and a row of [`super::Kind`]'s columns.
pub(super) struct ProductRow<'a> {
    item: &'a str,
    available: Option<bool>,
}

impl<'a> ProductRow<'a> {
    pub fn read(row: &Row<'a>) -> Result<Self, BadField> {
        Ok(Self { item: row.required("item", NAME_CHARS)?, available: row.flag("available")? })
    }

    /// An empty field makes available, as a new item is. The inner error is the row's, the outer one the store's.
    pub async fn write(self, tx: &mut Tx, row: &Row<'_>) -> Result<Result<Written, BadField>, StoreError> {
        let first = first_in_file(tx, self.item).await?;
        let available = self.available.unwrap_or(true);
        let text = "INSERT INTO items (item, available) VALUES ($1, $2) ON CONFLICT (item) DO NOTHING";
        if sql!(execute tx, text, self.item, available)? == 1 {
            return Ok(Ok(Written::New));
        }
        let has = row.has("available");
        let text = "SELECT 1 FROM items WHERE item = $1 AND ($3 AND available <> $2)";
        if sql!(optional (i32,), in tx, text, self.item, available, has)?.is_none() {
            return Ok(Ok(Written::Unchanged));
        }
        if !first {
            return Ok(Err(BadField::new("item", FIRST_SAYS_OTHERWISE)));
        }
        let text = "UPDATE items SET available = CASE WHEN $3 THEN $2 ELSE available END WHERE item = $1";
        sql!(execute tx, text, self.item, available, has)?;
        Ok(Ok(Written::Changed))
    }
}
