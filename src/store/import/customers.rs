//! Rows of customers.

use super::ImportOptions;
use super::row::{BadField, ID_CHARS, NAME_CHARS, NOTE_CHARS, Row, unknown};
use crate::base::{E164, UnixMillis};
use crate::customer::{CustomerId, PartyKind, Role};
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
            numbers: row.list("numbers")?.into_iter().map(number).collect::<Result<_, _>>()?,
            household: row.text("household", ID_CHARS)?,
            language,
            allergies: row.text("allergies", NOTE_CHARS)?,
            notes: row.text("notes", NOTE_CHARS)?,
            since: row.time("since", options)?,
            kind: match row.text("kind", NAME_CHARS)? {
                None => None,
                Some(word) => Some(
                    PartyKind::parse(&word.to_ascii_lowercase())
                        .ok_or_else(|| unknown("kind", word, &PartyKind::ALL.map(PartyKind::as_str)))?,
                ),
            },
            roles: row.list("roles")?.into_iter().map(role).collect::<Result<_, _>>()?,
            company: row.text("company", ID_CHARS)?,
            account_manager: row.text("account_manager", NAME_CHARS)?,
        })
    }

    /// Numbers are added, never taken away: calls have taught some that the shop's list does not hold.
    /// The inner error is the row's, the outer one the store's.
    pub async fn write(
        self,
        tx: &mut Tx,
        row: &Row<'_>,
        options: &ImportOptions,
    ) -> Result<Result<(), BadField>, StoreError> {
        if let Some(company) = self.company {
            let text = "SELECT kind FROM customers WHERE customer = $1";
            match sql!(optional (String,), in tx, text, company)? {
                Some((kind,)) if kind == PartyKind::Company.as_str() => {}
                Some(_) => return Ok(Err(BadField::new("company", "is a customer of another kind than company"))),
                None => {
                    return Ok(Err(BadField::new("company", "is no customer yet; put the company before its people")));
                }
            }
        }
        let kind = self.kind.unwrap_or_default();
        let text = "SELECT 1 FROM voiceprints WHERE customer = $1 LIMIT 1";
        if kind != PartyKind::Person && sql!(optional (i32,), in tx, text, self.customer)?.is_some() {
            return Ok(Err(BadField::new("kind", "cannot be this: there is a voiceprint, and a voice is a person's")));
        }
        if let Some(household) = self.household {
            let text = "INSERT INTO households (household) VALUES ($1) ON CONFLICT (household) DO NOTHING";
            sql!(execute tx, text, household)?;
        }
        let text = "
            INSERT INTO customers
                (customer, name, household, language, allergies, notes, since_ms, kind, company, account_manager)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $13, $14, $15)
            ON CONFLICT (customer) DO UPDATE SET
                name = excluded.name,
                household = CASE WHEN $8 THEN excluded.household ELSE customers.household END,
                language = CASE WHEN $9 THEN excluded.language ELSE customers.language END,
                allergies = CASE WHEN $10 THEN excluded.allergies ELSE customers.allergies END,
                notes = CASE WHEN $11 THEN excluded.notes ELSE customers.notes END,
                since_ms = CASE WHEN $12 THEN excluded.since_ms ELSE customers.since_ms END,
                kind = CASE WHEN $16 THEN excluded.kind ELSE customers.kind END,
                company = CASE WHEN $17 THEN excluded.company ELSE customers.company END,
                account_manager = CASE WHEN $18 THEN excluded.account_manager ELSE customers.account_manager END";
        sql!(
            execute tx, text, self.customer, self.name, self.household, self.language, self.allergies, self.notes,
            self.since.unwrap_or(options.now).0, row.has("household"), row.has("language"), row.has("allergies"),
            row.has("notes"), self.since.is_some(), kind.as_str(), self.company, self.account_manager,
            row.has("kind"), row.has("company"), row.has("account_manager")
        )?;
        let customer = CustomerId::new(self.customer);
        if row.has("roles") {
            sql!(execute tx, "DELETE FROM party_roles WHERE customer = $1", self.customer)?;
        }
        for role in &self.roles {
            let text =
                "INSERT INTO party_roles (customer, role) VALUES ($1, $2) ON CONFLICT (customer, role) DO NOTHING";
            sql!(execute tx, text, self.customer, role.as_str())?;
        }
        for number in &self.numbers {
            link_number(tx, number, &customer).await?;
        }
        Ok(Ok(()))
    }
}

fn role(word: &str) -> Result<Role, BadField> {
    let words = Role::ALL.map(Role::as_str);
    Role::parse(&word.to_ascii_lowercase()).ok_or_else(|| unknown("roles", word, &words))
}

/// RFC 5646 §2.1, its shape alone: subtags of 1 to 8 letters or digits, the first of letters.
fn is_language_tag(tag: &str) -> bool {
    let subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let first = tag.split('-').next().unwrap_or_default();
    first.len() >= 2 && first.bytes().all(|b| b.is_ascii_alphabetic()) && tag.split('-').all(subtag)
}

/// RFC 5646 §4.4.1: a buffer for 35 characters holds every tag in use.
const LANGUAGE_CHARS: usize = 35;
