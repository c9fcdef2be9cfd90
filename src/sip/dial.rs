//! Connections that we open: to a registrar, or as a caller. They are framed and judged like those that come in.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rsipstack::transaction::endpoint::EndpointInnerRef;
use rsipstack::transport::SipConnection;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::options::Transport;
use super::stream::{self, Context, Peer};

/// Where a connection goes. `host` is what the other side's certificate must be for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remote {
    pub(super) transport: Transport,
    pub(super) addr: SocketAddr,
    pub(super) host: String,
}

/// A peer that has not accepted by then, TLS handshake included, is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens a connection and serves it; rsipstack sends over it whatever goes to this address. Also gives our own end.
/// `tls` is needed for [`Transport::Tls`] alone.
pub(super) async fn dial(
    to: &Remote,
    tls: Option<Arc<ClientConfig>>,
    inner: &EndpointInnerRef,
    context: Context,
) -> io::Result<(SipConnection, SocketAddr)> {
    let connecting = timeout(CONNECT_TIMEOUT, connect(to, tls, context.clone()));
    let (over, here) = connecting.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    inner.transport_layer.add_connection(over.clone());
    Ok((over, here))
}

async fn connect(
    to: &Remote,
    tls: Option<Arc<ClientConfig>>,
    context: Context,
) -> io::Result<(SipConnection, SocketAddr)> {
    let stream = TcpStream::connect(to.addr).await?;
    let _ = stream.set_nodelay(true);
    let here = stream.local_addr()?;
    let peer = Peer { transport: to.transport, addr: to.addr };
    let life = context.life.clone();
    let over = if to.transport == Transport::Tls {
        let config = tls.ok_or(io::ErrorKind::Unsupported)?;
        let name = server_name(&to.host)?;
        let (reading, writing) = tokio::io::split(TlsConnector::from(config).connect(name, stream).await?);
        stream::open(reading, writing, peer, context).await.map(|(over, run)| (over, life.spawn(run)))
    } else {
        let (reading, writing) = stream.into_split();
        stream::open(reading, writing, peer, context).await.map(|(over, run)| (over, life.spawn(run)))
    };
    over.map(|(over, _)| (over, here)).ok_or(io::ErrorKind::NotConnected.into())
}

fn server_name(host: &str) -> io::Result<ServerName<'static>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(ip) => Ok(ServerName::from(ip)),
        Err(_) => ServerName::try_from(bare.to_owned()).map_err(|_| io::ErrorKind::InvalidInput.into()),
    }
}
