//! What stands between the wire and rsipstack: every message is judged here, and only affordable ones cost a transaction.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rsipstack::dialog::DialogId;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::sip::SipMessage;
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transaction::key::TransactionKey;
use rsipstack::transport::{SipAddr, SipConnection};
use tokio_util::sync::CancellationToken;

use super::admission::{Admission, Limits};
use super::answer::{ACCEPT, ALLOW, answer};
use super::extensions::unsupported;
use super::merged::Merged;
use super::message::{Message, Problem, Read};
use super::options::Transport;
use super::remote_target;
use super::status::{self, RETRY_AFTER_S, Status};
use super::trust::Trust;
use crate::base::clock;

mod entry;

/// Counts since the start; a shell turns them into metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    pub received: u64,
    /// Not SIP: dropped.
    pub garbage: u64,
    /// Over a source's message rate: dropped unread.
    pub over_rate: u64,
    /// Malformed, unknown or out of place: answered with a 4xx or 5xx.
    pub refused: u64,
    /// New calls answered with 503: too many, or draining.
    pub unavailable: u64,
    /// New calls taken.
    pub invites: u64,
    /// Calls not answered yet, now.
    pub pending: u64,
}

#[derive(Default)]
struct Counters {
    received: AtomicU64,
    garbage: AtomicU64,
    over_rate: AtomicU64,
    refused: AtomicU64,
    unavailable: AtomicU64,
    invites: AtomicU64,
}

pub(super) struct Gate {
    inner: EndpointInnerRef,
    layer: Arc<DialogLayer>,
    /// Held for one look at a bucket, never across an await.
    admission: Mutex<Admission>,
    max_pending: usize,
    pending: Arc<AtomicUsize>,
    counters: Counters,
    trust: Arc<Trust>,
    /// Held for one look, never across an await.
    merged: Mutex<Merged<TransactionKey>>,
    /// No new calls; `None` for a softphone, which never takes any.
    draining: Option<CancellationToken>,
}

/// Known methods that are not for us (RFC 3261 §21.4.6); any other is not known at all (§21.5.2).
const FOR_OTHERS: [&str; 6] = ["REGISTER", "SUBSCRIBE", "NOTIFY", "MESSAGE", "REFER", "PUBLISH"];

pub(super) enum Verdict {
    /// For rsipstack. `new_call`: one is pending from now on.
    Pass {
        message: Box<SipMessage>,
        new_call: bool,
    },
    Answer(Vec<u8>),
    Drop,
}

/// One call that is not answered yet; gives its place back when dropped.
pub(super) struct Pending(Arc<AtomicUsize>);

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gate {
    pub(super) fn new(
        inner: EndpointInnerRef,
        layer: Arc<DialogLayer>,
        limits: Limits,
        trust: Arc<Trust>,
        draining: Option<CancellationToken>,
    ) -> Self {
        Self {
            inner,
            layer,
            admission: Mutex::new(Admission::new(limits, clock::now())),
            max_pending: limits.pending_invites,
            pending: Arc::default(),
            counters: Counters::default(),
            trust,
            merged: Mutex::new(Merged::new()),
            draining,
        }
    }

    pub(super) fn statistics(&self) -> Statistics {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            received: load(&self.counters.received),
            garbage: load(&self.counters.garbage),
            over_rate: load(&self.counters.over_rate),
            refused: load(&self.counters.refused),
            unavailable: load(&self.counters.unavailable),
            invites: load(&self.counters.invites),
            pending: self.pending.load(Ordering::Relaxed) as u64,
        }
    }

    /// Asked before a message is even read. `false`: drop it.
    pub(super) fn may_read(&self, from: SocketAddr) -> bool {
        self.counters.received.fetch_add(1, Ordering::Relaxed);
        let within = self.admission().message(clock::now(), from.ip());
        if !within {
            self.counters.over_rate.fetch_add(1, Ordering::Relaxed);
        }
        within
    }

    pub(super) fn garbage(&self) {
        self.counters.garbage.fetch_add(1, Ordering::Relaxed);
    }

    /// Hands a message that passed to rsipstack, in the caller's own time: no queue in between.
    pub(super) async fn deliver(&self, message: SipMessage, new_call: bool, over: SipConnection, from: SipAddr) {
        let delivered = self.inner.on_received_message(message, over, &from).await;
        if delivered.is_err() {
            self.garbage();
            if new_call {
                drop(self.pending());
            }
        }
    }

    /// The place that a new call took when it passed.
    pub(super) fn pending(&self) -> Pending {
        Pending(self.pending.clone())
    }

    pub(super) fn judge(&self, read: &Read, transport: Transport, from: SocketAddr) -> Verdict {
        if let Some(Problem { status, what }) = read.problem {
            return self.refuse(&read.message, status, what, from);
        }
        let is_new = read.message.method() == Some("INVITE") && read.message.tag("To").is_none();
        let contact = is_new.then(|| remote_target::contact(&read.message, transport, from)).flatten();
        let better = contact.map(|contact| read.message.with_header("Contact", contact));
        let message = better.as_ref().unwrap_or(&read.message);
        let parsed = SipMessage::try_from(message.to_bytes().as_slice());
        if let Some(method) = message.method()
            && let Some(refusal) = self.without_transaction(message, method, from)
        {
            return refusal;
        }
        let received =
            parsed.ok().and_then(|parsed| SipConnection::update_msg_received(parsed, from, transport.into()).ok());
        let Some(parsed) = received else {
            return self.refuse(message, status::BAD_REQUEST, status::BAD_REQUEST.reason, from);
        };
        let new_call = is_new && !self.is_known(&parsed);
        if new_call && let Err(refusal) = self.enter(message, &parsed, from) {
            return refusal;
        }
        Verdict::Pass { message: Box::new(parsed), new_call }
    }

    /// Requests that are answered, or dropped, without a transaction.
    fn without_transaction(&self, message: &Message, method: &str, from: SocketAddr) -> Option<Verdict> {
        let in_dialog = message.tag("To").is_some();
        let not_ours = |status: Status| Some(self.refuse(message, status, status.reason, from));
        match method {
            "ACK" | "CANCEL" => None,
            "OPTIONS" if !in_dialog => Some(self.options(message, from)),
            "INVITE" if !in_dialog => match self.draining {
                Some(_) => None,
                None => not_ours(status::BUSY_HERE),
            },
            "INVITE" | "BYE" | "UPDATE" | "INFO" | "OPTIONS" if !self.has_dialog(message) => {
                not_ours(status::NO_SUCH_DIALOG)
            }
            // RFC 3262 §3: we send no reliable 18x, so there is none that it could acknowledge.
            "PRACK" => not_ours(status::NO_SUCH_DIALOG),
            "INVITE" | "BYE" | "UPDATE" | "INFO" | "OPTIONS" => None,
            _ if FOR_OTHERS.contains(&method) => not_ours(status::METHOD_NOT_ALLOWED),
            _ => not_ours(status::NOT_IMPLEMENTED),
        }
    }

    fn has_dialog(&self, message: &Message) -> bool {
        let part = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let id = DialogId {
            call_id: part(message.header("Call-ID")),
            local_tag: part(message.tag("To")),
            remote_tag: part(message.tag("From")),
        };
        self.layer.get_dialog(&id).is_some()
    }

    /// RFC 3261 §11.2: an OPTIONS is answered as an INVITE would be.
    fn options(&self, message: &Message, from: SocketAddr) -> Verdict {
        if !self.trust.may_ask(from.ip()) {
            return self.refuse(message, status::FORBIDDEN, status::FORBIDDEN.reason, from);
        }
        let names = unsupported(message);
        if !names.is_empty() {
            return self.refuse_with(message, status::BAD_EXTENSION, &[format!("Unsupported: {names}")], from);
        }
        if self.is_draining() {
            return self.unavailable(message, from);
        }
        let extra = [format!("Allow: {ALLOW}"), format!("Accept: {ACCEPT}")];
        answer(message, status::OK, status::OK.reason, &extra, from).map_or(Verdict::Drop, Verdict::Answer)
    }

    fn is_draining(&self) -> bool {
        self.draining.as_ref().is_none_or(CancellationToken::is_cancelled)
    }

    fn unavailable(&self, message: &Message, from: SocketAddr) -> Verdict {
        self.counters.unavailable.fetch_add(1, Ordering::Relaxed);
        let extra = [format!("Retry-After: {RETRY_AFTER_S}")];
        let status = status::SERVICE_UNAVAILABLE;
        answer(message, status, status.reason, &extra, from).map_or(Verdict::Drop, Verdict::Answer)
    }

    fn refuse(&self, message: &Message, status: Status, phrase: &str, from: SocketAddr) -> Verdict {
        self.counters.refused.fetch_add(1, Ordering::Relaxed);
        let allow = [status::METHOD_NOT_ALLOWED, status::NOT_IMPLEMENTED].contains(&status);
        let extra = allow.then(|| format!("Allow: {ALLOW}"));
        answer(message, status, phrase, extra.as_slice(), from).map_or(Verdict::Drop, Verdict::Answer)
    }

    fn refuse_with(&self, message: &Message, status: Status, extra: &[String], from: SocketAddr) -> Verdict {
        self.counters.refused.fetch_add(1, Ordering::Relaxed);
        answer(message, status, status.reason, extra, from).map_or(Verdict::Drop, Verdict::Answer)
    }

    fn admission(&self) -> std::sync::MutexGuard<'_, Admission> {
        // A panic while counting tokens leaves nothing half done.
        self.admission.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
