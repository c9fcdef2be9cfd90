//! Listens for TCP and TLS connections, bounded in number and in the time that a handshake may take.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::options::Transport;
use super::stream::{self, Context, Peer};
use crate::base::Identity;

/// A peer that has not finished its TLS handshake by then does not hold a place.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// `identity`: for TLS; without one the connections are plain.
pub(super) async fn serve(
    listener: TcpListener,
    identity: Option<Arc<Identity>>,
    max_connections: usize,
    context: Context,
) {
    let places = Arc::new(Semaphore::new(max_connections));
    loop {
        let accepted = tokio::select! {
            biased;
            () = context.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, addr)) = accepted else {
            // Out of file descriptors: waiting is all that helps.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        // No place: the peer sees its connection closed and tries elsewhere.
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let (one, identity) = (context.clone(), identity.clone());
        context.life.spawn(async move {
            let _ = stream.set_nodelay(true);
            match identity {
                Some(identity) => tls(stream, &identity, Peer { transport: Transport::Tls, addr }, one).await,
                None => {
                    let (reading, writing) = stream.into_split();
                    stream::serve(reading, writing, Peer { transport: Transport::Tcp, addr }, one).await;
                }
            }
            drop(place);
        });
    }
}

/// A failed handshake ends this connection and is nobody else's matter.
async fn tls(stream: TcpStream, identity: &Identity, peer: Peer, context: Context) {
    let handshake = timeout(HANDSHAKE_TIMEOUT, TlsAcceptor::from(identity.current()).accept(stream));
    match context.stop.run_until_cancelled(handshake).await {
        Some(Ok(Ok(stream))) => {
            let (reading, writing) = tokio::io::split(stream);
            stream::serve(reading, writing, peer, context).await;
        }
        Some(Ok(Err(error))) => tracing::info!(peer = %peer.addr, %error, "TLS handshake failed"),
        Some(Err(_)) | None => {}
    }
}
