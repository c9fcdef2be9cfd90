//! Customers and their numbers.

use super::key::random;
use super::outbox::{self, EventKind};
use super::parties::{records, root};
use super::seal::hex;
use super::sql::{Conn, Engine, Tx, sql};
use super::{Store, StoreError};
use crate::base::{E164, Pii, UnixMillis};
use crate::customer::{CustomerId, Dossier, HouseholdId, Party, PartyKind, PersonAtNumber, Profile, Role};
use crate::voice::ModelId;

/// A number with more people than this is a switchboard; a card cannot hold them.
const PEOPLE_AT_NUMBER: i64 = 20;

impl Store {
    /// Who has called from this number, most calls first, at most twenty.
    pub async fn people_at(&self, number: &E164, model: &ModelId) -> Result<Vec<PersonAtNumber>, StoreError> {
        let mut conn = self.read().await?;
        // From a company's number its people call too.
        let text = concat!(
            "
            SELECT r.customer, r.name, CAST(SUM(n.calls) AS BIGINT) AS calls,
                   EXISTS (SELECT 1 FROM voiceprints v WHERE v.model = $2 AND v.customer IN ",
            records!("r.customer"),
            ") AND COALESCE((SELECT k.given FROM consents k WHERE k.purpose = 'recognise' AND k.customer IN ",
            records!("r.customer"),
            "       ORDER BY k.seq DESC LIMIT 1), FALSE) AS recognisable
            FROM (SELECT customer, calls FROM numbers WHERE number = $1
                  UNION ALL SELECT p.customer, 0 FROM numbers h JOIN customers p ON p.company = h.customer
                  WHERE h.number = $1) AS n
            JOIN customers c ON c.customer = n.customer
            JOIN customers r ON r.customer = COALESCE(c.merged_into, c.customer)
            GROUP BY r.customer, r.name
            ORDER BY calls DESC, r.customer LIMIT $3"
        );
        type Row = (String, String, i64, bool);
        let rows = sql!(all Row, in conn, text, number.digits(), model.as_str(), PEOPLE_AT_NUMBER)?;
        let person = |(customer, name, calls, recognisable): Row| PersonAtNumber {
            customer: CustomerId::new(customer),
            name: Pii::new(name),
            calls_from_number: calls.try_into().unwrap_or(u32::MAX),
            recognisable,
        };
        Ok(rows.into_iter().map(person).collect())
    }

    /// Of a double, that of the record that it is a double of.
    pub async fn profile(&self, customer: &CustomerId) -> Result<Option<Profile>, StoreError> {
        let mut conn = self.read().await?;
        let customer = root(&mut conn, customer).await?;
        profile(&mut conn, &customer).await
    }

    /// Everything for the card: the profile, the last twenty contacts and the last 200 orders, newest first.
    pub async fn dossier(&self, customer: &CustomerId) -> Result<Option<Dossier>, StoreError> {
        let mut conn = self.read().await?;
        let customer = root(&mut conn, customer).await?;
        let Some(profile) = profile(&mut conn, &customer).await? else { return Ok(None) };
        let contacts = super::contacts::newest(&mut conn, &customer).await?;
        let orders = super::orders::newest(&mut conn, &customer).await?;
        Ok(Some(Dossier { profile, contacts, orders }))
    }

    /// A customer nobody has heard of before, with the number they call from. Gives their new key.
    pub async fn create_customer(
        &self,
        name: Pii<String>,
        number: Option<&E164>,
        now: UnixMillis,
    ) -> Result<CustomerId, StoreError> {
        let customer = CustomerId::new(new_id("c-")?);
        let mut tx = self.begin().await?;
        let text = "INSERT INTO customers (customer, name, since_ms) VALUES ($1, $2, $3)";
        sql!(execute tx, text, customer.as_str(), name.expose(), now.0)?;
        if let Some(number) = number {
            link_number(&mut tx, number, &customer).await?;
        }
        outbox::add(&mut tx, now, EventKind::CustomerChanged, Some(&customer), None).await?;
        self.commit_news(tx).await?;
        Ok(customer)
    }
}

/// Notes that a customer uses a number, without a call from it. Says whether that is new.
pub(super) async fn link_number(tx: &mut Tx, number: &E164, customer: &CustomerId) -> Result<bool, StoreError> {
    let text = "INSERT INTO numbers (number, customer) VALUES ($1, $2) ON CONFLICT (number, customer) DO NOTHING";
    Ok(sql!(execute tx, text, number.digits(), customer.as_str())? == 1)
}

/// Refuses a customer whom nobody knows, before a foreign key does so in words for programmers.
pub(super) async fn require(tx: &mut Tx, customer: &CustomerId) -> Result<(), StoreError> {
    let row = sql!(optional (i64,), in tx, "SELECT since_ms FROM customers WHERE customer = $1", customer.as_str())?;
    row.map(drop).ok_or_else(|| StoreError::UnknownCustomer(customer.clone()))
}

/// Makes two who change a customer's consent wait for each other, before either has locked anything else. Written as an
/// update, since SQLite has no `FOR UPDATE`.
pub(super) async fn lock(tx: &mut Tx, customer: &CustomerId) -> Result<(), StoreError> {
    let text = "UPDATE customers SET since_ms = since_ms WHERE customer = $1";
    let found = sql!(execute tx, text, customer.as_str())?;
    if found == 1 { Ok(()) } else { Err(StoreError::UnknownCustomer(customer.clone())) }
}

/// An identifier that no other place makes: 96 random bits, a collision among ten million has a chance of 1 in 10^15.
pub(super) fn new_id(prefix: &str) -> Result<String, StoreError> {
    let mut bytes = [0; 12];
    random(&mut bytes)?;
    Ok(format!("{prefix}{}", hex(&bytes)))
}

async fn profile(conn: &mut Conn, customer: &CustomerId) -> Result<Option<Profile>, StoreError> {
    type Row = (String, Option<String>, Option<String>, Option<String>, Option<String>, i64, bool);
    let text = "
        SELECT name, household, language, allergies, notes, since_ms, payment_on_file
        FROM customers WHERE customer = $1";
    let row = sql!(optional Row, in conn, text, customer.as_str())?;
    let party = party(conn, customer).await?;
    Ok(row.map(|(name, household, language, allergies, notes, since, payment_on_file)| Profile {
        customer: customer.clone(),
        name: Pii::new(name),
        household: household.map(HouseholdId::new),
        party,
        language,
        allergies: allergies.map(Pii::new),
        notes: notes.map(Pii::new),
        since: UnixMillis(since),
        payment_on_file,
    }))
}

pub(super) async fn party(conn: &mut Conn, customer: &CustomerId) -> Result<Party, StoreError> {
    let text = "SELECT kind, account_manager FROM customers WHERE customer = $1";
    let row = sql!(optional (String, Option<String>), in conn, text, customer.as_str())?;
    let Some((kind, account_manager)) = row else { return Ok(Party::default()) };
    let text = "SELECT role FROM party_roles WHERE customer = $1 ORDER BY role";
    let roles = sql!(all (String,), in conn, text, customer.as_str())?;
    Ok(Party {
        kind: PartyKind::parse(&kind).unwrap_or_default(),
        roles: roles.iter().filter_map(|(role,)| Role::parse(role)).collect(),
        account_manager,
    })
}
