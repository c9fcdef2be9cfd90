//! What runs for the shop's other systems, and what of it stands on the desk's port.

use std::sync::Arc;
use std::time::Duration;

use tonic::service::Routes;

use super::deliver::{Deliverer, client};
use super::door::{self, Door};
use super::grpc::Records;
use super::{Endpoint, Source, Tail};
use crate::base::{Lifecycle, UnixMillis, clock};
use crate::call::Registry;
use crate::desk::Beside;
use crate::desk::serve::MAX_REQUEST_BYTES;
use crate::desk::wire::proto::record_service_server::{RecordServiceServer, SERVICE_NAME};
use crate::store::{Store, StoreError};

#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Such as "49", for numbers in national form.
    pub country_code: Option<String>,
    pub sources: Vec<Source>,
    pub endpoints: Vec<Endpoint>,
    /// How long events are kept for those who are away.
    pub keep: Duration,
}

/// Events are forgotten by the hour: nobody counts their minutes.
const FORGET_EVERY: Duration = Duration::from_secs(3600);

/// Why nothing is told or taken, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("TLS for webhooks cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Starts following the books, telling the endpoints, and forgetting what is old.
pub async fn start(options: Options, store: Store, registry: Registry, life: &Lifecycle) -> Result<Beside, StartError> {
    let tail = Tail::start(store.clone(), registry, life).await?;
    let client = client(life)?;
    for endpoint in options.endpoints {
        let deliverer = Deliverer { endpoint, store: store.clone(), tail: tail.clone(), client: client.clone() };
        life.spawn(deliverer.run(life.clone()));
    }
    life.spawn(forget(store.clone(), options.keep, life.clone()));
    let country_code = options.country_code;
    let records = Records { store: store.clone(), tail, country_code: country_code.clone(), life: life.clone() };
    let records = RecordServiceServer::new(records).max_decoding_message_size(MAX_REQUEST_BYTES);
    let door = Arc::new(Door { store, sources: options.sources, country_code });
    Ok(Beside {
        grpc: Routes::new(records).into_axum_router().reset_fallback(),
        services: vec![SERVICE_NAME],
        open: door::routes(door),
    })
}

async fn forget(store: Store, keep: Duration, life: Lifecycle) {
    loop {
        let before = UnixMillis(clock::wall().0.saturating_sub(keep.as_millis() as i64));
        if let Err(error) = store.forget_events(before).await {
            tracing::error!(%error, "old events could not be forgotten");
        }
        tokio::select! {
            () = life.hard().cancelled() => return,
            () = tokio::time::sleep(FORGET_EVERY) => {}
        }
    }
}
