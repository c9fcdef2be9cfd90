//! Where rsipstack lets us look at its messages: the Via of our own requests, and what arrives on connections that it has
//! opened by itself. Those pass our framing by; they must not pass the gate by as well.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};

use rsipstack::sip::prelude::{HeadersExt, ToTypedHeader};
use rsipstack::sip::{Request, SipMessage};
use rsipstack::transaction::endpoint::{MessageInspector, TransportEventInspector};
use rsipstack::transport::{SipAddr, SipConnection, TransportEvent};

use super::gate::{Gate, Verdict};
use super::message;
use super::options::Transport;
use super::sockets::Sockets;

/// Writes the address of the right socket into the Via of requests over UDP.
pub(super) struct OwnVia(pub(super) Sockets);

impl MessageInspector for OwnVia {
    fn before_send(&self, message: SipMessage, to: Option<&SipAddr>) -> SipMessage {
        match message {
            SipMessage::Request(mut request) => {
                let here = to.and_then(|to| to.get_socketaddr().ok()).and_then(|to| self.0.address_for(to));
                if let Some(here) = here {
                    name_sender(&mut request, here);
                }
                SipMessage::Request(request)
            }
            answer => answer,
        }
    }

    fn after_received(&self, message: SipMessage, _: Option<&SipAddr>) -> SipMessage {
        message
    }
}

fn name_sender(request: &mut Request, here: SocketAddr) {
    let Ok(via) = request.via_header_mut() else { return };
    let named = via.update_first_value(|via| {
        let mut typed = via.typed()?;
        if typed.transport == rsipstack::sip::Transport::Udp {
            typed.uri.host_with_port = here.into();
        }
        Ok(typed.into())
    });
    // A Via that cannot be read is none of ours.
    drop(named);
}

/// Judges what comes in where rsipstack has dialled: a peer whose connection was gone when we had something to say.
#[derive(Clone, Default)]
pub(super) struct Dialled(Arc<OnceLock<Weak<Gate>>>);

impl Dialled {
    pub(super) fn judged_by(&self, gate: &Arc<Gate>) {
        let _ = self.0.set(Arc::downgrade(gate));
    }

    async fn judge(&self, message: SipMessage, over: SipConnection, from: SipAddr) -> Option<TransportEvent> {
        let gate = self.0.get()?.upgrade()?;
        let peer = from.get_socketaddr().ok()?;
        if !gate.may_read(peer) {
            return None;
        }
        let read = message::read_datagram(&message.to_bytes()).ok()?;
        match gate.judge(&read, Transport::Tcp, peer) {
            Verdict::Pass { message, .. } => Some(TransportEvent::Incoming(*message, over, from)),
            Verdict::Answer(answer) => {
                let answer = SipMessage::try_from(answer.as_slice()).ok()?;
                let _ = over.send(answer, None).await;
                None
            }
            Verdict::Drop => None,
        }
    }
}

impl TransportEventInspector for Dialled {
    fn handle<'a, 'b>(
        &'a self,
        event: TransportEvent,
    ) -> Pin<Box<dyn Future<Output = Option<TransportEvent>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            match event {
                TransportEvent::Incoming(message, over, from) => self.judge(message, over, from).await,
                other => Some(other),
            }
        })
    }
}
