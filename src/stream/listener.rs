//! The two listeners: one for WebSockets and announcements, one for AudioSocket. Bounded in number, in rate and in time.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::admission::Sources;
use super::announced::Announced;
use super::arrival::Arrival;
use super::error::StreamError;
use super::nonces::Nonces;
use super::options::Options;
use super::{audiosocket_session, door};
use crate::base::{Lifecycle, clock};

/// Listens until a shutdown; what is under way outlives it until the hard one.
pub struct Listener {
    websockets: Option<SocketAddr>,
    audiosocket: Option<SocketAddr>,
    shared: Arc<Shared>,
}

/// What happened since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Calls that reached the house.
    pub calls: u64,
    /// Connections closed unread: too many at a time, or too fast from one source.
    pub turned_away: u64,
    /// Requests without the token or with a bad signature; AudioSocket calls that were not announced.
    pub unauthorized: u64,
    /// Connections that ended by what they sent.
    pub refused: u64,
}

/// What all connections share.
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) life: Lifecycle,
    pub(super) arrivals: mpsc::Sender<Arrival>,
    pub(super) announced: Mutex<Announced>,
    pub(super) nonces: Mutex<Nonces>,
    pub(super) counters: Counters,
    sources: Mutex<Sources>,
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) calls: AtomicU64,
    pub(super) turned_away: AtomicU64,
    pub(super) unauthorized: AtomicU64,
    pub(super) refused: AtomicU64,
}

/// One connection: where it comes from, and its place among those at a time, which is free when this is dropped.
#[derive(Clone)]
pub(super) struct Visitor {
    pub(super) peer: SocketAddr,
    _place: Arc<OwnedSemaphorePermit>,
}

/// tungstenite writes whole messages into its log, with the numbers in them.
pub const QUIET_LOG_TARGETS: &[&str] = &["tungstenite", "tokio_tungstenite"];

/// Calls that arrived and were not yet taken up, of about 300 bytes each; more are told to come again.
const ARRIVALS: usize = 256;
/// After a failed accept (no file descriptors left): they free up, and spinning would not help.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

impl Listener {
    /// Opens what is configured; with neither, the channel is closed.
    pub async fn bind(options: Options, life: Lifecycle) -> Result<(Listener, mpsc::Receiver<Arrival>), StreamError> {
        let open = [options.listen, options.audiosocket_listen].into_iter().flatten().find(|l| !l.ip().is_loopback());
        if let (Some(listen), None) = (open, &options.token) {
            return Err(StreamError::NoToken { listen });
        }
        if options.audiosocket_listen.is_some() && options.listen.is_none() {
            return Err(StreamError::NothingAnnounced);
        }
        let (websockets, audiosocket) = (options.listen, options.audiosocket_listen);
        let websockets = opened(websockets).await?;
        let audiosocket = opened(audiosocket).await?;
        let (arrivals, taken) = mpsc::channel(ARRIVALS);
        let shared = Arc::new(Shared {
            sources: Mutex::new(Sources::new(&options.limits, clock::now())),
            options,
            life: life.clone(),
            arrivals,
            announced: Mutex::default(),
            nonces: Mutex::default(),
            counters: Counters::default(),
        });
        let addresses = [&websockets, &audiosocket].map(|one| one.as_ref().map(|(_, address)| *address));
        if let Some((listener, _)) = websockets {
            life.spawn(accept(listener, Arc::clone(&shared), door::serve));
        }
        if let Some((listener, _)) = audiosocket {
            life.spawn(accept(listener, Arc::clone(&shared), audiosocket_session::run));
        }
        Ok((Listener { websockets: addresses[0], audiosocket: addresses[1], shared }, taken))
    }

    /// Where WebSockets are taken, with the port that the system chose for port 0.
    pub fn websockets(&self) -> Option<SocketAddr> {
        self.websockets
    }

    pub fn audiosocket(&self) -> Option<SocketAddr> {
        self.audiosocket
    }

    pub fn statistics(&self) -> Statistics {
        let counters = &self.shared.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Statistics {
            calls: read(&counters.calls),
            turned_away: read(&counters.turned_away),
            unauthorized: read(&counters.unauthorized),
            refused: read(&counters.refused),
        }
    }
}

pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

async fn opened(listen: Option<SocketAddr>) -> Result<Option<(TcpListener, SocketAddr)>, StreamError> {
    let Some(listen) = listen else { return Ok(None) };
    let bound = async {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        io::Result::Ok((listener, address))
    };
    bound.await.map(Some).map_err(|source| StreamError::Listen { listen, source })
}

/// Accepts until the hard shutdown: after the soft one each connection is still told why it is not wanted.
async fn accept<F>(listener: TcpListener, shared: Arc<Shared>, serve: impl Fn(TcpStream, Visitor, Arc<Shared>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(shared.options.limits.connections));
    loop {
        let accepted = tokio::select! {
            biased;
            () = shared.life.hard().cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a stream could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let in_time = shared.sources.lock().is_ok_and(|mut sources| sources.admits(clock::now(), peer.ip()));
        let place = Arc::clone(&places).try_acquire_owned();
        let (true, Ok(place)) = (in_time, place) else {
            // The peer sees its connection closed and tries elsewhere, or again.
            count(&shared.counters.turned_away);
            continue;
        };
        // Replies are small and must not wait for the next.
        let _ = stream.set_nodelay(true);
        let visitor = Visitor { peer, _place: Arc::new(place) };
        shared.life.spawn(serve(stream, visitor, Arc::clone(&shared)));
    }
}
