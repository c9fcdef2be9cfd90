//! A call that rings: what is known of it before it is answered, and the two things that can be done with it.

use std::net::SocketAddr;

use rsipstack::sip::{Header, Request, Response, StatusCode};
use rsipstack::transaction::transaction::{TransactionEvent, TransactionEventSender};

use super::answer::SERVER;
use super::caller_id::CallerId;
use super::dialog::{Dialog, Leg, Session};
use super::error::SipError;
use super::gate::Pending;
use super::sdp::{self, Description, Local, SdpError, Take};
use super::siprec::{Recording, Roles};
use super::status::{NO_COMMON_MEDIA, Refusal};
use crate::base::{CallId, Line};
use crate::rtp::Codec;

/// 100 Trying has been sent. Dropped without an answer, it is refused with 503.
pub struct Invite {
    pub call: CallId,
    pub line: Line,
    pub caller: CallerId,
    pub peer: SocketAddr,
    pub(super) offer: Offer,
    /// Of a recording session (RFC 7866): then line and caller are those of the recorded call.
    pub(super) recording: Option<Recording>,
    pub(super) request: Request,
    pub(super) transaction: TransactionEventSender,
    /// Taken by the answer.
    pub(super) leg: Option<Leg>,
    pub(super) _pending: Pending,
}

pub(super) enum Offer {
    Early(Result<Description, SdpError>),
    /// RFC 3261 §13.2.1: the INVITE has no body, so the offer is ours to make.
    Late {
        cseq: u32,
    },
}

impl Invite {
    /// Whether accepting can succeed: asked before a media port is opened. If not, refuse with
    /// [`Refusal::NotAcceptableHere`].
    pub fn has_usable_offer(&self) -> bool {
        match &self.offer {
            Offer::Early(offer) => offer.as_ref().is_ok_and(|offer| sdp::is_usable(offer, self.take())),
            Offer::Late { .. } => true,
        }
    }

    /// How many media sockets the call takes: one, or in a recording session one for each stream.
    pub fn sockets(&self) -> usize {
        match &self.offer {
            Offer::Early(offer) => offer.as_ref().map_or(1, |offer| sdp::sockets_for(offer, self.take())),
            Offer::Late { .. } if self.recording.is_some() => LATE_STREAMS,
            Offer::Late { .. } => 1,
        }
    }

    /// Who is who, where the call is a recording session.
    pub fn roles(&self) -> Option<&Roles> {
        self.recording.as_ref().map(Recording::roles)
    }

    /// Answers with 200 and our side of the SDP. `local_rtp`: where the peer can reach the media sockets.
    pub async fn accept(mut self, local_rtp: Vec<SocketAddr>) -> Result<Dialog, SipError> {
        let (call, peer) = (self.call.clone(), self.peer);
        if self.leg.as_ref().is_none_or(Leg::is_over) {
            self.leg = None;
            return Err(SipError::Cancelled { call, peer });
        }
        let secret = sdp::Secret::new(rand::random());
        let session = rand::random::<u32>().into();
        let local = Local { session, version: 1, rtp: local_rtp, take: self.take(), secret };
        let mut session = match &self.offer {
            Offer::Early(offer) => {
                let answer = offer.as_ref().map_err(|error| *error).and_then(|offer| sdp::answer(offer, &local));
                // The drop of `self` refuses the call.
                let answer = answer.map_err(|source| SipError::Sdp { call: call.clone(), peer, source })?;
                Session::agreed(local, answer)
            }
            Offer::Late { cseq } => {
                let sent = sdp::offer(&local, &Codec::ALL, &[]);
                let mut session = Session::new(local, sent);
                session.awaits_answer_to = Some(*cseq);
                session
            }
        };
        session.recording = self.recording.take();
        let body = session.sent.clone().into_bytes();
        let Some(leg) = self.leg.take() else { return Err(SipError::Cancelled { call, peer }) };
        let headers = [leg.headers(session.recording.is_some(), true), session.time(&self.request)].concat();
        if leg.dialog.accept(Some(headers), Some(body)).is_err() {
            return Err(SipError::Answer { call, peer, reason: "its transaction is gone" });
        }
        Ok(Dialog::new(call, peer, leg, session))
    }

    fn take(&self) -> Take {
        if self.recording.is_some() { Take::All } else { Take::One }
    }

    pub async fn refuse(mut self, refusal: Refusal) {
        self.send_refusal(refusal);
    }

    fn send_refusal(&mut self, refusal: Refusal) {
        let Some(leg) = self.leg.take() else { return };
        let mut headers = self.request.headers.clone();
        headers.retain(|header| {
            matches!(header, Header::Via(_) | Header::From(_) | Header::To(_) | Header::CallId(_) | Header::CSeq(_))
        });
        for header in headers.iter_mut() {
            if let Header::To(to) = header {
                let tagged = to.clone().with_tag(leg.dialog.id().local_tag.into());
                *to = tagged;
            }
        }
        if let Refusal::ServiceUnavailable { retry_after_s } = refusal {
            headers.push(Header::Other("Retry-After".into(), retry_after_s.to_string()));
        }
        if refusal == Refusal::NotAcceptableHere {
            headers.push(Header::Warning(NO_COMMON_MEDIA.into()));
        }
        headers.push(Header::Server(SERVER.into()));
        headers.push(Header::ContentLength(0u32.into()));
        let code = StatusCode::from(refusal.status().code);
        let response = Response {
            status_code: code.clone(),
            wire_reason: None,
            version: self.request.version,
            headers,
            body: Vec::new(),
        };
        // rsipstack's own refusal cannot carry Retry-After. Sent first, ours is the final one; theirs then only ends the
        // dialog, since a transaction that is completed sends nothing more.
        let _ = self.transaction.send(TransactionEvent::Respond(response));
        let _ = leg.dialog.reject(Some(code), None);
    }
}

impl Drop for Invite {
    fn drop(&mut self) {
        self.send_refusal(crate::base::ErrorKind::Internal.into());
    }
}

/// Streams that we offer to a recording client which leaves the offer to us: one for each side of a call.
const LATE_STREAMS: usize = 2;
