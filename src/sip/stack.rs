//! rsipstack set up our way: its sockets never read, since [`super::gate`] does, and its queues stay as short as what passes there.

use std::future::{Future, pending};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use rsipstack::EndpointBuilder;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::platform::net::UdpSocket as PlatformSocket;
use rsipstack::sip::Transport as SipTransport;
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transaction::transaction::TransactionEvent;
use rsipstack::transport::channel::ChannelConnection;
use rsipstack::transport::connection::TransportReceiver;
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipAddr, SipConnection};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::answer::SERVER;
use super::options::Transport;
use crate::base::Lifecycle;

pub(super) struct Stack {
    pub(super) inner: EndpointInnerRef,
    pub(super) layer: Arc<DialogLayer>,
    pub(super) incoming: TransactionReceiver,
}

impl Stack {
    /// Runs until `stop`: later than the hard token, so that the last BYEs still get out.
    pub(super) fn start(life: &Lifecycle, stop: CancellationToken) -> io::Result<Stack> {
        let endpoint = EndpointBuilder::new().with_user_agent(SERVER).with_cancel_token(stop).build();
        let incoming = endpoint.incoming_transactions().map_err(set_up)?;
        let inner = endpoint.inner.clone();
        let serving = inner.clone();
        // Its timers; its own transport loop only for connections that it dials itself.
        life.spawn(async move {
            let _ = serving.serve().await;
            end_transactions(&serving);
        });
        let layer = Arc::new(DialogLayer::new(inner.clone()));
        Ok(Stack { inner, layer, incoming })
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
pub(super) async fn add_udp(inner: &EndpointInnerRef, socket: Arc<UdpSocket>) -> io::Result<SipConnection> {
    let connection = UdpConnection::from_socket(Arc::new(SendOnly(socket)), None, None).await.map_err(set_up)?;
    inner.transport_layer.add_transport(SipConnection::Udp(connection.clone()));
    Ok(SipConnection::Udp(connection))
}

/// Makes the address of a TCP listener known, so that the Via of our own requests over TCP names it.
pub(super) async fn add_tcp(inner: &EndpointInnerRef, addr: SocketAddr) -> io::Result<()> {
    let (nothing_out, _) = mpsc::channel(1);
    let addr = sip_addr(Transport::Tcp, addr);
    let listener =
        ChannelConnection::create_connection_bounded(nothing_in(), nothing_out, addr, None).await.map_err(set_up)?;
    inner.transport_layer.add_transport(SipConnection::Channel(listener));
    Ok(())
}

/// Only said of our own sockets: no message has come yet that it could quote.
fn set_up(error: rsipstack::Error) -> io::Error {
    io::Error::other(error.to_string())
}

/// rsipstack wants a queue to read from; ours never holds anything.
#[allow(clippy::disallowed_methods)]
pub(super) fn nothing_in() -> TransportReceiver {
    mpsc::unbounded_channel().1
}

pub(super) fn sip_addr(transport: Transport, addr: SocketAddr) -> SipAddr {
    let r#type = match transport {
        Transport::Udp => SipTransport::Udp,
        Transport::Tcp => SipTransport::Tcp,
    };
    SipAddr { r#type: Some(r#type), addr: addr.into() }
}

/// The address that `peer` can reach us at, for a socket that is bound to all of them. Sends nothing.
pub fn address_towards(peer: SocketAddr, bound: SocketAddr) -> io::Result<SocketAddr> {
    if !bound.ip().is_unspecified() {
        return Ok(bound);
    }
    let any: IpAddr = if peer.is_ipv4() { [0, 0, 0, 0].into() } else { [0u16; 8].into() };
    let probe = std::net::UdpSocket::bind((any, 0))?;
    probe.connect(peer)?;
    Ok(SocketAddr::new(probe.local_addr()?.ip(), bound.port()))
}

/// rsipstack may send here; what comes in is read by [`super::udp`] and judged first.
struct SendOnly(Arc<UdpSocket>);

type Boxed<'a, T> = Pin<Box<dyn Future<Output = rsipstack::Result<T>> + Send + 'a>>;

impl PlatformSocket for SendOnly {
    fn recv_from<'a, 'b, 'c>(&'a self, _: &'b mut [u8]) -> Boxed<'c, (usize, SocketAddr)>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(pending())
    }

    fn send_to<'a, 'b, 'c>(&'a self, bytes: &'b [u8], to: SocketAddr) -> Boxed<'c, usize>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async move { Ok(self.0.send_to(bytes, to).await?) })
    }

    fn local_addr(&self) -> rsipstack::Result<SocketAddr> {
        Ok(self.0.local_addr()?)
    }
}
