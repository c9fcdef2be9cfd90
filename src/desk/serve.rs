//! One port for everything a screen needs: gRPC, gRPC-Web, the page, health and reflection.
//!
//! The accept loop is our own, since `axum::serve` leaves no way to set HTTP/2 up, and since a shutdown has to end
//! streams that would otherwise never end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn;
use hyper::rt::Executor;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_web::GrpcWebLayer;

use super::grpc::{Desk, Shop};
use super::supervisor::Supervisor;
use super::wire::proto::{
    self, desk_service_server::DeskServiceServer, supervisor_service_server::SupervisorServiceServer,
};
use super::{DeskError, Feed, guard, web};
use crate::base::Lifecycle;
use crate::call::Registry;

#[derive(Clone, Debug)]
pub struct Options {
    /// Port 0 takes a free one; [`serve`] says which.
    pub listen: SocketAddr,
    pub shop: Shop,
    /// Connections at once; one more waits. A browser tab takes one or two, about 100 kB each.
    pub max_connections: usize,
    pub beside: Beside,
}

/// What else stands on the port.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// gRPC services without a fallback of their own.
    pub grpc: Router,
    /// Their names, for the health service.
    pub services: Vec<&'static str>,
    /// Routes that guard themselves.
    pub open: Router,
}

/// Largest message a screen may send: an order of 50 lines with ten modifiers each is below it.
pub const MAX_REQUEST_BYTES: usize = 64 * 1024;
/// A client that does not finish its headers within this is cut off, so that idle sockets cannot fill the house.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// A peer that vanished without a word is noticed after about the sum of these two.
const HTTP2_PING_EVERY: Duration = Duration::from_secs(20);
const HTTP2_PING_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer under way may take once everything has to stop.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// Pause after a failed accept (no file descriptors left): they free up, and spinning would not help.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Opens the desk and serves it until a hard shutdown: screens stay open while the last calls finish.
/// Returns the address it listens on.
pub async fn serve(options: Options, feed: Feed, registry: Registry, life: Lifecycle) -> Result<SocketAddr, DeskError> {
    let listen = options.listen;
    if !listen.ip().is_loopback() {
        return Err(DeskError::NotLoopback { listen });
    }
    let listener = TcpListener::bind(listen).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => DeskError::Busy { listen },
        _ => DeskError::Listen { listen, source },
    })?;
    let address = listener.local_addr().map_err(|source| DeskError::Listen { listen, source })?;
    let app = router(options.shop, options.beside, feed, registry, &life).await?;
    let connections = Arc::new(Semaphore::new(options.max_connections.max(1)));
    life.spawn(accept(listener, app, connections, life.clone()));
    Ok(address)
}

async fn router(
    shop: Shop,
    beside: Beside,
    feed: Feed,
    registry: Registry,
    life: &Lifecycle,
) -> Result<Router, DeskError> {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<DeskServiceServer<Desk>>().await;
    health.set_serving::<SupervisorServiceServer<Supervisor>>().await;
    for service in beside.services {
        health.set_service_status(service, ServingStatus::Serving).await;
    }
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTOR)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(DeskError::Descriptor)?;
    let supervisor = SupervisorServiceServer::new(Supervisor::new(registry.clone(), life.clone()));
    let supervisor = supervisor.max_decoding_message_size(MAX_REQUEST_BYTES);
    let desk = Desk { feed, registry, shop: Arc::new(shop), life: life.clone() };
    let desk = DeskServiceServer::new(desk).max_decoding_message_size(MAX_REQUEST_BYTES);
    let grpc = Routes::new(desk)
        .add_service(supervisor)
        .add_service(health_service)
        .add_service(reflection)
        .into_axum_router();
    // On the routes of gRPC alone: GrpcWebLayer answers 400 to a browser that asks for the page.
    let grpc = grpc.reset_fallback().merge(beside.grpc).route_layer(GrpcWebLayer::new());
    Ok(grpc.fallback(web::serve).layer(from_fn(guard::guard)).merge(beside.open))
}

async fn accept(listener: TcpListener, app: Router, connections: Arc<Semaphore>, life: Lifecycle) {
    loop {
        let accepted = tokio::select! {
            () = life.hard().cancelled() => return,
            accepted = async {
                let permit = Arc::clone(&connections).acquire_owned().await;
                (permit, listener.accept().await)
            } => accepted,
        };
        match accepted {
            (Ok(permit), Ok((stream, _))) => {
                let connection = serve_connection(stream, app.clone(), life.clone());
                life.spawn(async move {
                    connection.await;
                    drop(permit);
                });
            }
            (Err(_), _) => return,
            (_, Err(error)) => {
                tracing::warn!(%error, "the desk could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_connection(stream: TcpStream, app: Router, life: Lifecycle) {
    // A card is one small write that must not wait for the next.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY on a desk connection");
    }
    let mut server = auto::Builder::new(OnLifecycle(life.clone()));
    server.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    server
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HTTP2_PING_EVERY)
        .keep_alive_timeout(HTTP2_PING_TIMEOUT);
    let connection = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = life.hard().cancelled() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(LAST_ANSWERS, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        // A browser that closes a tab ends its stream like this: worth a word only to who looks for it.
        tracing::debug!(%error, "a desk connection broke off");
    }
}

/// HTTP/2 runs each stream as a task of its own; a shutdown waits for these too.
#[derive(Clone)]
pub struct OnLifecycle(pub Lifecycle);

impl<F> Executor<F> for OnLifecycle
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.spawn(task);
    }
}
