//! The consents that voiceprints stand on. The database refuses a print without its yes, whoever asks.

use super::audit::{self, AuditRow};
use super::parties::records;
use super::people::lock;
use super::sql::{Engine, Tx, sql};
use super::{Store, StoreError};
use crate::base::{CallId, UnixMillis};
use crate::customer::{ConsentChannel, ConsentRecord, CustomerId, Purpose};
use crate::voice::ModelId;

/// What a withdrawal has deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destroyed {
    /// A voiceprint of each of these models is gone.
    pub voiceprints: Vec<ModelId>,
}

impl Store {
    /// Adds a yes or a no by itself, with its line in the audit.
    pub async fn record_consent(&self, consent: ConsentRecord) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, &consent.customer).await?;
        add_record(&mut tx, &consent).await?;
        let detail = format!("script {}, given: {}", consent.script, consent.given);
        audit::add(&mut tx, entry(&consent, "consent", detail)).await?;
        tx.commit().await
    }

    /// Records the no and deletes the customer's voiceprints in the same transaction.
    pub async fn withdraw(
        &self,
        customer: &CustomerId,
        purpose: Purpose,
        operator: &str,
        call: Option<&CallId>,
        now: UnixMillis,
    ) -> Result<Destroyed, StoreError> {
        let refusal = ConsentRecord {
            customer: customer.clone(),
            purpose,
            given: false,
            at: now,
            script: "withdrawal".to_owned(),
            language: "und".to_owned(), // BCP 47: undetermined; nothing was read out
            channel: if call.is_some() { ConsentChannel::Spoken } else { ConsentChannel::Operator },
            operator: operator.to_owned(),
            call: call.cloned(),
        };
        let mut tx = self.begin().await?;
        lock(&mut tx, customer).await?;
        // A no is the person's, under whatever record they once said yes.
        let text = concat!(
            "SELECT customer FROM consents WHERE customer <> $1 AND customer IN ",
            records!("$1"),
            " GROUP BY customer ORDER BY customer"
        );
        let doubles = sql!(all (String,), in tx, text, customer.as_str())?;
        // The trigger would delete them too; deleting them here tells which there were.
        let text =
            concat!("DELETE FROM voiceprints WHERE purpose = $2 AND customer IN ", records!("$1"), " RETURNING model");
        let mut models = sql!(all (String,), in tx, text, customer.as_str(), purpose.as_str())?;
        // A row a call, a print a model.
        models.sort_unstable();
        models.dedup();
        for (double,) in doubles {
            let customer = CustomerId::new(double);
            lock(&mut tx, &customer).await?;
            add_record(&mut tx, &ConsentRecord { customer, ..refusal.clone() }).await?;
        }
        add_record(&mut tx, &refusal).await?;
        let detail = format!("{} voiceprints deleted", models.len());
        audit::add(&mut tx, entry(&refusal, "withdraw", detail)).await?;
        tx.commit().await?;
        self.forget_replaced_pages().await;
        Ok(Destroyed { voiceprints: models.into_iter().map(|(model,)| ModelId::new(model)).collect() })
    }
}

/// The place of this yes in the sequence; added where it is not there yet.
pub(super) async fn standing(tx: &mut Tx, consent: &ConsentRecord) -> Result<i64, StoreError> {
    let text = "
        SELECT seq, given, at_ms FROM consents WHERE customer = $1 AND purpose = $2 ORDER BY seq DESC LIMIT 1";
    let newest = sql!(optional (i64, bool, i64), in tx, text, consent.customer.as_str(), consent.purpose.as_str())?;
    match newest {
        Some((_, false, at_ms)) if at_ms >= consent.at.0 => Err(StoreError::NotConsented),
        Some((seq, true, at_ms)) if at_ms == consent.at.0 => Ok(seq),
        _ => add_record(tx, consent).await,
    }
}

/// Gives the record's place in the sequence.
async fn add_record(tx: &mut Tx, record: &ConsentRecord) -> Result<i64, StoreError> {
    let text = "
        INSERT INTO consents (customer, purpose, given, at_ms, script, language, channel, operator, call_id, by_key)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING seq";
    // A key pressed is a word given on the telephone too; it has a column of its own.
    let (channel, by_key) = match record.channel {
        ConsentChannel::Spoken => ("spoken", false),
        ConsentChannel::KeyPress => ("spoken", true),
        ConsentChannel::Operator => ("operator", false),
    };
    let (seq,) = sql!(
        one (i64,), in tx, text, record.customer.as_str(), record.purpose.as_str(), record.given, record.at.0,
        record.script.as_str(), record.language.as_str(), channel, record.operator.as_str(),
        record.call.as_ref().map(CallId::as_str), by_key
    )?;
    Ok(seq)
}

pub(super) fn entry(record: &ConsentRecord, action: &str, detail: String) -> AuditRow {
    AuditRow {
        at: record.at,
        operator: record.operator.clone(),
        action: action.to_owned(),
        customer: Some(record.customer.clone()),
        call: record.call.clone(),
        detail,
    }
}

/// `None`: never asked. Their row is held, so that a no at the same time waits for this transaction and then finds what to
/// delete.
pub(super) async fn newest_word(tx: &mut Tx, customer: &CustomerId) -> Result<Option<bool>, StoreError> {
    lock(tx, customer).await?;
    let text = concat!(
        "SELECT given FROM consents WHERE purpose = $2 AND customer IN ",
        records!("$1"),
        " ORDER BY seq DESC LIMIT 1"
    );
    let word = sql!(optional (bool,), in tx, text, customer.as_str(), Purpose::Recognise.as_str())?;
    Ok(word.map(|(given,)| given))
}
