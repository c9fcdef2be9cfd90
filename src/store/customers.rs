//! One customer's row, written by files and by other systems alike.

use super::StoreError;
use super::people::link_number;
use super::put::Outcome;
use super::sql::{Engine, Tx, sql};
use crate::base::{E164, UnixMillis};
use crate::customer::CustomerId;

/// A field that may be left as it is: `None`. `Some(None)` clears it.
pub(super) type Given<'a> = Option<Option<&'a str>>;

/// What is to be known of a customer.
#[derive(Clone, Copy, Debug)]
pub(super) struct CustomerUpsert<'a> {
    pub customer: &'a str,
    pub name: &'a str,
    /// Added, never taken away: calls have taught some that the shop's list does not hold.
    pub numbers: &'a [E164],
    pub household: Given<'a>,
    pub language: Given<'a>,
    pub allergies: Given<'a>,
    pub notes: Given<'a>,
    /// `None` for somebody new: `now`.
    pub since: Option<UnixMillis>,
    pub payment_on_file: Option<bool>,
    pub now: UnixMillis,
}

type Row = (String, Option<String>, Option<String>, Option<String>, Option<String>, i64, bool);

pub(super) async fn upsert(tx: &mut Tx, it: &CustomerUpsert<'_>) -> Result<Outcome, StoreError> {
    if let Some(Some(household)) = it.household {
        let text = "INSERT INTO households (household) VALUES ($1) ON CONFLICT (household) DO NOTHING";
        sql!(execute tx, text, household)?;
    }
    let before = row(tx, it.customer).await?;
    let text = "
        INSERT INTO customers (customer, name, household, language, allergies, notes, since_ms, payment_on_file)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $13)
        ON CONFLICT (customer) DO UPDATE SET
            name = excluded.name,
            household = CASE WHEN $8 THEN excluded.household ELSE customers.household END,
            language = CASE WHEN $9 THEN excluded.language ELSE customers.language END,
            allergies = CASE WHEN $10 THEN excluded.allergies ELSE customers.allergies END,
            notes = CASE WHEN $11 THEN excluded.notes ELSE customers.notes END,
            since_ms = CASE WHEN $12 THEN excluded.since_ms ELSE customers.since_ms END,
            payment_on_file = CASE WHEN $14 THEN excluded.payment_on_file ELSE customers.payment_on_file END";
    sql!(
        execute tx, text, it.customer, it.name, it.household.flatten(), it.language.flatten(), it.allergies.flatten(),
        it.notes.flatten(), it.since.unwrap_or(it.now).0, it.household.is_some(), it.language.is_some(),
        it.allergies.is_some(), it.notes.is_some(), it.since.is_some(), it.payment_on_file.unwrap_or(false),
        it.payment_on_file.is_some()
    )?;
    let customer = CustomerId::new(it.customer);
    let mut linked = false;
    for number in it.numbers {
        linked |= link_number(tx, number, &customer).await?;
    }
    let after = row(tx, it.customer).await?;
    Ok(match before {
        None => Outcome::Created,
        Some(before) if !linked && after.as_ref() == Some(&before) => Outcome::Unchanged,
        Some(_) => Outcome::Updated,
    })
}

async fn row(tx: &mut Tx, customer: &str) -> Result<Option<Row>, StoreError> {
    let text = "
        SELECT name, household, language, allergies, notes, since_ms, payment_on_file
        FROM customers WHERE customer = $1";
    sql!(optional Row, in tx, text, customer)
}
