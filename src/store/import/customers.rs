//! Rows of customers.

use super::ImportOptions;
use super::report::Written;
use super::row::{BadField, ID_CHARS, NAME_CHARS, NOTE_CHARS, Row, unknown};
use super::run::{FIRST_SAYS_OTHERWISE, first_in_file, take_back, try_again};
use crate::base::{E164, UnixMillis};
use crate::customer::profile::{LANGUAGE_CHARS, is_language_tag};
use crate::customer::{PartyKind, Role};
use crate::store::customers::{self, CustomerUpsert};
use crate::store::parties::{self, PartyUpsert};
use crate::store::sql::Tx;
use crate::store::{Outcome, StoreError};

pub(super) struct CustomerRow<'a> {
    customer: &'a str,
    name: &'a str,
    numbers: Vec<E164>,
    household: Option<&'a str>,
    language: Option<&'a str>,
    allergies: Option<&'a str>,
    notes: Option<&'a str>,
    since: Option<UnixMillis>,
    payment_on_file: bool,
    kind: Option<PartyKind>,
    roles: Vec<Role>,
    company: Option<&'a str>,
    account_manager: Option<&'a str>,
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
            numbers: row.list("numbers", options)?.into_iter().map(number).collect::<Result<_, _>>()?,
            household: row.text("household", ID_CHARS)?,
            language,
            allergies: row.text("allergies", NOTE_CHARS)?,
            notes: row.text("notes", NOTE_CHARS)?,
            since: row.time("since", options)?,
            payment_on_file: row.flag("payment_on_file")?.unwrap_or(false),
            kind: row.word("kind", &PartyKind::ALL.map(PartyKind::as_str), PartyKind::parse)?,
            roles: row.list("roles", options)?.into_iter().map(role).collect::<Result<_, _>>()?,
            company: row.text("company", ID_CHARS)?,
            account_manager: row.text("account_manager", NAME_CHARS)?,
        })
    }

    /// The inner error is the row's, the outer one the store's.
    pub async fn write(
        &self,
        tx: &mut Tx,
        row: &Row<'_>,
        options: &ImportOptions,
    ) -> Result<Result<Written, BadField>, StoreError> {
        let upsert = CustomerUpsert {
            customer: self.customer,
            name: self.name,
            numbers: &self.numbers,
            household: row.given("household", self.household),
            language: row.given("language", self.language),
            allergies: row.given("allergies", self.allergies),
            notes: row.given("notes", self.notes),
            since: self.since,
            payment_on_file: row.has("payment_on_file").then_some(self.payment_on_file),
            now: options.now,
        };
        let party = PartyUpsert {
            customer: self.customer,
            kind: row.has("kind").then(|| self.kind.unwrap_or_default()),
            roles: row.has("roles").then_some(&self.roles),
            company: row.given("company", self.company),
            account_manager: row.given("account_manager", self.account_manager),
        };
        if let Err((column, reason)) = parties::check(tx, &party).await? {
            return Ok(Err(BadField::new(column, reason)));
        }
        if !first_in_file(tx, self.customer).await? {
            try_again(tx).await?;
            // A second number is no contradiction.
            let written = put(tx, &CustomerUpsert { numbers: &[], ..upsert }, &party).await?;
            take_back(tx).await?;
            if written == Outcome::Updated {
                return Ok(Err(BadField::new("customer_id", FIRST_SAYS_OTHERWISE)));
            }
        }
        Ok(Ok(put(tx, &upsert, &party).await?.into()))
    }

    pub fn customer(&self) -> &'a str {
        self.customer
    }
}

async fn put(tx: &mut Tx, customer: &CustomerUpsert<'_>, party: &PartyUpsert<'_>) -> Result<Outcome, StoreError> {
    let outcome = customers::upsert(tx, customer).await?;
    let changed = parties::upsert(tx, party).await?;
    Ok(if changed && outcome == Outcome::Unchanged { Outcome::Updated } else { outcome })
}

fn role(word: &str) -> Result<Role, BadField> {
    let words = Role::ALL.map(Role::as_str);
    Role::parse(&word.to_ascii_lowercase()).ok_or_else(|| unknown("roles", word, &words))
}
