//! Rows of customers.

use super::ImportOptions;
use super::row::{BadField, ID_CHARS, NAME_CHARS, NOTE_CHARS, Row};
use crate::base::{E164, UnixMillis};
use crate::customer::CustomerId;
use crate::store::StoreError;
use crate::store::people::link_number;
use crate::store::sql::{Engine, Tx, sql};

pub(super) struct CustomerRow<'a> {
    customer: &'a str,
    name: &'a str,
    numbers: Vec<E164>,
    household: Option<&'a str>,
    language: Option<&'a str>,
    allergies: Option<&'a str>,
    notes: Option<&'a str>,
    since: Option<UnixMillis>,
}

impl<'a> CustomerRow<'a> {
    pub fn read(row: &Row<'a>, options: &ImportOptions) -> Result<Self, BadField> {
        let number = |text: &str| {
            E164::parse(text, options.country_code.as_deref())
                .map_err(|error| BadField::new("numbers", error.to_string()))
        };
        let language = row.text("language", LANGUAGE_CHARS)?;
        if language.is_some_and(|tag| !is_language_tag(tag)) {
            return Err(BadField::new("language", "is no language tag; write it, en or pt-BR"));
        }
        Ok(Self {
            customer: row.required("customer_id", ID_CHARS)?,
            name: row.required("name", NAME_CHARS)?,
            numbers: row.list("numbers")?.into_iter().map(number).collect::<Result<_, _>>()?,
            household: row.text("household", ID_CHARS)?,
            language,
            allergies: row.text("allergies", NOTE_CHARS)?,
            notes: row.text("notes", NOTE_CHARS)?,
            since: row.time("since", options)?,
        })
    }

    /// Numbers are added, never taken away: calls have taught some that the shop's list does not hold.
    pub async fn write(self, tx: &mut Tx, row: &Row<'_>, options: &ImportOptions) -> Result<(), StoreError> {
        if let Some(household) = self.household {
            let text = "INSERT INTO households (household) VALUES ($1) ON CONFLICT (household) DO NOTHING";
            sql!(execute tx, text, household)?;
        }
        let text = "
            INSERT INTO customers (customer, name, household, language, allergies, notes, since_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (customer) DO UPDATE SET
                name = excluded.name,
                household = CASE WHEN $8 THEN excluded.household ELSE customers.household END,
                language = CASE WHEN $9 THEN excluded.language ELSE customers.language END,
                allergies = CASE WHEN $10 THEN excluded.allergies ELSE customers.allergies END,
                notes = CASE WHEN $11 THEN excluded.notes ELSE customers.notes END,
                since_ms = CASE WHEN $12 THEN excluded.since_ms ELSE customers.since_ms END";
        sql!(
            execute tx, text, self.customer, self.name, self.household, self.language, self.allergies, self.notes,
            self.since.unwrap_or(options.now).0, row.has("household"), row.has("language"), row.has("allergies"),
            row.has("notes"), self.since.is_some()
        )?;
        let customer = CustomerId::new(self.customer);
        for number in &self.numbers {
            link_number(tx, number, &customer).await?;
        }
        Ok(())
    }
}

/// RFC 5646 §2.1, its shape alone: subtags of 1 to 8 letters or digits, the first of letters.
fn is_language_tag(tag: &str) -> bool {
    let subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let first = tag.split('-').next().unwrap_or_default();
    first.len() >= 2 && first.bytes().all(|b| b.is_ascii_alphabetic()) && tag.split('-').all(subtag)
}

/// RFC 5646 §4.4.1: a buffer for 35 characters holds every tag in use.
const LANGUAGE_CHARS: usize = 35;
