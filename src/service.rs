//! All stages put together: what `serve`, `demo` and `load` start.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::{mpsc, watch};

use crate::base::{ErrorKind, Lifecycle, clock};
use crate::call::registry::CARDS_IN_WRAP_UP;
use crate::call::{Intake, Registry, Voiceprints};
use crate::config::Config;
use crate::customer::goods::Goods;
use crate::customer::likely_order::ShopModel;
use crate::desk::{self, DeskError, Feed};
use crate::identity::Search;
use crate::records::{self, StartError};
use crate::rtp::{PortPool, RtpError};
use crate::sip::{Endpoint, Listen, SipError};
use crate::speech::Reading;
use crate::store::{AuditRow, Store, StoreError};
use crate::stream::{self, StreamError};
use crate::voice::{Calibration, Model, ModelId, ModelSource, Pool, SpoofModel, VoiceError};

/// A running service; [`Service::stop`] ends it.
pub struct Service {
    /// Where SIP is listened for, with the ports that the system chose for port 0.
    pub sip: Vec<Listen>,
    /// Where WebSockets and AudioSocket are taken, if they are.
    pub websockets: Option<SocketAddr>,
    pub audiosocket: Option<SocketAddr>,
    pub desk: SocketAddr,
    /// What voices are compared with.
    pub model: ModelSource,
    pub store: Store,
    pub registry: Registry,
    pub feed: Feed,
    pub lifecycle: Lifecycle,
    drain: Duration,
}

/// Why the service does not start, as a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Voice(#[from] VoiceError),
    #[error(transparent)]
    Rtp(#[from] RtpError),
    #[error(transparent)]
    Sip(#[from] SipError),
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error(transparent)]
    Desk(#[from] DeskError),
    #[error("the likely order could not be fitted: {0}")]
    ShopModel(tokio::task::JoinError),
    #[error(transparent)]
    Records(#[from] StartError),
    #[error("the inference threads could not be started: {0}")]
    Threads(std::io::Error),
}

/// Events on their way to the feed, about 500 bytes each. A call makes one or two a second, so this is seconds of all calls.
const EVENTS: usize = 4096;
/// One agent a page, a page a few connections.
const DESK_CONNECTIONS: usize = 2000;
/// How often everyone's orders are read through for the statistics behind the likely order.
const SHOP_MODEL_EVERY: Duration = Duration::from_secs(15 * 60);
/// How soon a withdrawal by another program is obeyed: well within the minute that a caller is promised.
const FOLLOW_EVERY: Duration = Duration::from_secs(5);
/// How long the last tasks may take once calls have been ended.
const LAST_TASKS: Duration = Duration::from_secs(5);

impl Service {
    /// Starts every stage, from the store up to the telephone line: whoever calls finds a whole house.
    pub async fn start(config: Config) -> Result<Self, ServiceError> {
        let lifecycle = Lifecycle::default();
        let started = Self::start_stages(config, &lifecycle).await;
        if started.is_err() {
            lifecycle.shut_down_hard();
        }
        started
    }

    async fn start_stages(config: Config, lifecycle: &Lifecycle) -> Result<Self, ServiceError> {
        let source = config.model;
        let Model { embedder, calibration } = source.load()?;
        let spoof = config.spoof_model.as_ref().map(ModelSource::spoof).transpose()?;
        let model = embedder.model().clone();
        let features = Reading { speaker: embedder.features(), spoof: spoof.as_ref().map(SpoofModel::features) };
        let store = Store::open(config.store).await?;
        let site = store.site_calibration(&model).await?.map(|taken_up| taken_up.line).unwrap_or_default();
        let calibration = Arc::new(Calibration { site, ..calibration });
        if config.call.identity.search == Search::Everyone {
            let reason = format!("identity.search = everyone: {}", config.search_reason);
            let row = AuditRow {
                at: clock::wall(),
                operator: "configuration".to_owned(),
                action: "search".to_owned(),
                customer: None,
                call: None,
                detail: reason,
            };
            store.audit(row).await?;
        }
        store.forget_fingerprints(clock::wall().before(config.call.replay_keep.unwrap_or_default())).await?;
        let voiceprints = Voiceprints::new(model.clone());
        let registry = Registry::new(store.clone(), voiceprints, Arc::clone(&calibration), config.max_calls);
        registry.reload().await?;
        mention_other_models(&store, &model).await?;
        follow_voiceprints(&store, &registry, lifecycle).await?;
        let threads = match config.voice_threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let pool = Pool::start(&embedder, spoof.as_ref(), threads, lifecycle).map_err(ServiceError::Threads)?;

        let (events, from_calls) = mpsc::channel(EVENTS);
        let feed = Feed::start(from_calls, config.max_calls + CARDS_IN_WRAP_UP, lifecycle);
        let beside = records::start(config.records, store.clone(), registry.clone(), lifecycle).await?;
        let (shop_model, goods) = keep_shop_model(&store, &config.time_zone, lifecycle).await?;
        let shop = desk::Shop {
            menu: store.menu().await?,
            products: goods.borrow().product_cards(),
            notice: notice(&config.call.identity),
            ..config.shop
        };
        let options = desk::Options { listen: config.desk_listen, shop, max_connections: DESK_CONNECTIONS, beside };
        let desk = desk::serve(options, feed.clone(), registry.clone(), lifecycle.clone()).await?;

        let media_ip = config.rtp_address.unwrap_or_else(|| media_ip(&config.sip.listen));
        let ports = Arc::new(PortPool::new(media_ip, config.rtp_ports)?);
        let (endpoint, invites) = Endpoint::bind(config.sip, lifecycle.clone()).await?;
        let intake = Intake {
            options: config.call,
            registry: registry.clone(),
            shop: shop_model,
            goods,
            manners: Arc::new(config.care),
            store: store.clone(),
            ports,
            pool,
            model,
            features,
            calibration,
            spoof: spoof.as_ref().map(SpoofModel::rule),
            time_zone: config.time_zone,
            events,
            lifecycle: lifecycle.clone(),
        };
        let (listener, arrivals) = stream::Listener::bind(config.stream, lifecycle.clone()).await?;
        lifecycle.spawn(intake.clone().run_streams(arrivals));
        lifecycle.spawn(intake.run(invites));
        Ok(Self {
            sip: endpoint.listeners().to_vec(),
            websockets: listener.websockets(),
            audiosocket: listener.audiosocket(),
            desk,
            model: source,
            store,
            registry,
            feed,
            lifecycle: lifecycle.clone(),
            drain: config.drain,
        })
    }

    /// Refuses new calls, lets those under way end, then ends what is left. `at_once` cuts the waiting short.
    pub async fn stop(self, at_once: impl Future<Output = ()>) {
        self.lifecycle.shut_down_softly();
        let drained = async {
            // Wrap-up of finished calls is not waited for: their cards are of no use without a service.
            let mut every = tokio::time::interval(Duration::from_millis(100));
            while self.registry.live() > 0 {
                every.tick().await;
            }
        };
        tokio::select! {
            biased;
            () = drained => {}
            () = tokio::time::sleep(self.drain) => tracing::warn!("ending calls that outlasted call.drain_s"),
            () = at_once => tracing::warn!("ending calls at once"),
        }
        self.lifecycle.shut_down_hard();
        if !self.lifecycle.finished(LAST_TASKS).await {
            tracing::warn!("some tasks did not end in time");
        }
        self.store.close().await;
    }
}

impl ServiceError {
    pub fn kind(&self) -> ErrorKind {
        match self {
            ServiceError::Store(error) => error.kind(),
            ServiceError::Voice(error) => error.kind(),
            ServiceError::Rtp(error) => error.kind(),
            ServiceError::Sip(error) => error.kind(),
            ServiceError::Stream(error) => error.kind(),
            ServiceError::Desk(error) => error.kind(),
            ServiceError::Records(StartError::Store(error)) => error.kind(),
            ServiceError::Records(StartError::Tls(_)) | ServiceError::Threads(_) | ServiceError::ShopModel(_) => {
                ErrorKind::Internal
            }
        }
    }
}

/// What every agent must have seen.
fn notice(identity: &crate::identity::Options) -> String {
    match identity.search {
        Search::Number => String::new(),
        Search::Everyone => "Callers are compared with everyone who agreed to voice recognition.".to_owned(),
    }
}

/// Media comes to where SIP comes to.
fn media_ip(listen: &[Listen]) -> IpAddr {
    listen.first().map_or(IpAddr::from([127, 0, 0, 1]), |listen| listen.addr.ip())
}

/// One line when voiceprints sleep: their customers are greeted by number alone, and nobody would know why.
async fn mention_other_models(store: &Store, model: &ModelId) -> Result<(), StoreError> {
    let asleep: u64 = store.other_models(model).await?.iter().map(|other| other.voiceprints).sum();
    if asleep > 0 {
        tracing::warn!(
            voiceprints = asleep,
            "voiceprints of another model than the one in use are never compared; `regulars doctor` says more"
        );
    }
    Ok(())
}

/// Takes up what another program has changed, such as `regulars enroll`.
async fn follow_voiceprints(store: &Store, registry: &Registry, lifecycle: &Lifecycle) -> Result<(), StoreError> {
    let mut seen = store.voiceprint_changes().await?;
    let (store, registry, soft) = (store.clone(), registry.clone(), lifecycle.soft().clone());
    lifecycle.spawn(async move {
        while tokio::time::timeout(FOLLOW_EVERY, soft.cancelled()).await.is_err() {
            let followed = async {
                let newest = store.voiceprint_changes().await?;
                if newest != seen {
                    registry.reload().await?;
                    seen = newest;
                }
                Ok::<(), StoreError>(())
            };
            if let Err(error) = followed.await {
                tracing::error!(%error, "the voiceprints could not be read");
            }
        }
    });
    Ok(())
}

/// Reads everyone's orders and the items now and then; a card reads the outcome from memory.
async fn keep_shop_model(
    store: &Store,
    time_zone: &TimeZone,
    lifecycle: &Lifecycle,
) -> Result<(watch::Receiver<Arc<ShopModel>>, watch::Receiver<Arc<Goods>>), ServiceError> {
    let (model, goods) = shop_model(store, time_zone).await?;
    let (models, model) = watch::channel(model);
    let (all_goods, goods) = watch::channel(goods);
    let (store, time_zone, soft) = (store.clone(), time_zone.clone(), lifecycle.soft().clone());
    lifecycle.spawn(async move {
        while tokio::time::timeout(SHOP_MODEL_EVERY, soft.cancelled()).await.is_err() {
            match shop_model(&store, &time_zone).await {
                Ok((model, goods)) => {
                    models.send_replace(model);
                    all_goods.send_replace(goods);
                }
                Err(error) => tracing::error!(error = %error, "the shop's order statistics could not be read"),
            }
        }
    });
    Ok((model, goods))
}

/// The fit is seconds of arithmetic in a large shop: not for a thread that carries calls.
async fn shop_model(store: &Store, time_zone: &TimeZone) -> Result<(Arc<ShopModel>, Arc<Goods>), ServiceError> {
    let ((book, pairs, menu), items) = (store.order_book().await?, store.items().await?);
    let time_zone = time_zone.clone();
    let fit = move || (Arc::new(book.fitted(menu, &time_zone)), Arc::new(Goods::new(items, pairs.finish())));
    tokio::task::spawn_blocking(fit).await.map_err(ServiceError::ShopModel)
}
