//! rsipstack set up our way: its sockets never read, since [`super::gate`] does, and its queues stay as short as what passes there.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rsipstack::EndpointBuilder;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::sip::Transport as SipTransport;
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transaction::transaction::TransactionEvent;
use rsipstack::transport::channel::ChannelConnection;
use rsipstack::transport::connection::{TransportReceiver, TransportSender};
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipAddr, SipConnection};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::answer::SERVER;
use super::gate::Gate;
use super::inspect::{Dialled, OwnVia};
use super::options::{Listen, Transport};
use super::sockets::{SendOnly, Sockets, address_towards};
use crate::base::Lifecycle;

pub(super) struct Stack {
    pub(super) inner: EndpointInnerRef,
    pub(super) layer: Arc<DialogLayer>,
    pub(super) incoming: TransactionReceiver,
    dialled: Dialled,
}

impl Stack {
    /// Runs until `stop`: later than the hard token, so that the last BYEs still get out.
    pub(super) fn start(life: &Lifecycle, stop: CancellationToken, sockets: Sockets) -> io::Result<Stack> {
        let dialled = Dialled::default();
        let endpoint = EndpointBuilder::new()
            .with_user_agent(SERVER)
            .with_cancel_token(stop)
            .with_inspector(Box::new(OwnVia(sockets)))
            .with_transport_inspector(Box::new(dialled.clone()))
            .build();
        let incoming = endpoint.incoming_transactions().map_err(set_up)?;
        let inner = endpoint.inner.clone();
        let serving = inner.clone();
        // Its timers; its own transport loop only for connections that it dials itself.
        life.spawn(async move {
            let _ = serving.serve().await;
            end_transactions(&serving);
        });
        let layer = Arc::new(DialogLayer::new(inner.clone()));
        Ok(Stack { inner, layer, incoming, dialled })
    }

    /// Until this is said, nothing comes in over connections that rsipstack opens.
    pub(super) fn judged_by(&self, gate: &Arc<Gate>) {
        self.dialled.judged_by(gate);
    }
}

/// Wakes every transaction that waits for a timer which will not come any more.
pub(super) fn end_transactions(inner: &EndpointInnerRef) {
    inner.transactions.with(|waiting| {
        for (key, transaction) in waiting {
            let _ = transaction.send(TransactionEvent::Terminate(key.clone()));
        }
    });
}

/// Makes a bound socket known to rsipstack for sending.
pub(super) async fn add_udp(inner: &EndpointInnerRef, own: Arc<UdpSocket>, all: Sockets) -> io::Result<SipConnection> {
    let connection = UdpConnection::from_socket(Arc::new(SendOnly { own, all }), None, None).await.map_err(set_up)?;
    inner.transport_layer.add_transport(SipConnection::Udp(connection.clone()));
    Ok(SipConnection::Udp(connection))
}

/// Makes the address of a TCP or TLS listener known, so that the Via of our own requests over it names it.
pub(super) async fn add_stream(inner: &EndpointInnerRef, listen: Listen) -> io::Result<()> {
    let (nothing_out, _) = mpsc::channel(1);
    let addr = sip_addr(listen.transport, listen.addr);
    let listener =
        ChannelConnection::create_connection_bounded(nothing_in().1, nothing_out, addr, None).await.map_err(set_up)?;
    inner.transport_layer.add_transport(SipConnection::Channel(listener));
    Ok(())
}

/// Only said of our own sockets: no message has come yet that it could quote.
fn set_up(error: rsipstack::Error) -> io::Error {
    io::Error::other(error.to_string())
}

/// rsipstack wants a queue to read from; ours never holds anything. Its connection counts as open until the sender is dropped.
#[allow(clippy::disallowed_methods)]
pub(super) fn nothing_in() -> (TransportSender, TransportReceiver) {
    mpsc::unbounded_channel()
}

pub(super) fn sip_addr(transport: Transport, addr: SocketAddr) -> SipAddr {
    SipAddr { r#type: Some(transport.into()), addr: addr.into() }
}

impl From<Transport> for SipTransport {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Udp => SipTransport::Udp,
            Transport::Tcp => SipTransport::Tcp,
            Transport::Tls => SipTransport::Tls,
        }
    }
}

/// Where `peer` can reach us over this transport: the listener of its own address family, if there is one.
pub(super) fn contact_address(listeners: &[Listen], over: SipTransport, peer: SocketAddr) -> Option<SocketAddr> {
    let mut fitting = listeners.iter().filter(|listener| SipTransport::from(listener.transport) == over);
    let family = |listener: &&Listen| listener.addr.is_ipv4() == peer.is_ipv4();
    let listener = fitting.clone().find(family).or_else(|| fitting.next())?;
    address_towards(peer, listener.addr).ok()
}
