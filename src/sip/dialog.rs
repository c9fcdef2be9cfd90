//! One call after it was answered: its media as agreed, and again when that changes; its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rsipstack::dialog::dialog::{DialogStateSender, TransactionHandle};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Header, HeadersExt, Method, Request, StatusCode, Uri};
use tokio::task::JoinHandle;
use tokio::time::timeout_at;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::answer::{ALLOW, SDP};
use super::changes::{Change, Changes, close};
use super::sdp::{self, Answer, Description, Line, Local, SdpError, Stream, Take};
use super::siprec::recording::{OPTION, SERVER_FEATURE};
use super::siprec::{Recording, Roles};
use super::status::NO_COMMON_MEDIA;
use super::timer::SessionTimer;
use super::uas::body_of;
use crate::base::{CallId, Lifecycle, clock};
use crate::rtp::Codec;

/// Sends BYE when dropped before its end.
pub struct Dialog {
    pub call: CallId,
    pub peer: SocketAddr,
    /// `None` after the end.
    leg: Option<Leg>,
    session: Session,
    /// A request with more streams than there are sockets.
    held: Option<(Request, TransactionHandle)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialogEvent {
    /// The peer of a recording session offers this many streams more than there are sockets. Open them and give their
    /// addresses to [`Dialog::answer`]; [`Dialog::next`] without it refuses those streams.
    Offer { sockets: usize },
    /// First of all, and after each re-INVITE or UPDATE that brings an offer, or metadata of a recording session.
    Media(Media),
    /// The last event.
    Ended(Why),
}

/// What both sides agree on at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// One in a plain call; none while the peer has switched them off.
    pub streams: Vec<Stream>,
    /// Who is who, in a recording session.
    pub roles: Option<Roles>,
    /// False when only metadata has come since the last time.
    pub renegotiated: bool,
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
    pub(super) changes: Changes,
    /// Where its end is told, so that no more changes are awaited.
    pub(super) told: DialogStateSender,
    /// Where the peer sends its requests.
    pub(super) contact: Option<Uri>,
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
    pub(super) recording: Option<Recording>,
    streams: Vec<Stream>,
    lines: Vec<Line>,
    /// Streams or roles may have changed and nobody has been told.
    news: bool,
    /// Streams may have.
    renegotiated: bool,
}

/// How long a hang-up waits for its answer: four sendings of the BYE (RFC 3261 timer E at T1 = 500 ms).
const HANG_UP_WAIT: Duration = Duration::from_secs(4);
/// How long a hard shutdown waits for the ACK of a call just answered: shorter than the sockets outlive it.
const LAST_ACK: Duration = Duration::from_secs(3);

impl Media {
    /// The caller's stream.
    pub fn heard(&self) -> Option<&Stream> {
        match &self.roles {
            None => self.streams.first(),
            Some(roles) => self.streams.iter().find(|stream| roles.hear.is_some_and(|hear| hear.slot == stream.slot)),
        }
    }
}

impl Dialog {
    pub(super) fn new(call: CallId, peer: SocketAddr, leg: Leg, session: Session) -> Self {
        Self { call, peer, leg: Some(leg), session, held: None }
    }

    /// What happens next. Cancel-safe. Must be polled: in-dialog requests are answered from here.
    pub async fn next(&mut self) -> DialogEvent {
        self.answer(Vec::new());
        loop {
            if let Some(media) = self.session.news() {
                return DialogEvent::Media(media);
            }
            let Some(leg) = &mut self.leg else { return std::future::pending().await };
            let change = match self.session.timer.ends() {
                Some(ends) => match timeout_at(ends.into(), leg.changes.recv()).await {
                    Ok(change) => change,
                    Err(_) => return self.expire(),
                },
                None => leg.changes.recv().await,
            };
            let event = match change {
                Some(Change::Confirmed) => self.confirmed(),
                Some(Change::Requested(requested)) => self.requested(requested.0, requested.1),
                Some(Change::Ended(why)) => Some(self.end(why)),
                None => Some(self.end(Why::Failed)),
            };
            if let Some(event) = event {
                return event;
            }
        }
    }

    /// More sockets of ours, as [`DialogEvent::Offer`] asked for; or fewer, when there are no more.
    pub fn answer(&mut self, more: Vec<SocketAddr>) {
        if let Some((request, handle)) = self.held.take() {
            self.session.local.rtp.extend(more);
            self.renegotiate(&request, &handle);
        }
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
        match self.session.accept_answer(&ack) {
            Ok(()) => None,
            Err(error) => {
                tracing::info!(call = %self.call, peer = %self.peer, %error, "no usable answer to our offer: hanging up");
                self.bye();
                Some(DialogEvent::Ended(Why::Failed))
            }
        }
    }

    /// A re-INVITE or UPDATE: answered at once, since refusing one has crashed real peers.
    fn requested(&mut self, request: Request, handle: TransactionHandle) -> Option<DialogEvent> {
        let sockets = self.session.sockets_lacking(&request);
        if sockets > 0 {
            self.held = Some((request, handle));
            return Some(DialogEvent::Offer { sockets });
        }
        self.renegotiate(&request, &handle);
        None
    }

    fn renegotiate(&mut self, request: &Request, handle: &TransactionHandle) {
        let (status, body) = self.session.renegotiate(request);
        let extra = match status {
            StatusCode::OK => self.session.time(request),
            StatusCode::NotAcceptableHere => vec![Header::Warning(NO_COMMON_MEDIA.into())],
            _ => Vec::new(),
        };
        let Some(leg) = &self.leg else { return };
        let headers = [leg.headers(self.session.recording.is_some(), body.is_some()), extra].concat();
        let handle = handle.clone();
        // The handle's queue is empty and holds four: this ends at once, but is no part of a future that may be dropped.
        leg.life.spawn(async move {
            let _ = handle.respond(status, Some(headers), body.map(String::into_bytes)).await;
        });
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
        close(&self.told, self.dialog.id());
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
        let acknowledged = async { while self.dialog.state().waiting_ack() && self.changes.recv().await.is_some() {} };
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

    /// We have described our media and nothing is agreed yet.
    pub(super) fn new(local: Local, sent: String) -> Self {
        let (streams, lines) = (Vec::new(), Vec::new());
        let timer = SessionTimer::default();
        Self {
            local,
            sent,
            awaits_answer_to: None,
            timer,
            recording: None,
            streams,
            lines,
            news: false,
            renegotiated: false,
        }
    }

    pub(super) fn agreed(local: Local, Answer { text, streams, lines }: Answer) -> Self {
        Self { streams, lines, news: true, renegotiated: true, ..Self::new(local, text) }
    }

    fn news(&mut self) -> Option<Media> {
        let news = std::mem::take(&mut self.news);
        let renegotiated = std::mem::take(&mut self.renegotiated);
        let roles = self.recording.as_ref().map(|recording| recording.roles().clone());
        news.then(|| Media { streams: self.streams.clone(), roles, renegotiated })
    }

    /// How many sockets more the streams of a recording session's offer need.
    fn sockets_lacking(&self, request: &Request) -> usize {
        if self.local.take == Take::One {
            return 0;
        }
        let sdp = body_of(request).ok().and_then(|body| body.sdp);
        let offer = sdp.and_then(|sdp| Description::parse(sdp).ok());
        let needed = offer.map_or(0, |offer| sdp::sockets_for(&offer, Take::All));
        needed.saturating_sub(self.local.rtp.len())
    }

    /// The status and the description to answer a re-INVITE or UPDATE with.
    fn renegotiate(&mut self, request: &Request) -> (StatusCode, Option<String>) {
        let Ok(body) = body_of(request) else { return (StatusCode::UnsupportedMediaType, None) };
        let offer = body.sdp.map(Description::parse).transpose();
        if let Some(recording) = &mut self.recording
            && let Ok(offer) = &offer
        {
            recording.update(body.metadata, offer.as_ref());
            self.news |= body.metadata.is_some();
        }
        let said = match (offer, request.method) {
            (Ok(None), Method::Invite) => {
                self.awaits_answer_to = request.cseq_header().ok().and_then(|cseq| cseq.seq().ok());
                let (streams, lines) = (self.streams.clone(), self.lines.clone());
                self.say(|local| {
                    let text = sdp::offer(local, &Codec::ALL, &lines);
                    Ok(Answer { text, streams: streams.clone(), lines: lines.clone() })
                })
            }
            // RFC 3311 §5.1: an UPDATE without an offer only refreshes; RFC 7866 §9.1: or it brings metadata.
            (Ok(None), _) => return (StatusCode::OK, None),
            (Ok(Some(offer)), _) => {
                let said = self.say(|local| sdp::answer(&offer, local));
                self.renegotiated |= said.is_ok();
                self.news |= said.is_ok();
                said
            }
            (Err(error), _) => Err(error),
        };
        match said {
            Ok(text) => (StatusCode::OK, Some(text)),
            // The session goes on as it was (RFC 3261 §14.1).
            Err(_) => (StatusCode::NotAcceptableHere, None),
        }
    }

    /// The next description of ours, with the version one up if it says anything new (RFC 3264 §8).
    fn say(&mut self, make: impl Fn(&Local) -> Result<Answer, SdpError>) -> Result<String, SdpError> {
        let mut said = make(&self.local)?;
        if said.text != self.sent {
            self.local.version += 1;
            said = make(&self.local)?;
        }
        (self.streams, self.lines) = (said.streams, said.lines);
        self.sent.clone_from(&said.text);
        Ok(said.text)
    }

    fn accept_answer(&mut self, ack: &Request) -> Result<(), SdpError> {
        let sdp = body_of(ack).ok().and_then(|body| body.sdp).unwrap_or_default();
        let answer = Description::parse(sdp)?;
        self.streams = sdp::accept_answer(&answer, self.local.take)?;
        if let Some(recording) = &mut self.recording {
            recording.update(None, Some(&answer));
        }
        (self.news, self.renegotiated) = (true, true);
        Ok(())
    }
}

impl Leg {
    /// Headers of an answer to INVITE or UPDATE besides those that every answer has.
    pub(super) fn headers(&self, recording: bool, with_body: bool) -> Vec<Header> {
        let mut headers = vec![Header::Allow(ALLOW.into())];
        if with_body {
            headers.push(Header::ContentType(SDP.into()));
        }
        if recording {
            headers.push(Header::Supported(OPTION.into()));
            if let Some(contact) = &self.contact {
                // RFC 7866 §6.2: our Contact says that a recorder answers.
                headers.push(Header::Contact(format!("<{contact}>;{SERVER_FEATURE}").into()));
            }
        }
        headers
    }
}
