//! The answering side of rsipstack: transactions in, invites out, in-dialog requests to their dialogs.

use std::net::SocketAddr;
use std::sync::Arc;

use rsipstack::dialog::dialog::Dialog as AnyDialog;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Auth, Header, HeadersExt, Method, Param, Request, Scheme, StatusCode, Uri};
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::SipConnection;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answer::{ACCEPT, ALLOW};
use super::caller_id::CallerId;
use super::changes::Exchange;
use super::dialog::Leg;
use super::gate::{Gate, Pending};
use super::invite::{Invite, Offer};
use super::multipart::{self, Body};
use super::options::Listen;
use super::sdp::Description;
use super::siprec::recording::{self, Recording, Rules};
use super::stack::contact_address;
use super::status::RETRY_AFTER_S;
use crate::base::{CallId, Lifecycle, Line};

pub(super) struct Uas {
    pub(super) layer: Arc<DialogLayer>,
    pub(super) exchange: Exchange,
    pub(super) gate: Arc<Gate>,
    pub(super) listeners: Vec<Listen>,
    pub(super) country_code: Option<String>,
    /// How recording sessions tell who is who.
    pub(super) rules: Arc<Rules>,
    pub(super) invites: mpsc::Sender<Invite>,
    pub(super) life: Lifecycle,
    /// Open calls: the sockets stay until the last one is dropped.
    pub(super) open: TaskTracker,
}

impl Uas {
    pub(super) async fn run(mut self, mut incoming: TransactionReceiver, stop: CancellationToken) {
        loop {
            let transaction = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                state = self.exchange.next() => {
                    self.exchange.pass_on(state);
                    continue;
                }
                transaction = incoming.recv() => transaction,
            };
            let Some(transaction) = transaction else { return };
            let tagged = transaction.original.to_header().is_ok_and(|to| to.tag().is_ok_and(|tag| tag.is_some()));
            if transaction.original.method == Method::Invite && !tagged {
                let pending = self.gate.pending();
                match self.ring(&transaction, pending) {
                    Ok(dialog) => handle(&self.life, dialog, transaction),
                    Err((status, headers)) => reply(&self.life, transaction, status, headers),
                }
            } else {
                in_dialog(&self.layer, &self.life, transaction);
            }
        }
    }

    /// A new call. The error is a refusal that needs no dialog.
    fn ring(&mut self, transaction: &Transaction, pending: Pending) -> Result<InviteDialog, (StatusCode, Vec<Header>)> {
        let request = &transaction.original;
        let bad_request = || (StatusCode::BadRequest, Vec::new());
        let body =
            body_of(request).map_err(|_| (StatusCode::UnsupportedMediaType, vec![Header::Accept(ACCEPT.into())]))?;
        let peer = source(transaction).ok_or_else(bad_request)?;
        let cseq = request.cseq_header().and_then(|cseq| cseq.seq()).map_err(|_| bad_request())?;
        // A full queue refuses before there is anything to undo.
        let Ok(place) = self.invites.try_reserve() else {
            let header = Header::Other("Retry-After".into(), RETRY_AFTER_S.to_string());
            return Err((StatusCode::ServiceUnavailable, vec![header]));
        };
        let contact = self.contact(transaction, request, peer);
        let told = self.exchange.told();
        let created = self.layer.get_or_create_server_invite(transaction, told.clone(), None, contact.clone());
        let Ok(dialog) = created else {
            // RFC 3261 §8.1.1.8: an INVITE has a Contact, or a dialog has nowhere to send its requests.
            return Err(bad_request());
        };
        let headers = request.headers.0.iter().map(|header| (header.name(), header.value()));
        let offer = match body.sdp {
            None => Offer::Late { cseq },
            Some(sdp) => Offer::Early(Description::parse(sdp)),
        };
        let recording = recording::is_recording(headers.clone(), body.metadata.is_some()).then(|| {
            let mut recording = Recording::new(self.rules.clone());
            let streams = if let Offer::Early(Ok(offer)) = &offer { Some(offer) } else { None };
            recording.update(body.metadata, streams);
            recording
        });
        let roles = recording.as_ref().map(Recording::roles);
        // The addresses of a recording session are the recorder's and ours; those of the recorded call count.
        let caller = match roles {
            Some(roles) => roles.caller.as_ref().map_or(NOBODY, |caller| caller.number.clone()),
            None => CallerId::from_headers(headers, self.country_code.as_deref()),
        };
        let line = roles.and_then(|roles| roles.agent.as_ref()?.line.clone());
        let leg = Leg {
            dialog: dialog.clone(),
            changes: self.exchange.open(dialog.id()),
            told,
            contact,
            layer: self.layer.clone(),
            life: self.life.clone(),
            _open: self.open.token(),
        };
        place.send(Invite {
            call: CallId::new(format!("{:016x}", rand::random::<u64>())),
            line: line.unwrap_or_else(|| Line::new(request.uri.user().unwrap_or_default())),
            caller,
            peer,
            offer,
            recording,
            transaction: transaction.tu_sender.clone(),
            request: request.clone(),
            leg: Some(leg),
            _pending: pending,
        });
        Ok(dialog)
    }

    /// Where the peer sends its requests within the dialog.
    fn contact(&self, transaction: &Transaction, request: &Request, peer: SocketAddr) -> Option<Uri> {
        let transport = transaction.connection.as_ref()?.get_addr().r#type?;
        let addr = contact_address(&self.listeners, transport, peer)?;
        let params = match transport {
            rsipstack::sip::Transport::Udp => Vec::new(),
            other => vec![Param::Transport(other)],
        };
        let auth = request.uri.user().map(|user| Auth { user: user.to_owned(), password: None });
        Some(Uri { scheme: Some(Scheme::Sip), auth, host_with_port: addr.into(), params, headers: Vec::new() })
    }
}

/// A request within a dialog: to its dialog, or answered here.
pub(super) fn in_dialog(layer: &DialogLayer, life: &Lifecycle, transaction: Transaction) {
    let method = transaction.original.method;
    let known = match layer.match_dialog(&transaction) {
        // One that has ended stays known until its call lets go of it.
        Some(AnyDialog::Invite(dialog)) if !dialog.state().is_terminated() => Some(dialog),
        _ => None,
    };
    let Some(dialog) = known else {
        return reply(life, transaction, StatusCode::CallTransactionDoesNotExist, Vec::new());
    };
    let cseq = transaction.original.cseq_header().and_then(|cseq| cseq.seq()).unwrap_or(0);
    let allow = || vec![Header::Allow(ALLOW.into())];
    if cseq < dialog.snapshot().remote_cseq {
        // RFC 3261 §12.2.2; rsipstack would be silent.
        return reply(life, transaction, StatusCode::ServerInternalError, Vec::new());
    }
    match method {
        Method::Bye => handle(life, dialog, transaction),
        Method::Invite | Method::Update if dialog.state().is_confirmed() => handle(life, dialog, transaction),
        Method::Invite | Method::Update => {
            // RFC 3261 §14.2: the first INVITE has not been ACKed yet.
            let soon = Header::Other("Retry-After".into(), "1".into());
            reply(life, transaction, StatusCode::ServerInternalError, vec![soon]);
        }
        Method::Options => {
            reply(life, transaction, StatusCode::OK, [allow(), vec![Header::Accept(ACCEPT.into())]].concat());
        }
        Method::Info => reply(life, transaction, StatusCode::OK, Vec::new()),
        _ => reply(life, transaction, StatusCode::MethodNotAllowed, allow()),
    }
}

/// Drives a transaction to its end, for up to 32 s after the last word (RFC 3261 timers H and L).
fn handle(life: &Lifecycle, mut dialog: InviteDialog, mut transaction: Transaction) {
    life.spawn(Box::pin(async move {
        let _ = dialog.handle(&mut transaction).await;
    }));
}

fn reply(life: &Lifecycle, mut transaction: Transaction, status: StatusCode, headers: Vec<Header>) {
    life.spawn(Box::pin(async move {
        if transaction.reply_with(status, headers, None).await.is_ok() {
            // An INVITE waits here for its ACK; other requests are over at once.
            while transaction.receive().await.is_some() {}
        }
    }));
}

/// Where the request came from: the gate has written it into the Via where it differs.
fn source(transaction: &Transaction) -> Option<SocketAddr> {
    let via = transaction.original.via_header().ok()?;
    let (_, host) = SipConnection::parse_target_from_via(via).ok()?;
    host.try_into().ok()
}

const NOBODY: CallerId = CallerId { number: None, withheld: false, name: None };

/// A body without a type is taken for what it looks like.
pub(super) fn body_of(request: &Request) -> Result<Body<'_>, multipart::Unsupported> {
    let mut types = request.headers.iter().filter(|header| header.name().eq_ignore_ascii_case("Content-Type"));
    multipart::read(types.next().map(|header| header.value()), &request.body)
}
