//! One call after it was answered: its media as agreed, and again when that changes; its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver, TerminatedReason, TransactionHandle};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Header, HeadersExt, Method, Request, StatusCode};
use tokio::task::JoinHandle;
use tokio::time::timeout_at;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::answer::{ACCEPT, ALLOW};
use super::sdp::{self, Description, Local, SdpError};
use super::status::NO_COMMON_MEDIA;
use super::timer::SessionTimer;
use crate::base::{CallId, Lifecycle, clock};
use crate::rtp::{Codec, Negotiated};

/// Sends BYE when dropped before its end.
pub struct Dialog {
    pub call: CallId,
    pub peer: SocketAddr,
    /// `None` after the end.
    leg: Option<Leg>,
    session: Session,
    /// Agreed and not yet told.
    ready: Option<Negotiated>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialogEvent {
    /// First of all, and after each re-INVITE or UPDATE that brings an offer.
    Media(Negotiated),
    /// The last event.
    Ended(Why),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// One side has hung up.
    Bye,
    /// The caller gave up while we were answering.
    Cancelled,
    /// No ACK came for our answer, no usable SDP, or no refresh of a timed session (RFC 4028).
    Failed,
}

/// The dialog as rsipstack holds it. It does not forget one by itself: this does, when dropped.
pub(super) struct Leg {
    pub(super) dialog: InviteDialog,
    pub(super) states: DialogStateReceiver,
    pub(super) layer: Arc<DialogLayer>,
    pub(super) life: Lifecycle,
    /// Keeps the sockets open on shutdown until it is dropped.
    pub(super) _open: TaskTrackerToken,
}

/// What we have said about our media.
pub(super) struct Session {
    pub(super) local: Local,
    /// Our last description.
    pub(super) sent: String,
    /// CSeq of the INVITE whose ACK must bring the answer to our offer.
    pub(super) awaits_answer_to: Option<u32>,
    pub(super) timer: SessionTimer,
}

/// How long a hang-up waits for its answer: four sendings of the BYE (RFC 3261 timer E at T1 = 500 ms).
const HANG_UP_WAIT: Duration = Duration::from_secs(4);
/// How long a hard shutdown waits for the ACK of a call just answered: shorter than the sockets outlive it.
const LAST_ACK: Duration = Duration::from_secs(3);

impl Dialog {
    pub(super) fn new(call: CallId, peer: SocketAddr, leg: Leg, session: Session, agreed: Option<Negotiated>) -> Self {
        Self { call, peer, leg: Some(leg), session, ready: agreed }
    }

    /// What happens next. Cancel-safe. Must be polled: in-dialog requests are answered from here.
    pub async fn next(&mut self) -> DialogEvent {
        if let Some(agreed) = self.ready.take() {
            return DialogEvent::Media(agreed);
        }
        while let Some(leg) = &mut self.leg {
            // The queue is fed by this dialog's own transactions, which pass the gate one by one.
            let state = match self.session.timer.ends() {
                Some(ends) => match timeout_at(ends.into(), leg.states.recv()).await {
                    Ok(state) => state,
                    Err(_) => return self.expire(),
                },
                None => leg.states.recv().await,
            };
            let event = match state {
                Some(DialogState::Confirmed(..)) => self.confirmed(),
                Some(DialogState::Updated(_, request, handle)) => self.renegotiate(&request, &handle),
                Some(DialogState::Terminated(_, reason)) => Some(self.end(why(&reason))),
                None => Some(self.end(Why::Failed)),
                Some(_) => None,
            };
            if let Some(event) = event {
                return event;
            }
        }
        std::future::pending().await
    }

    /// RFC 4028 §10: the peer was to refresh the session and has not.
    fn expire(&mut self) -> DialogEvent {
        tracing::info!(call = %self.call, peer = %self.peer, "the session was not refreshed: hanging up");
        self.bye();
        DialogEvent::Ended(Why::Failed)
    }

    /// Sends BYE and waits a moment for its answer.
    pub async fn hang_up(&mut self) {
        if let Some(bye) = self.bye() {
            let _ = tokio::time::timeout(HANG_UP_WAIT, bye).await;
        }
    }

    /// Nothing is left to send.
    fn end(&mut self, why: Why) -> DialogEvent {
        self.leg = None;
        DialogEvent::Ended(why)
    }

    /// The ACK has come; with the answer, if the offer was ours.
    fn confirmed(&mut self) -> Option<DialogEvent> {
        let awaited = self.session.awaits_answer_to?;
        let ack = self.leg.as_ref()?.dialog.last_remote_ack()?;
        if ack.cseq_header().ok()?.seq().ok()? != awaited {
            return None;
        }
        self.session.awaits_answer_to = None;
        match Description::parse(&ack.body).and_then(|answer| sdp::accept_answer(&answer)) {
            Ok(agreed) => Some(DialogEvent::Media(agreed)),
            Err(error) => {
                tracing::info!(call = %self.call, peer = %self.peer, %error, "no usable answer to our offer: hanging up");
                self.bye();
                Some(DialogEvent::Ended(Why::Failed))
            }
        }
    }

    /// A re-INVITE or UPDATE: answered at once, since refusing one has crashed real peers.
    fn renegotiate(&mut self, request: &Request, handle: &TransactionHandle) -> Option<DialogEvent> {
        let (status, description, event) = match (request.body.is_empty(), request.method) {
            (true, Method::Invite) => {
                self.session.awaits_answer_to = request.cseq_header().ok().and_then(|cseq| cseq.seq().ok());
                self.session.describe(|local| Ok((sdp::offer(local, &Codec::ALL), None)))
            }
            // RFC 3311 §5.1: an UPDATE without a body only refreshes.
            (true, _) => (StatusCode::OK, None, None),
            (false, _) => self.session.describe(|local| {
                let (text, agreed) = sdp::answer(&Description::parse(&request.body)?, local)?;
                Ok((text, Some(agreed)))
            }),
        };
        let extra = match status {
            StatusCode::OK => self.session.time(request),
            _ => vec![Header::Warning(NO_COMMON_MEDIA.into())],
        };
        self.reply(handle, status, extra, description, event)
    }

    fn reply(
        &self,
        handle: &TransactionHandle,
        status: StatusCode,
        extra: Vec<Header>,
        body: Option<String>,
        event: Option<DialogEvent>,
    ) -> Option<DialogEvent> {
        let headers = [sdp_headers(body.is_some()), extra].concat();
        let handle = handle.clone();
        // The handle's queue is empty and holds four: this ends at once, but is no part of a future that may be dropped.
        self.leg.as_ref()?.life.spawn(async move {
            let _ = handle.respond(status, Some(headers), body.map(String::into_bytes)).await;
        });
        event
    }

    /// The leg goes on its own way to its end; `None` when it is there already.
    fn bye(&mut self) -> Option<JoinHandle<()>> {
        let leg = self.leg.take()?;
        let life = leg.life.clone();
        Some(life.spawn(leg.bye()))
    }
}

impl Drop for Dialog {
    fn drop(&mut self) {
        self.bye();
    }
}

impl Drop for Leg {
    fn drop(&mut self) {
        self.layer.remove_dialog(&self.dialog.id());
    }
}

impl Leg {
    /// Whether the caller gave up before we answered.
    pub(super) fn is_over(&self) -> bool {
        self.dialog.state().is_terminated()
    }

    /// RFC 3261 §15: no BYE before the ACK has come or is given up, which rsipstack does after 32 s with a BYE of its own.
    /// A peer that has not read our answer yet knows of no dialog to end, and would stay in the call for good.
    async fn bye(mut self) {
        let hard = self.life.hard().clone();
        let shutdown = async {
            hard.cancelled().await;
            tokio::time::sleep(LAST_ACK).await;
        };
        let acknowledged = async { while self.dialog.state().waiting_ack() && self.states.recv().await.is_some() {} };
        tokio::select! {
            biased;
            () = acknowledged => {}
            () = shutdown => {}
        }
        // A peer that does not answer the BYE is gone.
        let _ = self.dialog.bye().await;
    }
}

impl Session {
    /// The session is timed anew by this INVITE or UPDATE, which gets a 2xx with these headers.
    pub(super) fn time(&mut self, request: &Request) -> Vec<Header> {
        self.timer.restart(clock::now(), request.headers.iter().map(|header| (header.name(), header.value())));
        self.timer.headers().into_iter().map(|(name, value)| Header::Other(name.into(), value)).collect()
    }

    /// The next description of ours, with the version one up if it says anything new (RFC 3264 §8).
    fn describe(
        &mut self,
        make: impl Fn(&Local) -> Result<(String, Option<Negotiated>), SdpError>,
    ) -> (StatusCode, Option<String>, Option<DialogEvent>) {
        let newer = Local { version: self.local.version + 1, ..self.local };
        let made = make(&self.local)
            .and_then(|same| if same.0 == self.sent { Ok((self.local, same)) } else { Ok((newer, make(&newer)?)) });
        match made {
            Ok((local, (text, agreed))) => {
                self.local = local;
                self.sent.clone_from(&text);
                (StatusCode::OK, Some(text), agreed.map(DialogEvent::Media))
            }
            // The session goes on as it was (RFC 3261 §14.1).
            Err(_) => (StatusCode::NotAcceptableHere, None, None),
        }
    }
}

/// Headers of an answer to INVITE or UPDATE besides those that every answer has.
pub(super) fn sdp_headers(with_body: bool) -> Vec<Header> {
    let mut headers = vec![Header::Allow(ALLOW.into())];
    if with_body {
        headers.push(Header::ContentType(ACCEPT.into()));
    }
    headers
}

fn why(reason: &TerminatedReason) -> Why {
    match reason {
        TerminatedReason::UacBye | TerminatedReason::UasBye => Why::Bye,
        TerminatedReason::UacCancel => Why::Cancelled,
        _ => Why::Failed,
    }
}
