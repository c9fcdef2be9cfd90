//! What a new call must pass: who sends it, what it asks of us, whether it has come before, and whether there is room.

use std::net::SocketAddr;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use rsipstack::sip::SipMessage;
use rsipstack::transaction::key::{TransactionKey, TransactionRole};

use super::{Gate, Verdict};
use crate::base::clock;
use crate::sip::extensions::unsupported;
use crate::sip::message::Message;
use crate::sip::status::{self, Status};
use crate::sip::timer::{self, MIN_INTERVAL_S};
use crate::sip::trust::Entry;

impl Gate {
    /// One more call is pending when this is `Ok`.
    pub(super) fn enter(&self, message: &Message, parsed: &SipMessage, from: SocketAddr) -> Result<(), Verdict> {
        self.let_in(message, from)?;
        let refuse = |status: Status, extra: String| Err(self.refuse_with(message, status, &[extra], from));
        let names = unsupported(message);
        if !names.is_empty() {
            return refuse(status::BAD_EXTENSION, format!("Unsupported: {names}"));
        }
        if message.header("Content-Encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
            return refuse(status::UNSUPPORTED_MEDIA_TYPE, "Accept-Encoding: identity".to_owned());
        }
        if timer::is_too_short(message.pairs()) {
            return refuse(status::INTERVAL_TOO_SMALL, format!("Min-SE: {MIN_INTERVAL_S}"));
        }
        let key = transaction(parsed);
        if self.is_merged(message, key.as_ref()) {
            return Err(self.refuse(message, status::LOOP_DETECTED, MERGED, from));
        }
        self.admit(message, from)?;
        if let Some(key) = key {
            self.merged.lock().unwrap_or_else(PoisonError::into_inner).note(clock::now(), message, key);
        }
        Ok(())
    }

    fn let_in(&self, message: &Message, from: SocketAddr) -> Result<(), Verdict> {
        match self.trust.entry(clock::now(), message, from.ip()) {
            Entry::Open => Ok(()),
            Entry::Forbidden => Err(self.refuse(message, status::FORBIDDEN, status::FORBIDDEN.reason, from)),
            // Guessing passwords costs what calling does.
            Entry::Asked { guessed: true, .. } if !self.admission().invite(clock::now(), from.ip()) => {
                Err(self.unavailable(message, from))
            }
            Entry::Asked { challenges, .. } => {
                let lines: Vec<_> = challenges.iter().map(|value| format!("WWW-Authenticate: {value}")).collect();
                Err(self.refuse_with(message, status::UNAUTHORIZED, &lines, from))
            }
        }
    }

    /// RFC 3261 §8.2.2.2: while the earlier transaction lives, its twin is refused.
    fn is_merged(&self, message: &Message, key: Option<&TransactionKey>) -> bool {
        let earlier = self.merged.lock().unwrap_or_else(PoisonError::into_inner).earlier(message);
        earlier.is_some_and(|earlier| Some(&earlier) != key && self.is_alive(&earlier))
    }

    fn admit(&self, message: &Message, from: SocketAddr) -> Result<(), Verdict> {
        let room = self.pending.load(Ordering::Relaxed) < self.max_pending;
        if self.is_draining() || !room || !self.admission().invite(clock::now(), from.ip()) {
            return Err(self.unavailable(message, from));
        }
        self.pending.fetch_add(1, Ordering::Relaxed);
        self.counters.invites.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// A retransmission belongs to its transaction and is not admitted twice.
    pub(super) fn is_known(&self, message: &SipMessage) -> bool {
        match message {
            SipMessage::Request(_) => transaction(message).is_some_and(|key| self.is_alive(&key)),
            SipMessage::Response(_) => true,
        }
    }

    fn is_alive(&self, key: &TransactionKey) -> bool {
        self.inner.transactions.contains_key(key) || self.inner.finished_transactions.contains_key(key)
    }
}

const MERGED: &str = "Loop Detected: merged request";

fn transaction(message: &SipMessage) -> Option<TransactionKey> {
    let SipMessage::Request(request) = message else { return None };
    TransactionKey::from_request(request, TransactionRole::Server).ok()
}
