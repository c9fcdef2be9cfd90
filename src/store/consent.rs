//! Voiceprints and the consents they stand on. The database refuses a print without its yes, whoever asks.

use super::audit::{self, AuditRow};
use super::key::random;
use super::people::lock;
use super::seal::NONCE_BYTES;
use super::sql::{Engine, Tx, sql};
use super::{Store, StoreError};
use crate::base::{CallId, UnixMillis};
use crate::customer::{ConsentChannel, ConsentRecord, CustomerId, Purpose};
use crate::voice::{ModelId, Voiceprint};

/// What a withdrawal has deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destroyed {
    /// A voiceprint of each of these models is gone.
    pub voiceprints: Vec<ModelId>,
}

/// Stored voiceprints of a model that is not in use: they are never compared with anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherModel {
    pub model: ModelId,
    pub voiceprints: u64,
    /// Their customers without a voiceprint of the model in use: not recognised until they are enrolled again.
    pub waiting: u64,
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

    /// Stores the voiceprint with the yes that it was made under, both or neither; a yes that was recorded when it was given
    /// is not recorded again. A print of the same model is replaced. Refused when the customer said no since that yes.
    pub async fn enroll(&self, consent: ConsentRecord, print: Voiceprint) -> Result<(), StoreError> {
        if !consent.given {
            return Err(StoreError::NotConsented);
        }
        let mut nonce = [0; NONCE_BYTES];
        random(&mut nonce)?;
        let customer = &consent.customer;
        let sealed = self.seal().seal(&nonce, customer, &print.model, &print.embedding);
        let sealed = sealed.map_err(|_| StoreError::SealBroken { customer: customer.clone() })?;
        let mut tx = self.begin().await?;
        lock(&mut tx, customer).await?;
        let seq = standing(&mut tx, &consent).await?;
        let text = "
            INSERT INTO voiceprints (customer, model, consent, purpose, sealed, nonce, net_speech_ms, calls, enrolled_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (customer, model) DO UPDATE SET
                consent = excluded.consent, sealed = excluded.sealed, nonce = excluded.nonce,
                net_speech_ms = excluded.net_speech_ms, calls = excluded.calls, enrolled_ms = excluded.enrolled_ms";
        sql!(
            execute tx, text, customer.as_str(), print.model.as_str(), seq, consent.purpose.as_str(), sealed,
            nonce.as_slice(), i64::from(print.net_speech_ms), i64::from(print.calls), print.enrolled_at.0
        )?;
        let detail = format!(
            "script {}, model {}, {} ms of speech from {} recordings",
            consent.script, print.model, print.net_speech_ms, print.calls
        );
        audit::add(&mut tx, entry(&consent, "enroll", detail)).await?;
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
        // The trigger would delete them too; deleting them here tells which there were.
        let text = "DELETE FROM voiceprints WHERE customer = $1 AND purpose = $2 RETURNING model";
        let models = sql!(all (String,), in tx, text, customer.as_str(), purpose.as_str())?;
        add_record(&mut tx, &refusal).await?;
        let detail = format!("{} voiceprints deleted", models.len());
        audit::add(&mut tx, entry(&refusal, "withdraw", detail)).await?;
        tx.commit().await?;
        self.forget_replaced_pages().await;
        Ok(Destroyed { voiceprints: models.into_iter().map(|(model,)| ModelId::new(model)).collect() })
    }

    /// Grows whenever a program enrols or withdraws somebody: by it a running service notices what another one did.
    pub async fn voiceprint_changes(&self) -> Result<i64, StoreError> {
        let mut conn = self.read().await?;
        let text = "SELECT COALESCE(MAX(seq), 0) FROM audit WHERE action IN ('enroll', 'withdraw')";
        let (newest,) = sql!(one (i64,), in conn, text)?;
        Ok(newest)
    }

    /// Every voiceprint of this model whose customer's newest word is yes, opened.
    pub async fn voiceprints(&self, model: &ModelId) -> Result<Vec<(CustomerId, Voiceprint)>, StoreError> {
        type Row = (String, Vec<u8>, Vec<u8>, i64, i64, i64);
        let mut conn = self.read().await?;
        let text = "
            SELECT v.customer, v.sealed, v.nonce, v.net_speech_ms, v.calls, v.enrolled_ms
            FROM voiceprints v
            WHERE v.model = $1 AND COALESCE((
                SELECT k.given FROM consents k WHERE k.customer = v.customer AND k.purpose = v.purpose
                ORDER BY k.seq DESC LIMIT 1), FALSE)
            ORDER BY v.customer";
        let rows = sql!(all Row, in conn, text, model.as_str())?;
        rows.into_iter().map(|row| self.opened(row, model)).collect()
    }

    /// What is stored for other models than the one in use, in the order of their ids.
    pub async fn other_models(&self, in_use: &ModelId) -> Result<Vec<OtherModel>, StoreError> {
        let mut conn = self.read().await?;
        // A no has deleted its customer's prints, so each of these stands on a yes.
        let text = "
            SELECT v.model, COUNT(*), COUNT(*) - COUNT(own.customer)
            FROM voiceprints v
            LEFT JOIN voiceprints own ON own.customer = v.customer AND own.model = $1
            WHERE v.model <> $1
            GROUP BY v.model ORDER BY v.model";
        let rows = sql!(all (String, i64, i64), in conn, text, in_use.as_str())?;
        let other = |(model, voiceprints, waiting): (String, i64, i64)| OtherModel {
            model: ModelId::new(model),
            voiceprints: voiceprints.max(0) as u64,
            waiting: waiting.max(0) as u64,
        };
        Ok(rows.into_iter().map(other).collect())
    }

    fn opened(
        &self,
        (customer, sealed, nonce, net_speech_ms, calls, enrolled_ms): (String, Vec<u8>, Vec<u8>, i64, i64, i64),
        model: &ModelId,
    ) -> Result<(CustomerId, Voiceprint), StoreError> {
        let customer = CustomerId::new(customer);
        let embedding = self.seal().open(&nonce, &customer, model, &sealed);
        let embedding = embedding.map_err(|_| StoreError::SealBroken { customer: customer.clone() })?;
        let print = Voiceprint {
            model: model.clone(),
            embedding,
            net_speech_ms: net_speech_ms.try_into().unwrap_or(u32::MAX),
            calls: calls.try_into().unwrap_or(u32::MAX),
            enrolled_at: UnixMillis(enrolled_ms),
        };
        Ok((customer, print))
    }
}

/// The place of this yes in the sequence; added where it is not there yet.
async fn standing(tx: &mut Tx, consent: &ConsentRecord) -> Result<i64, StoreError> {
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

fn entry(record: &ConsentRecord, action: &str, detail: String) -> AuditRow {
    AuditRow {
        at: record.at,
        operator: record.operator.clone(),
        action: action.to_owned(),
        customer: Some(record.customer.clone()),
        call: record.call.clone(),
        detail,
    }
}
