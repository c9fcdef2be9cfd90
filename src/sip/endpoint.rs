//! The service's end of the signalling: sockets bound, calls coming out of a bounded queue.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::changes::Exchange;
use super::error::SipError;
use super::gate::Gate;
pub use super::gate::Statistics;
use super::invite::Invite;
use super::options::{Listen, Options, Transport};
use super::register::{Client, House};
use super::siprec::recording::Rules;
use super::sockets::Sockets;
use super::stack::{Stack, add_stream, add_udp};
use super::stream::Context;
use super::trust::Trust;
use super::uas::Uas;
use super::{tcp, udp};
use crate::base::{Identity, Lifecycle, clock};

/// Log targets that must stay silent: rsipstack logs whole messages, with numbers, names and keys, at INFO.
pub const QUIET_LOG_TARGETS: &[&str] = &["rsipstack"];

/// How long the sockets outlive a hard shutdown for the last BYEs and their answers.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Cheap to clone. Stops with its [`Lifecycle`]: draining at the soft token, gone after the hard one.
#[derive(Clone)]
pub struct Endpoint {
    gate: Arc<Gate>,
    listeners: Vec<Listen>,
}

impl Endpoint {
    /// Calls come out of the receiver, which holds as many as may be pending (`Limits::pending_invites`).
    pub async fn bind(options: Options, life: Lifecycle) -> Result<(Endpoint, mpsc::Receiver<Invite>), SipError> {
        let identity = identity(&options)?;
        let mut sockets = Vec::new();
        for listen in &options.listen {
            sockets.push(Socket::bind(*listen).await.map_err(|source| listen_error(*listen, source))?);
        }
        let Some(first) = options.listen.first() else { return Err(SipError::NoListener) };
        let stop = CancellationToken::new();
        // Whatever was started ends if the rest cannot be.
        let unfinished = stop.clone().drop_guard();
        let started = |source| listen_error(*first, source);
        let all = Sockets::new(sockets.iter().filter_map(Socket::udp)).map_err(started)?;
        let stack = Stack::start(&life, stop.clone(), all.clone()).map_err(started)?;
        let trust = Arc::new(Trust::new(options.trust, rand::random(), clock::now()));
        let draining = Some(life.soft().clone());
        let (inner, layer) = (stack.inner.clone(), stack.layer.clone());
        let gate = Arc::new(Gate::new(inner.clone(), layer.clone(), options.limits, trust.clone(), draining));
        stack.judged_by(&gate);
        let context = Context { gate: gate.clone(), life: life.clone(), stop: stop.clone() };
        let listeners: Vec<_> = sockets.iter().map(Socket::listen).collect();
        for socket in sockets {
            match socket {
                Socket::Udp(socket, _) => {
                    let connection = add_udp(&inner, socket.clone(), all.clone()).await.map_err(started)?;
                    life.spawn(udp::serve(socket, connection, gate.clone(), stop.clone()));
                }
                Socket::Stream(listener, listen) => {
                    add_stream(&inner, listen).await.map_err(started)?;
                    let identity = identity.clone().filter(|_| listen.transport == Transport::Tls);
                    life.spawn(tcp::serve(listener, identity, options.limits, context.clone()));
                }
            }
        }
        let house = House { inner, sockets: all, listeners: listeners.clone(), context, trust };
        for (number, registration) in options.registrations.into_iter().enumerate() {
            life.spawn(Client::new(house.clone(), number, registration)?.run());
        }
        let (invites, receiver) = mpsc::channel(options.limits.pending_invites.max(1));
        let open = TaskTracker::new();
        life.spawn(stop_last(life.clone(), open.clone(), unfinished.disarm()));
        let rules = Rules { agents: options.agents, country_code: options.country_code.clone() };
        let uas = Uas {
            rules: Arc::new(rules),
            layer,
            exchange: Exchange::new(),
            gate: gate.clone(),
            listeners: listeners.clone(),
            country_code: options.country_code,
            invites,
            life: life.clone(),
            open,
        };
        life.spawn(uas.run(stack.incoming, stop));
        Ok((Endpoint { gate, listeners }, receiver))
    }

    /// Where it listens, with the ports that the system chose.
    pub fn listeners(&self) -> &[Listen] {
        &self.listeners
    }

    pub fn statistics(&self) -> Statistics {
        self.gate.statistics()
    }
}

enum Socket {
    Udp(Arc<UdpSocket>, Listen),
    Stream(TcpListener, Listen),
}

impl Socket {
    #[allow(clippy::disallowed_methods)] // the ban points here
    async fn bind(listen: Listen) -> std::io::Result<Socket> {
        let bound = |addr: SocketAddr| Listen { addr, ..listen };
        Ok(match listen.transport {
            Transport::Udp => {
                let socket = UdpSocket::bind(listen.addr).await?;
                let addr = socket.local_addr()?;
                Socket::Udp(Arc::new(socket), bound(addr))
            }
            Transport::Tcp | Transport::Tls => {
                let listener = TcpListener::bind(listen.addr).await?;
                let addr = listener.local_addr()?;
                Socket::Stream(listener, bound(addr))
            }
        })
    }

    fn udp(&self) -> Option<Arc<UdpSocket>> {
        match self {
            Socket::Udp(socket, _) => Some(socket.clone()),
            Socket::Stream(..) => None,
        }
    }

    fn listen(&self) -> Listen {
        match self {
            Socket::Udp(_, listen) | Socket::Stream(_, listen) => *listen,
        }
    }
}

/// Read before anything is bound: an operator with a wrong path is told at once.
fn identity(options: &Options) -> Result<Option<Arc<Identity>>, SipError> {
    if !options.listen.iter().any(|listen| listen.transport == Transport::Tls) {
        return Ok(None);
    }
    let files = options.tls.clone().ok_or(SipError::NoIdentity)?;
    Ok(Some(Arc::new(Identity::load(files)?)))
}

fn listen_error(listen: Listen, source: std::io::Error) -> SipError {
    SipError::Listen { transport: listen.transport, addr: listen.addr, source }
}

/// After the hard token, the open calls hang up; the sockets follow.
async fn stop_last(life: Lifecycle, open: TaskTracker, stop: CancellationToken) {
    life.hard().cancelled().await;
    open.close();
    let _ = tokio::time::timeout(LAST_WORDS, open.wait()).await;
    stop.cancel();
}
