//! Voiceprints as rows: a sealed one for each of a customer's calls.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::audit::{self, AuditRow};
use super::consent;
use super::key::random;
use super::parties::{kind, records};
use super::people::lock;
use super::seal::NONCE_BYTES;
use super::sql::{Engine, Tx, sql};
use super::{Store, StoreError};
use crate::base::{CallId, UnixMillis};
use crate::customer::{ConsentRecord, CustomerId, PartyKind};
use crate::voice::{Bandwidth, Centroid, ModelId, Origin, Voiceprint};

/// Stored voiceprints of a model that is not in use: they are never compared with anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherModel {
    pub model: ModelId,
    pub voiceprints: u64,
    /// Their customers without a voiceprint of the model in use: not recognised until they are enrolled again.
    pub waiting: u64,
}

/// A later call of somebody who is enrolled, as an agent confirmed.
#[derive(Clone, Debug)]
pub struct Refresh {
    pub customer: CustomerId,
    pub agent: String,
    pub call: Option<CallId>,
    pub heard: Centroid,
    /// At most one call joins a print in this time.
    pub every: Duration,
}

impl Store {
    /// Stores the voiceprint with the yes that it was made under, both or neither; a yes that was recorded when it was given
    /// is not recorded again. A print of the same model is replaced. Refused when the customer said no since that yes.
    pub async fn enroll(&self, consent: ConsentRecord, print: Voiceprint) -> Result<(), StoreError> {
        if !consent.given {
            return Err(StoreError::NotConsented);
        }
        let customer = &consent.customer;
        let mut tx = self.begin().await?;
        lock(&mut tx, customer).await?;
        if kind(&mut tx, customer).await? != PartyKind::Person.as_str() {
            return Err(StoreError::NotAPerson);
        }
        let seq = consent::standing(&mut tx, &consent).await?;
        self.put(&mut tx, seq, customer, &print).await?;
        let detail = format!(
            "script {}, model {}, {} ms of speech from {} recordings",
            consent.script,
            print.model,
            print.net_speech_ms(),
            print.calls()
        );
        audit::add(&mut tx, consent::entry(&consent, "enroll", detail)).await?;
        tx.commit().await?;
        self.forget_replaced_pages().await;
        Ok(())
    }

    /// Takes a call into the print of its customer, and gives the print as it is then. Refused without a print that stands on
    /// the newest yes, and when the print does not take the call ([`Voiceprint::refreshed`]).
    pub async fn refresh(&self, model: &ModelId, refresh: Refresh) -> Result<Voiceprint, StoreError> {
        let Refresh { customer, agent, call, heard, every } = refresh;
        let mut tx = self.begin().await?;
        lock(&mut tx, &customer).await?;
        let prints = sql!(all Row, in tx, OF_PARTY, model.as_str(), customer.as_str())?;
        // Of a double it may be that the print is, until the party has one under its own record.
        let of = prints.iter().find(|row| row.customer == customer.as_str()).or(prints.first());
        let owner = of.map_or_else(|| customer.clone(), |row| CustomerId::new(row.customer.as_str()));
        let rows: Vec<Row> = prints.into_iter().filter(|row| row.customer == owner.as_str()).collect();
        let seq = sql!(optional (i64,), in tx, NEWEST_YES, owner.as_str())?;
        let (Some((seq,)), false) = (seq, rows.is_empty()) else { return Err(StoreError::NotConsented) };
        let at = heard.heard_at;
        let before = self.opened(rows, model)?.pop().ok_or(StoreError::NotConsented)?.1;
        let after = before.refreshed(heard, every)?;
        self.put(&mut tx, seq, &owner, &after).await?;
        let detail = format!("model {model}, {} ms of speech from {} recordings", after.net_speech_ms(), after.calls());
        let action = "refresh".to_owned();
        audit::add(&mut tx, AuditRow { at, operator: agent, action, customer: Some(customer), call, detail }).await?;
        tx.commit().await?;
        self.forget_replaced_pages().await;
        Ok(after)
    }

    /// Grows whenever a program changes a voiceprint: by it a running service notices what another one did.
    pub async fn voiceprint_changes(&self) -> Result<i64, StoreError> {
        let mut conn = self.read().await?;
        let text = "SELECT COALESCE(MAX(seq), 0) FROM audit WHERE action IN ('enroll', 'refresh', 'withdraw', 'merge', 'undo merge')";
        let (newest,) = sql!(one (i64,), in conn, text)?;
        Ok(newest)
    }

    /// The voiceprint of this model of everyone whose newest word is yes, opened. A party with doubles has one: its own, else
    /// that of the double with the most speech.
    pub async fn voiceprints(&self, model: &ModelId) -> Result<Vec<(CustomerId, Voiceprint)>, StoreError> {
        let mut conn = self.read().await?;
        let rows = sql!(all Row, in conn, ALL, model.as_str())?;
        let party_of: HashMap<String, String> =
            rows.iter().filter_map(|row| Some((row.customer.clone(), row.merged_into.clone()?))).collect();
        let mut of_parties: BTreeMap<CustomerId, (bool, Voiceprint)> = BTreeMap::new();
        for (customer, print) in self.opened(rows, model)? {
            let merged_into = party_of.get(customer.as_str());
            let own = merged_into.is_none();
            let party = merged_into.map_or(customer, |party| CustomerId::new(party.as_str()));
            // Two records of one person may each have a print.
            let better =
                |(had_own, had): &(bool, Voiceprint)| (own, print.net_speech_ms()) > (*had_own, had.net_speech_ms());
            if of_parties.get(&party).is_none_or(better) {
                of_parties.insert(party, (own, print));
            }
        }
        Ok(of_parties.into_iter().map(|(party, (_, print))| (party, print)).collect())
    }

    /// What is stored for other models than the one in use, in the order of their ids.
    pub async fn other_models(&self, in_use: &ModelId) -> Result<Vec<OtherModel>, StoreError> {
        let mut conn = self.read().await?;
        // A no has deleted its customer's prints, so each of these stands on a yes.
        let text = "
            SELECT v.model, COUNT(DISTINCT v.customer), COUNT(DISTINCT v.customer) - COUNT(DISTINCT own.customer)
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

    /// Writes the print in place of the one of the same model.
    async fn put(
        &self,
        tx: &mut Tx,
        consent: i64,
        customer: &CustomerId,
        print: &Voiceprint,
    ) -> Result<(), StoreError> {
        let gone = "DELETE FROM voiceprints WHERE customer = $1 AND model = $2";
        sql!(execute tx, gone, customer.as_str(), print.model.as_str())?;
        let text = "
            INSERT INTO voiceprints (customer, model, place, consent, sealed, nonce, net_speech_ms, snr_db, wideband,
                                     calls, refreshed, enrolled_ms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        for (place, call) in (0i64..).zip(print.centroids()) {
            let mut nonce = [0; NONCE_BYTES];
            random(&mut nonce)?;
            let sealed = self.seal().seal(&nonce, customer, &print.model, &call.embedding);
            let sealed = sealed.map_err(|_| StoreError::SealBroken { customer: customer.clone() })?;
            sql!(
                execute tx, text, customer.as_str(), print.model.as_str(), place, consent, sealed, nonce.as_slice(),
                i64::from(call.net_speech_ms), call.snr_db.map(f64::from),
                call.bandwidth.map(|bandwidth| bandwidth == Bandwidth::Wide), i64::from(call.calls),
                call.origin == Origin::Refreshed, call.heard_at.0
            )?;
        }
        Ok(())
    }

    /// Rows of one customer follow each other.
    fn opened(&self, rows: Vec<Row>, model: &ModelId) -> Result<Vec<(CustomerId, Voiceprint)>, StoreError> {
        let mut calls: Vec<(CustomerId, Vec<Centroid>)> = Vec::new();
        for row in rows {
            let customer = CustomerId::new(row.customer.as_str());
            let call = self.opened_call(row, &customer, model)?;
            match calls.last_mut().filter(|(of, _)| *of == customer) {
                Some((_, calls)) => calls.push(call),
                None => calls.push((customer, vec![call])),
            }
        }
        let print = |(customer, calls): (CustomerId, _)| {
            let print = Voiceprint::new(model.clone(), calls);
            print.map(|print| (customer.clone(), print)).ok_or(StoreError::SealBroken { customer })
        };
        calls.into_iter().map(print).collect()
    }

    fn opened_call(&self, row: Row, customer: &CustomerId, model: &ModelId) -> Result<Centroid, StoreError> {
        let embedding = self.seal().open(&row.nonce, customer, model, &row.sealed);
        Ok(Centroid {
            embedding: embedding.map_err(|_| StoreError::SealBroken { customer: customer.clone() })?,
            net_speech_ms: row.net_speech_ms.try_into().unwrap_or(u32::MAX),
            snr_db: row.snr_db.map(|db| db as f32),
            bandwidth: row.wideband.map(|wide| if wide { Bandwidth::Wide } else { Bandwidth::Narrow }),
            calls: row.calls.try_into().unwrap_or(u32::MAX),
            heard_at: UnixMillis(row.enrolled_ms),
            origin: if row.refreshed { Origin::Refreshed } else { Origin::Enrolled },
        })
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    customer: String,
    merged_into: Option<String>,
    sealed: Vec<u8>,
    nonce: Vec<u8>,
    net_speech_ms: i64,
    snr_db: Option<f64>,
    wideband: Option<bool>,
    calls: i64,
    refreshed: bool,
    enrolled_ms: i64,
}

macro_rules! columns {
    () => {
        "SELECT v.customer, c.merged_into, v.sealed, v.nonce, v.net_speech_ms, v.snr_db, v.wideband, v.calls, v.refreshed,
            v.enrolled_ms FROM voiceprints v JOIN customers c ON c.customer = v.customer "
    };
}
const ALL: &str = concat!(
    columns!(),
    "WHERE v.model = $1 AND COALESCE((
        SELECT k.given FROM consents k WHERE k.purpose = v.purpose AND k.customer IN ",
    records!("COALESCE(c.merged_into, c.customer)"),
    "   ORDER BY k.seq DESC LIMIT 1), FALSE)
    ORDER BY v.customer, v.place"
);
const OF_PARTY: &str =
    concat!(columns!(), "WHERE v.model = $1 AND v.customer IN ", records!("$2"), " ORDER BY v.customer, v.place");
const NEWEST_YES: &str = "
    SELECT seq FROM (SELECT seq, given FROM consents WHERE customer = $1 AND purpose = 'recognise'
                     ORDER BY seq DESC LIMIT 1) AS newest WHERE given";
