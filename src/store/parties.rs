//! Records that stand for one party, and records that stood for two.
//!
//! A merge moves nothing: the double points at the record that it is a double of, and everything that is read of a party is
//! read of all its records. Undoing it takes the pointer away.

use std::collections::HashMap;

use super::audit::{self, AuditRow};
use super::customers::Given;
use super::people::{lock, new_id};
use super::sql::{Conn, Engine, Tx, sql};
use super::{Store, StoreError};
use crate::base::{E164, Pii, UnixMillis};
use crate::customer::{CustomerId, PartyKind, Role};

/// The records of a party, as a sub-query: `$n` is the one that the others are doubles of.
macro_rules! records {
    ($of:literal) => {
        concat!(
            "(SELECT customer FROM customers WHERE customer = ",
            $of,
            " UNION ALL SELECT customer FROM customers WHERE merged_into = ",
            $of,
            ")"
        )
    };
}
pub(super) use records;

/// When the `$2`th newest row of the record `$1` was, by the index alone. Of the party, no earlier row is among the newest: without
/// this, all rows of a customer of many years are sorted to find twenty.
macro_rules! nth_newest {
    ($table:literal) => {
        concat!(
            "COALESCE((SELECT at_ms FROM ",
            $table,
            " WHERE customer = $1 ORDER BY at_ms DESC LIMIT 1 OFFSET ($2 - 1)), -9000000000000000)"
        )
    };
}
pub(super) use nth_newest;

/// What of a record belongs to somebody else.
#[derive(Clone, Debug, Default)]
pub struct SplitOff {
    /// Of the new record.
    pub name: Pii<String>,
    pub numbers: Vec<E164>,
    pub contacts: Vec<String>,
    pub orders: Vec<String>,
}

impl Store {
    /// From here on `double` is read as `of`. Should one of the two have said no to voice recognition last, the voiceprints of
    /// both go: the newest word is the person's.
    pub async fn merge(
        &self,
        double: &CustomerId,
        of: &CustomerId,
        operator: &str,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let mut both = [double, of];
        // Always in one order, so that two merges never wait for each other.
        both.sort();
        for customer in both {
            lock(&mut tx, customer).await?;
        }
        let standing = standing(&mut tx).await?;
        let root = root_of(of, &standing);
        if standing.contains_key(double) {
            return Err(StoreError::MergedAlready(double.clone()));
        }
        if root == *double || kind(&mut tx, double).await? != kind(&mut tx, &root).await? {
            return Err(StoreError::NoDouble { double: double.clone(), of: of.clone() });
        }
        let text = "INSERT INTO merges (merge, double, of, at_ms, operator) VALUES ($1, $2, $3, $4, $5)";
        sql!(execute tx, text, new_id("m-")?, double.as_str(), of.as_str(), at.0, operator)?;
        let text = "UPDATE customers SET merged_into = $1 WHERE customer = $2 OR merged_into = $2";
        sql!(execute tx, text, root.as_str(), double.as_str())?;
        let text = concat!(
            "DELETE FROM voiceprints WHERE customer IN ",
            records!("$1"),
            " AND NOT COALESCE((SELECT given FROM consents WHERE purpose = 'recognise' AND customer IN ",
            records!("$1"),
            " ORDER BY seq DESC LIMIT 1), TRUE)"
        );
        let gone = sql!(execute tx, text, root.as_str())?;
        let detail = format!("into {root}, {gone} rows of voiceprints deleted by the newest no");
        audit::add(&mut tx, entry("merge", double, operator, at, detail)).await?;
        tx.commit().await?;
        self.forget_replaced_pages().await;
        Ok(())
    }

    /// The double is a customer of its own again, with the doubles that it had before.
    pub async fn undo_merge(&self, double: &CustomerId, operator: &str, at: UnixMillis) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, double).await?;
        let text = "UPDATE merges SET undone_ms = $1 WHERE double = $2 AND undone_ms IS NULL";
        if sql!(execute tx, text, at.0, double.as_str())? == 0 {
            return Err(StoreError::NotMerged(double.clone()));
        }
        let standing = standing(&mut tx).await?;
        sql!(execute tx, "UPDATE customers SET merged_into = NULL WHERE customer = $1", double.as_str())?;
        for own in standing.keys().filter(|record| root_of(record, &standing) == *double) {
            let text = "UPDATE customers SET merged_into = $1 WHERE customer = $2";
            sql!(execute tx, text, double.as_str(), own.as_str())?;
        }
        audit::add(&mut tx, entry("undo merge", double, operator, at, String::new())).await?;
        tx.commit().await
    }

    /// Makes a record of its own for somebody who was in that of `from`, and gives it. Consents and voiceprints stay where they
    /// are: whose voice it is, only a call can tell. Merging the new record into the old one undoes it.
    pub async fn split(
        &self,
        from: &CustomerId,
        off: SplitOff,
        operator: &str,
        at: UnixMillis,
    ) -> Result<CustomerId, StoreError> {
        let new = CustomerId::new(new_id("c-")?);
        let mut tx = self.begin().await?;
        lock(&mut tx, from).await?;
        let text = "INSERT INTO customers (customer, name, since_ms) SELECT $1, $2, since_ms FROM customers WHERE customer = $3";
        sql!(execute tx, text, new.as_str(), off.name.expose(), from.as_str())?;
        for number in &off.numbers {
            let text = concat!("UPDATE numbers SET customer = $3 WHERE number = $2 AND customer IN ", records!("$1"));
            let moved = sql!(execute tx, text, from.as_str(), number.digits(), new.as_str())?;
            require_moved(moved, from, "numbers")?;
        }
        for contact in &off.contacts {
            let text =
                concat!("UPDATE contacts SET customer = $3 WHERE contact_id = $2 AND customer IN ", records!("$1"));
            let moved = sql!(execute tx, text, from.as_str(), contact.as_str(), new.as_str())?;
            require_moved(moved, from, "contacts")?;
        }
        for order in &off.orders {
            let text = concat!("UPDATE orders SET customer = $3 WHERE order_id = $2 AND customer IN ", records!("$1"));
            let moved = sql!(execute tx, text, from.as_str(), order.as_str(), new.as_str())?;
            require_moved(moved, from, "orders")?;
        }
        let SplitOff { numbers, contacts, orders, .. } = &off;
        let counts = (numbers.len(), contacts.len(), orders.len());
        let detail = format!("into {new}, with {} numbers, {} contacts, {} orders", counts.0, counts.1, counts.2);
        audit::add(&mut tx, entry("split", from, operator, at, detail)).await?;
        tx.commit().await?;
        Ok(new)
    }
}

/// What is to be known of a party. `None` leaves what is stored.
#[derive(Debug)]
pub(super) struct PartyUpsert<'a> {
    pub customer: &'a str,
    pub kind: Option<PartyKind>,
    pub roles: Option<&'a Vec<Role>>,
    /// Whom they work for.
    pub company: Given<'a>,
    pub account_manager: Given<'a>,
}

/// Whether it can be so; else which field cannot, and why.
pub(super) async fn check(
    tx: &mut Tx,
    it: &PartyUpsert<'_>,
) -> Result<Result<(), (&'static str, &'static str)>, StoreError> {
    if let Some(Some(company)) = it.company {
        let text = "SELECT kind FROM customers WHERE customer = $1";
        match sql!(optional (String,), in tx, text, company)? {
            Some((kind,)) if kind == PartyKind::Company.as_str() => {}
            Some(_) => return Ok(Err(("company", "is a customer of another kind than company"))),
            None => return Ok(Err(("company", "is no customer yet; put the company before its people"))),
        }
    }
    let text = "SELECT 1 FROM voiceprints WHERE customer = $1 LIMIT 1";
    if it.kind.is_some_and(|kind| kind != PartyKind::Person)
        && sql!(optional (i32,), in tx, text, it.customer)?.is_some()
    {
        return Ok(Err(("kind", "cannot be this: there is a voiceprint, and a voice is a person's")));
    }
    Ok(Ok(()))
}

/// Of a customer who is there. Says whether anything has changed.
pub(super) async fn upsert(tx: &mut Tx, it: &PartyUpsert<'_>) -> Result<bool, StoreError> {
    let text = "
        UPDATE customers SET
            kind = CASE WHEN $2 THEN $3 ELSE kind END,
            company = CASE WHEN $4 THEN $5 ELSE company END,
            account_manager = CASE WHEN $6 THEN $7 ELSE account_manager END
        WHERE customer = $1 AND ($2 AND kind <> $3 OR $4 AND COALESCE(company, '') <> COALESCE($5, '')
                                 OR $6 AND COALESCE(account_manager, '') <> COALESCE($7, ''))";
    let changed = sql!(
        execute tx, text, it.customer, it.kind.is_some(), it.kind.unwrap_or_default().as_str(), it.company.is_some(),
        it.company.flatten(), it.account_manager.is_some(), it.account_manager.flatten()
    )?;
    let Some(roles) = it.roles else { return Ok(changed == 1) };
    let text = "SELECT role FROM party_roles WHERE customer = $1 ORDER BY role";
    let before = sql!(all (String,), in tx, text, it.customer)?;
    let mut wanted: Vec<(String,)> = roles.iter().map(|role| (role.as_str().to_owned(),)).collect();
    wanted.sort();
    wanted.dedup();
    if wanted == before {
        return Ok(changed == 1);
    }
    sql!(execute tx, "DELETE FROM party_roles WHERE customer = $1", it.customer)?;
    for (role,) in &wanted {
        let text = "INSERT INTO party_roles (customer, role) VALUES ($1, $2)";
        sql!(execute tx, text, it.customer, role.as_str())?;
    }
    Ok(true)
}

/// The record that stands for the party of `customer`: mostly itself.
pub(super) async fn root(conn: &mut Conn, customer: &CustomerId) -> Result<CustomerId, StoreError> {
    let text = "SELECT merged_into FROM customers WHERE customer = $1";
    let row = sql!(optional (Option<String>,), in conn, text, customer.as_str())?;
    Ok(row.and_then(|(root,)| root).map_or_else(|| customer.clone(), CustomerId::new))
}

/// Every double, with what it was merged into: a few hundred in a large shop.
async fn standing(tx: &mut Tx) -> Result<HashMap<CustomerId, CustomerId>, StoreError> {
    let rows = sql!(all (String, String), in tx, "SELECT double, of FROM merges WHERE undone_ms IS NULL")?;
    Ok(rows.into_iter().map(|(double, of)| (CustomerId::new(double), CustomerId::new(of))).collect())
}

/// Ends, since no merge closes a circle.
fn root_of(customer: &CustomerId, standing: &HashMap<CustomerId, CustomerId>) -> CustomerId {
    let mut root = customer;
    while let Some(of) = standing.get(root) {
        root = of;
    }
    root.clone()
}

pub(super) async fn kind(tx: &mut Tx, customer: &CustomerId) -> Result<String, StoreError> {
    let (kind,) = sql!(one (String,), in tx, "SELECT kind FROM customers WHERE customer = $1", customer.as_str())?;
    Ok(kind)
}

/// One that is not theirs leaves everything as it was.
fn require_moved(moved: u64, from: &CustomerId, what: &'static str) -> Result<(), StoreError> {
    if moved == 0 { Err(StoreError::NotTheirs { customer: from.clone(), what }) } else { Ok(()) }
}

fn entry(action: &str, customer: &CustomerId, operator: &str, at: UnixMillis, detail: String) -> AuditRow {
    let (operator, action) = (operator.to_owned(), action.to_owned());
    AuditRow { at, operator, action, customer: Some(customer.clone()), call: None, detail }
}
