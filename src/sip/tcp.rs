//! Listens for TCP and TLS connections, bounded in number and in the time that a handshake may take.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::admission::{Limits, Places};
use super::options::Transport;
use super::stream::{self, Context, Peer};
use crate::base::Identity;

/// A peer that has not finished its TLS handshake by then does not hold a place.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// `identity`: for TLS; without one the connections are plain.
pub(super) async fn serve(listener: TcpListener, identity: Option<Arc<Identity>>, limits: Limits, context: Context) {
    let places = Arc::new(Mutex::new(Places::new(&limits)));
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
        let Some(place) = Place::take(&places, addr.ip()) else { continue };
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

/// One connection's place, given back when dropped. The lock is held for a look, never across an await.
struct Place {
    places: Arc<Mutex<Places>>,
    source: IpAddr,
}

impl Place {
    fn take(places: &Arc<Mutex<Places>>, source: IpAddr) -> Option<Place> {
        let taken = places.lock().unwrap_or_else(PoisonError::into_inner).take(source);
        taken.then(|| Place { places: places.clone(), source })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).give_back(self.source);
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
