//! Contacts on every channel: written by files and by other systems, read for the card.

use super::StoreError;
use super::customers::Given;
use super::outbox::EventKind;
use super::parties::{nth_newest, records};
use super::put::Outcome;
use super::sql::{Conn, Engine, Tx, sql};
use crate::base::{Pii, UnixMillis};
use crate::customer::{Channel, ComplaintState, Contact, CustomerId};

/// What is to be known of a contact. `None` leaves what is stored.
#[derive(Debug)]
pub(super) struct ContactUpsert<'a> {
    pub contact: &'a str,
    pub source: Option<&'a str>,
    pub customer: &'a str,
    pub at: UnixMillis,
    pub channel: Channel,
    pub agent: Given<'a>,
    pub wanted: Option<&'a str>,
    pub complaint: Option<Option<ComplaintState>>,
    pub still_open: Given<'a>,
    /// A key of ours.
    pub order: Given<'a>,
    pub competitor: Given<'a>,
    pub items: Option<&'a [String]>,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Written {
    pub outcome: Outcome,
    pub kind: EventKind,
    /// Whose it was until now, when that was somebody else.
    pub moved_from: Option<CustomerId>,
}

/// What an agent can take in during a call.
const CONTACTS: i64 = 20;

type Row =
    (String, i64, String, Option<String>, String, Option<String>, Option<String>, Option<String>, Option<String>);

/// `None`: nobody knows the customer. A complaint that was resolved stays so, whatever comes again.
pub(super) async fn upsert(tx: &mut Tx, it: &ContactUpsert<'_>) -> Result<Option<Written>, StoreError> {
    let before = stored(tx, it.contact).await?;
    let text = "
        INSERT INTO contacts (contact_id, customer, at_ms, channel, agent, wanted, complaint, still_open, order_id,
                              competitor, source)
        SELECT $1, customer, $3, $4, $5, $6, $7, $8, $9, $10, $11 FROM customers WHERE customer = $2
        ON CONFLICT (contact_id) DO UPDATE SET
            customer = excluded.customer, at_ms = excluded.at_ms, channel = excluded.channel,
            agent = CASE WHEN $12 THEN excluded.agent ELSE contacts.agent END,
            wanted = CASE WHEN $13 THEN excluded.wanted ELSE contacts.wanted END,
            complaint = CASE WHEN $14 AND COALESCE(contacts.complaint, '') <> 'resolved' THEN excluded.complaint
                             ELSE contacts.complaint END,
            still_open = CASE WHEN $15 AND COALESCE(contacts.complaint, '') <> 'resolved' THEN excluded.still_open
                              ELSE contacts.still_open END,
            order_id = CASE WHEN $16 THEN excluded.order_id ELSE contacts.order_id END,
            competitor = CASE WHEN $17 THEN excluded.competitor ELSE contacts.competitor END,
            source = excluded.source";
    let written = sql!(
        execute tx, text, it.contact, it.customer, it.at.0, it.channel.as_str(), it.agent.flatten(),
        it.wanted.unwrap_or_default(), it.complaint.flatten().map(ComplaintState::as_str), it.still_open.flatten(),
        it.order.flatten(), it.competitor.flatten(), it.source, it.agent.is_some(), it.wanted.is_some(),
        it.complaint.is_some(), it.still_open.is_some(), it.order.is_some(), it.competitor.is_some()
    )?;
    if written == 0 {
        return Ok(None);
    }
    if let Some(items) = it.items {
        sql!(execute tx, "DELETE FROM contact_items WHERE contact_id = $1", it.contact)?;
        for (place, item) in items.iter().enumerate() {
            let text = "INSERT INTO contact_items (contact_id, place, item) VALUES ($1, $2, $3)";
            sql!(execute tx, text, it.contact, place as i64, item.as_str())?;
        }
    }
    let after = stored(tx, it.contact).await?;
    let complaint = |row: &Option<(Row, Vec<String>)>| row.as_ref().and_then(|(row, _)| row.5.clone());
    let kind = match (complaint(&before).as_deref(), complaint(&after).as_deref()) {
        (None | Some("resolved"), Some("open")) => EventKind::ComplaintOpened,
        (Some("open"), Some("resolved")) => EventKind::ComplaintResolved,
        _ => EventKind::ContactRecorded,
    };
    let outcome = match &before {
        None => Outcome::Created,
        Some(_) if before == after => Outcome::Unchanged,
        Some(_) => Outcome::Updated,
    };
    let moved_from = before.map(|(row, _)| row.0).filter(|customer| customer != it.customer).map(CustomerId::new);
    Ok(Some(Written { outcome, kind, moved_from }))
}

async fn stored(tx: &mut Tx, contact: &str) -> Result<Option<(Row, Vec<String>)>, StoreError> {
    let text = "
        SELECT customer, at_ms, channel, agent, wanted, complaint, still_open, order_id, competitor
        FROM contacts WHERE contact_id = $1";
    let Some(row) = sql!(optional Row, in tx, text, contact)? else { return Ok(None) };
    let text = "SELECT item FROM contact_items WHERE contact_id = $1 ORDER BY place";
    let items = sql!(all (String,), in tx, text, contact)?;
    Ok(Some((row, items.into_iter().map(|(item,)| item).collect())))
}

/// Ends what is open of a contact. Gives its customer, and whether there was anything.
pub(super) async fn resolve(tx: &mut Tx, contact: &str) -> Result<(CustomerId, bool), StoreError> {
    type Row = (String, Option<String>, Option<String>);
    let text = "SELECT customer, complaint, still_open FROM contacts WHERE contact_id = $1";
    let found = sql!(optional Row, in tx, text, contact)?;
    let (customer, complaint, still_open) = found.ok_or(StoreError::UnknownContact)?;
    let text = "
        UPDATE contacts SET complaint = CASE WHEN complaint = 'open' THEN 'resolved' ELSE complaint END, still_open = NULL
        WHERE contact_id = $1 AND (complaint = 'open' OR still_open IS NOT NULL)";
    let ended = sql!(execute tx, text, contact)? == 1;
    if !ended && complaint.is_none() && still_open.is_none() {
        return Err(StoreError::NothingOpen);
    }
    Ok((CustomerId::new(customer), ended))
}

type Told =
    (String, i64, String, Option<String>, String, Option<String>, Option<String>, Option<String>, Option<String>);

/// The keys of the customer's `$2` newest contacts, what is open before all others.
macro_rules! newest {
    () => {
        concat!(
            "(SELECT contact_id FROM contacts WHERE contact_id IN (
                SELECT contact_id FROM contacts
                WHERE (complaint = 'open' OR still_open IS NOT NULL) AND customer IN ",
            records!("$1"),
            "   UNION ALL SELECT contact_id FROM contacts WHERE customer IN ",
            records!("$1"),
            "   AND at_ms >= ",
            nth_newest!("contacts"),
            ") ORDER BY COALESCE(complaint, '') = 'open' DESC, still_open IS NOT NULL DESC, at_ms DESC, contact_id LIMIT $2)"
        )
    };
}

/// The customer's newest contacts. What is open is told however much came after it.
pub(super) async fn newest(conn: &mut Conn, customer: &CustomerId) -> Result<Vec<Contact>, StoreError> {
    let text = concat!(
        "
        SELECT contact_id, at_ms, channel, agent, wanted, complaint, still_open, order_id, competitor FROM contacts
        WHERE contact_id IN ",
        newest!(),
        " ORDER BY at_ms DESC, contact_id"
    );
    let rows = sql!(all Told, in conn, text, customer.as_str(), CONTACTS)?;
    let text = concat!(
        "SELECT contact_id, item FROM contact_items WHERE contact_id IN ",
        newest!(),
        " ORDER BY contact_id, place"
    );
    let items = sql!(all (String, String), in conn, text, customer.as_str(), CONTACTS)?;
    Ok(rows.into_iter().map(|row| contact(row, &items)).collect())
}

/// One contact by its key.
pub(super) async fn one(conn: &mut Conn, id: &str) -> Result<Option<Contact>, StoreError> {
    let text = "
        SELECT contact_id, at_ms, channel, agent, wanted, complaint, still_open, order_id, competitor
        FROM contacts WHERE contact_id = $1";
    let Some(row) = sql!(optional Told, in conn, text, id)? else { return Ok(None) };
    let text = "SELECT contact_id, item FROM contact_items WHERE contact_id = $1 ORDER BY place";
    let items = sql!(all (String, String), in conn, text, id)?;
    Ok(Some(contact(row, &items)))
}

fn contact(
    (contact, at, channel, agent, wanted, complaint, still_open, order, competitor): Told,
    items: &[(String, String)],
) -> Contact {
    let items_considered = items.iter().filter(|(of, _)| *of == contact).map(|(_, item)| item.clone()).collect();
    Contact {
        contact,
        at: UnixMillis(at),
        // The columns' checks admit no other words.
        channel: Channel::parse(&channel),
        agent,
        wanted: Pii::new(wanted),
        complaint: complaint.as_deref().and_then(ComplaintState::parse),
        still_open: still_open.map(Pii::new),
        items_considered,
        competitor,
        order,
    }
}
