//! Calls that an agent has judged: what a voice scored against whose print, and who it was.

use super::audit::{self, AuditRow};
use super::consent::newest_word;
use super::sql::{Engine, sql};
use super::{Store, StoreError};
use crate::base::{CallId, Line, UnixMillis};
use crate::customer::CustomerId;
use crate::identity::{JudgedCall, State, TakenUp, Trial};
use crate::voice::{Bandwidth, ModelId, Quality, Score, SiteCalibration};

/// Names of the states in the table.
const STATES: [(State, &str); 5] = [
    (State::Listening, "listening"),
    (State::Probably, "probably"),
    (State::Recognised, "recognised"),
    (State::Ambiguous, "ambiguous"),
    (State::NotKnown, "not known"),
];

impl Store {
    /// Keeps the call with those of its trials whose customer's newest word is still yes; nothing of a caller whose word is
    /// no, and no name of one who was never asked. Judged again, the newer word holds.
    pub async fn record_judged(&self, call: &JudgedCall, model: &ModelId) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let id = call.call.as_str();
        sql!(execute tx, "DELETE FROM judged_calls WHERE call_id = $1", id)?;
        let mut whom: Vec<_> = call.trials.iter().map(|trial| &trial.customer).chain(&call.truth).collect();
        // Always in one order, so that two transactions never wait for each other.
        whom.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        whom.dedup();
        let (mut agreed, mut refused) = (Vec::new(), Vec::new());
        for customer in whom {
            match newest_word(&mut tx, customer).await? {
                Some(true) => agreed.push(customer),
                Some(false) => refused.push(customer),
                None => {}
            }
        }
        if call.truth.as_ref().is_some_and(|truth| refused.contains(&truth)) {
            return tx.commit().await;
        }
        let text = "
            INSERT INTO judged_calls
                (call_id, at_ms, line, wideband, model, net_speech_ms, snr_db, state, named, chance, truth)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let state = STATES.iter().find(|(state, _)| *state == call.state).map_or("listening", |(_, name)| *name);
        let named = call.named.as_ref().filter(|(who, _)| agreed.contains(&who));
        let (named, chance) = named.map(|(who, chance)| (who.as_str(), f64::from(*chance))).unzip();
        sql!(
            execute tx, text, id, call.at.0, call.line.as_str(), call.bandwidth == Bandwidth::Wide, model.as_str(),
            i64::from(call.quality.net_speech_ms), f64::from(call.quality.snr_db), state, named, chance,
            call.truth.as_ref().filter(|truth| agreed.contains(truth)).map(CustomerId::as_str)
        )?;
        for trial in call.trials.iter().filter(|trial| agreed.contains(&&trial.customer)) {
            let text = "INSERT INTO judged_trials (call_id, customer, score, enrolled_calls) VALUES ($1, $2, $3, $4)";
            let (score, calls) = (f64::from(trial.score.0), i64::from(trial.enrolled_calls));
            sql!(execute tx, text, id, trial.customer.as_str(), score, calls)?;
        }
        tx.commit().await
    }

    /// The judged calls of this model from `since` on, oldest first; the trials of each in the order of their customers.
    pub async fn judged_calls(&self, model: &ModelId, since: UnixMillis) -> Result<Vec<JudgedCall>, StoreError> {
        type Call = (String, i64, String, bool, i64, f64, String, Option<String>, Option<f64>, Option<String>);
        let mut conn = self.read().await?;
        let text = "
            SELECT call_id, at_ms, line, wideband, net_speech_ms, snr_db, state, named, chance, truth
            FROM judged_calls WHERE model = $1 AND at_ms >= $2 ORDER BY at_ms, call_id";
        let rows = sql!(all Call, in conn, text, model.as_str(), since.0)?;
        let text = "
            SELECT t.call_id, t.customer, t.score, t.enrolled_calls
            FROM judged_trials t JOIN judged_calls c ON c.call_id = t.call_id
            WHERE c.model = $1 AND c.at_ms >= $2 ORDER BY c.at_ms, t.call_id, t.customer";
        let trials = sql!(all (String, String, f64, i64), in conn, text, model.as_str(), since.0)?;
        let mut trials = trials.into_iter().peekable();
        let mut calls = Vec::with_capacity(rows.len());
        for (call, at_ms, line, wideband, net_speech_ms, snr_db, state, named, chance, truth) in rows {
            let mut own = Vec::new();
            while let Some((_, customer, score, calls)) = trials.next_if(|(of, ..)| *of == call) {
                own.push(Trial {
                    customer: CustomerId::new(customer),
                    score: Score(score as f32),
                    enrolled_calls: calls.try_into().unwrap_or(u32::MAX),
                });
            }
            calls.push(JudgedCall {
                call: CallId::new(call),
                at: UnixMillis(at_ms),
                line: Line::new(line),
                bandwidth: if wideband { Bandwidth::Wide } else { Bandwidth::Narrow },
                quality: Quality { net_speech_ms: net_speech_ms.try_into().unwrap_or(0), snr_db: snr_db as f32 },
                state: STATES.iter().find(|(_, name)| *name == state).map_or(State::Listening, |(state, _)| *state),
                named: named.map(CustomerId::new).zip(chance.map(|chance| chance as f32)),
                truth: truth.map(CustomerId::new),
                trials: own,
            });
        }
        Ok(calls)
    }

    /// From when on, but not before `since`, there are at most `most` judged calls of this model.
    pub async fn newest_judged(&self, model: &ModelId, since: UnixMillis, most: u32) -> Result<UnixMillis, StoreError> {
        let mut conn = self.read().await?;
        let text = "
            SELECT at_ms FROM judged_calls WHERE model = $1 AND at_ms >= $2
            ORDER BY at_ms DESC LIMIT 1 OFFSET $3";
        let first_left_out = sql!(optional (i64,), in conn, text, model.as_str(), since.0, i64::from(most))?;
        Ok(first_left_out.map_or(since, |(at_ms,)| UnixMillis(at_ms + 1)))
    }

    /// The line that judged calls have put through this model's likelihood ratios, if any.
    pub async fn site_calibration(&self, model: &ModelId) -> Result<Option<TakenUp>, StoreError> {
        let mut conn = self.read().await?;
        let text = "SELECT scale, shift, fitted_ms FROM site_calibrations WHERE model = $1";
        let row = sql!(optional (f64, f64, i64), in conn, text, model.as_str())?;
        Ok(row.map(|(scale, offset, at)| TakenUp { line: SiteCalibration { scale, offset }, at: UnixMillis(at) }))
    }

    /// Takes up a line, or with `None` goes back to the model's own calibration; with its line in the audit.
    pub async fn set_site_calibration(
        &self,
        model: &ModelId,
        line: Option<SiteCalibration>,
        operator: &str,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sql!(execute tx, "DELETE FROM site_calibrations WHERE model = $1", model.as_str())?;
        let detail = match line {
            Some(SiteCalibration { scale, offset }) => {
                let text = "INSERT INTO site_calibrations (model, scale, shift, fitted_ms) VALUES ($1, $2, $3, $4)";
                sql!(execute tx, text, model.as_str(), scale, offset, at.0)?;
                format!("model {model}, scale {scale:.3}, offset {offset:.3}")
            }
            None => format!("model {model}, back to its own"),
        };
        let action = "calibrate".to_owned();
        audit::add(&mut tx, AuditRow { at, operator: operator.to_owned(), action, customer: None, call: None, detail })
            .await?;
        tx.commit().await
    }
}
