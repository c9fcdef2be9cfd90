//! Rows of contacts on any channel.

use super::ImportOptions;
use super::orders::NO_CUSTOMER;
use super::row::{BadField, ID_CHARS, NAME_CHARS, NOTE_CHARS, Row, unknown};
use crate::base::UnixMillis;
use crate::customer::{Channel, ComplaintState};
use crate::store::StoreError;
use crate::store::sql::{Engine, Tx, sql};

pub(super) struct ContactRow<'a> {
    contact: &'a str,
    customer: &'a str,
    at: UnixMillis,
    channel: Channel,
    agent: Option<&'a str>,
    wanted: &'a str,
    complaint: Option<ComplaintState>,
}

impl<'a> ContactRow<'a> {
    pub fn read(row: &Row<'a>, options: &ImportOptions) -> Result<Self, BadField> {
        let channel = row.required("channel", NAME_CHARS)?;
        let channels = Channel::ALL.map(Channel::as_str);
        let complaint = row.text("complaint", NAME_CHARS)?;
        Ok(Self {
            contact: row.required("contact_id", ID_CHARS)?,
            customer: row.required("customer_id", ID_CHARS)?,
            at: row.required_time("at", options)?,
            channel: Channel::parse(&channel.to_ascii_lowercase())
                .ok_or_else(|| unknown("channel", channel, &channels))?,
            agent: row.text("agent", NAME_CHARS)?,
            wanted: row.text("wanted", NOTE_CHARS)?.unwrap_or_default(),
            complaint: match complaint {
                None => None,
                Some(word) => Some(
                    ComplaintState::parse(&word.to_ascii_lowercase())
                        .ok_or_else(|| unknown("complaint", word, &["open", "resolved"]))?,
                ),
            },
        })
    }

    /// The inner error is the row's, the outer one the store's.
    pub async fn write(self, tx: &mut Tx, row: &Row<'_>) -> Result<Result<(), BadField>, StoreError> {
        let text = "
            INSERT INTO contacts (contact_id, customer, at_ms, channel, agent, wanted, complaint)
            SELECT $1, customer, $3, $4, $5, $6, $7 FROM customers WHERE customer = $2
            ON CONFLICT (contact_id) DO UPDATE SET
                customer = excluded.customer, at_ms = excluded.at_ms, channel = excluded.channel,
                agent = CASE WHEN $8 THEN excluded.agent ELSE contacts.agent END,
                wanted = CASE WHEN $9 THEN excluded.wanted ELSE contacts.wanted END,
                complaint = CASE WHEN $10 THEN excluded.complaint ELSE contacts.complaint END";
        let written = sql!(
            execute tx, text, self.contact, self.customer, self.at.0, self.channel.as_str(), self.agent, self.wanted,
            self.complaint.map(ComplaintState::as_str), row.has("agent"), row.has("wanted"), row.has("complaint")
        )?;
        Ok(if written == 1 { Ok(()) } else { Err(BadField::new("customer_id", NO_CUSTOMER)) })
    }
}
