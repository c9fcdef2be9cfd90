//! What is known of a company through everyone there.

use super::parties::{records, root};
use super::people::party;
use super::sql::{Conn, Engine, sql};
use super::{Store, StoreError, contacts};
use crate::base::{Pii, UnixMillis};
use crate::customer::party::BRIEF_DAYS;
use crate::customer::{Brief, Contact, CustomerId};

/// Open complaints that a brief names.
const OPEN: i64 = 3;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The company `$1`, its doubles, and the people of all of these.
macro_rules! everyone {
    () => {
        concat!(
            "(SELECT customer FROM customers WHERE customer IN ",
            records!("$1"),
            " UNION SELECT customer FROM customers WHERE company IN ",
            records!("$1"),
            ")"
        )
    };
}

/// When the newest row of any of them was, by the index alone.
macro_rules! newest {
    ($table:literal) => {
        concat!(
            "(SELECT MAX(newest) FROM (SELECT (SELECT MAX(t.at_ms) FROM ",
            $table,
            " t WHERE t.customer = e.customer) AS newest FROM ",
            everyone!(),
            " AS e) AS of_each)"
        )
    };
}

impl Store {
    /// Of the company that this customer is, or works for; `None` for everyone else.
    pub async fn brief(&self, customer: &CustomerId, now: UnixMillis) -> Result<Option<Brief>, StoreError> {
        let mut conn = self.read().await?;
        let customer = root(&mut conn, customer).await?;
        let text =
            "SELECT CASE WHEN kind = 'company' THEN customer ELSE company END FROM customers WHERE customer = $1";
        let row = sql!(optional (Option<String>,), in conn, text, customer.as_str())?;
        let Some((Some(company),)) = row else { return Ok(None) };
        let company = root(&mut conn, &CustomerId::new(company)).await?;
        let (name,) = sql!(one (String,), in conn, "SELECT name FROM customers WHERE customer = $1", company.as_str())?;
        let text = concat!(
            "SELECT COUNT(*) FROM customers WHERE kind = 'person' AND merged_into IS NULL AND company IN ",
            records!("$1")
        );
        let (people,) = sql!(one (i64,), in conn, text, company.as_str())?;
        let text = concat!(
            "SELECT c.name, k.contact_id FROM contacts k JOIN customers c ON c.customer = k.customer
             WHERE k.complaint = 'open' AND k.customer IN ",
            everyone!(),
            " ORDER BY k.at_ms DESC, k.contact_id LIMIT $2"
        );
        let open = sql!(all (String, String), in conn, text, company.as_str(), OPEN)?;
        let text = concat!(
            "SELECT c.name, k.contact_id FROM contacts k JOIN customers c ON c.customer = k.customer
             WHERE k.customer IN ",
            everyone!(),
            " AND k.at_ms = ",
            newest!("contacts"),
            " ORDER BY k.contact_id LIMIT 1"
        );
        let last = sql!(all (String, String), in conn, text, company.as_str())?;
        let text = concat!(
            "SELECT (SELECT COUNT(*) FROM orders WHERE at_ms > $2 AND customer IN ",
            everyone!(),
            "), ",
            newest!("orders")
        );
        let since = now.0.saturating_sub(BRIEF_DAYS * DAY_MS);
        let (orders, last_order) = sql!(one (i64, Option<i64>), in conn, text, company.as_str(), since)?;
        Ok(Some(Brief {
            name: Pii::new(name),
            party: party(&mut conn, &company).await?,
            people: people.try_into().unwrap_or(u32::MAX),
            open: named(&mut conn, open).await?,
            last: named(&mut conn, last).await?.pop(),
            orders: orders.try_into().unwrap_or(u32::MAX),
            last_order: last_order.map(UnixMillis),
            company,
        }))
    }
}

/// With whom, and the contact.
async fn named(conn: &mut Conn, rows: Vec<(String, String)>) -> Result<Vec<(Pii<String>, Contact)>, StoreError> {
    let mut named = Vec::with_capacity(rows.len());
    for (name, id) in rows {
        named.extend(contacts::one(conn, &id).await?.map(|contact| (Pii::new(name), contact)));
    }
    Ok(named)
}
