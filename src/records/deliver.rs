//! Webhooks that go out: each endpoint is told in order by a task of its own, so that none waits for another and no call for any.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, Uri, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use rand::RngExt;
use serde_json::json;

use super::backoff::{MAX_ATTEMPTS, pause};
use super::signature::{Secret, Signed, sign};
use super::{Tail, event, json};
use crate::base::{Lifecycle, UnixMillis, clock};
use crate::desk::serve::OnLifecycle;
use crate::store::{Delivery, EventKind, Happened, Store, StoreError};

/// A system that is told.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its position is kept under this name, and `regulars doctor` speaks of it.
    pub name: String,
    pub url: Uri,
    /// Kinds of event that it is sent; empty: all.
    pub kinds: Vec<EventKind>,
    /// Each signs, so that the receiver may change over in its own time.
    pub secrets: Vec<Secret>,
}

/// What the task of one endpoint works with.
pub struct Deliverer {
    pub endpoint: Endpoint,
    pub store: Store,
    pub tail: Tail,
    pub client: HttpClient,
}

pub type HttpClient = Client<HttpsConnector<HttpConnector>, Body>;

/// From the connection to the status line. The specification recommends 15 to 30 s; an order is wanted sooner.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long a try that is under way keeps other nodes from the same event.
const CLAIM_MS: i64 = 15_000;
/// Pause after the store could not be read or written.
const STORE_PAUSE: Duration = Duration::from_secs(5);
/// Events looked at for one that is wanted.
const BATCH: u32 = 100;

/// For http and https; connections are not kept, since events are rare.
pub fn client(life: &Lifecycle) -> Result<HttpClient, rustls::Error> {
    let provider = rustls::crypto::ring::default_provider();
    let connector = HttpsConnectorBuilder::new().with_provider_and_webpki_roots(provider)?;
    let connector = connector.https_or_http().enable_http1().build();
    Ok(Client::builder(OnLifecycle(life.clone())).pool_max_idle_per_host(0).build(connector))
}

impl Deliverer {
    /// Runs until a hard shutdown. What was under way then is sent again after the next start.
    pub async fn run(mut self, life: Lifecycle) {
        loop {
            let step = tokio::select! {
                () = life.hard().cancelled() => return,
                step = self.step() => step,
            };
            if let Err(error) = step {
                tracing::error!(%error, endpoint = self.endpoint.name, "webhooks wait for the books");
                tokio::select! {
                    () = life.hard().cancelled() => return,
                    () = tokio::time::sleep(STORE_PAUSE) => {}
                }
            }
        }
    }

    /// Waits for an event, or sends one.
    async fn step(&mut self) -> Result<(), StoreError> {
        let Some(at) = self.store.delivery(&self.endpoint.name).await? else {
            // A new endpoint is told what happens from now on.
            let seq = self.store.newest_event().await?;
            self.store.advance(&self.endpoint.name, None, Delivery { seq, ..Delivery::default() }).await?;
            return Ok(());
        };
        let events = self.store.events_after(at.seq, BATCH).await?;
        let Some(last) = events.last() else {
            self.tail.after(at.seq).await;
            return Ok(());
        };
        let wanted = |event: &&Happened| self.endpoint.kinds.is_empty() || self.endpoint.kinds.contains(&event.kind);
        let Some(next) = events.iter().find(wanted) else {
            return self.settle(at, last.seq).await;
        };
        let wait_ms = at.due.since(clock::wall());
        if wait_ms > 0 {
            tokio::time::sleep(Duration::from_millis(wait_ms.unsigned_abs())).await;
            return Ok(());
        }
        self.send(at, next).await
    }

    async fn send(&self, at: Delivery, next: &Happened) -> Result<(), StoreError> {
        let name = self.endpoint.name.as_str();
        let Some(told) = self.store.told(next).await? else {
            return self.settle(at, next.seq).await;
        };
        let claim_until = UnixMillis(clock::wall().0 + CLAIM_MS);
        let claimed = Delivery { attempts: at.attempts + 1, due: claim_until, ..at };
        if !self.store.advance(name, Some(at), claimed).await? {
            // Another node has it.
            return Ok(());
        }
        let event = event::event(next, told);
        let Some(data) = json::json("Event", &event) else { return self.settle(claimed, next.seq).await };
        let now = clock::wall();
        let at_text = jiff::Timestamp::from_millisecond(next.at.0).map(|at| at.to_string()).unwrap_or_default();
        let body = json!({ "type": next.kind.as_str(), "timestamp": at_text, "data": data }).to_string();
        let Err(reason) = self.post(&event.idempotency_key, now, body).await else {
            return self.settle(claimed, next.seq).await;
        };
        if claimed.attempts >= MAX_ATTEMPTS {
            tracing::error!(endpoint = name, event = next.seq, reason, "a webhook is given up");
            self.store.bury(name, next.seq, &reason, now).await?;
            return self.settle(claimed, next.seq).await;
        }
        let pause = pause(claimed.attempts, rand::rng().random());
        tracing::warn!(
            endpoint = name,
            event = next.seq,
            attempts = claimed.attempts,
            reason,
            "a webhook was not taken"
        );
        let due = UnixMillis(clock::wall().0.saturating_add_unsigned(pause.as_millis() as u64));
        self.store.advance(name, Some(claimed), Delivery { due, ..claimed }).await?;
        Ok(())
    }

    /// Everything up to `seq` is done with.
    async fn settle(&self, at: Delivery, seq: u64) -> Result<(), StoreError> {
        self.store.advance(&self.endpoint.name, Some(at), Delivery { seq, ..Delivery::default() }).await?;
        Ok(())
    }

    /// Why it was not taken, without a word of what was said.
    async fn post(&self, id: &str, now: UnixMillis, body: String) -> Result<(), String> {
        let timestamp = (now.0 / 1000).to_string();
        let signature = sign(&self.endpoint.secrets, &Signed { id, timestamp: &timestamp, body: body.as_bytes() });
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.endpoint.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("regulars/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(Body::from(body))
            .map_err(|error| error.to_string())?;
        match tokio::time::timeout(TIMEOUT, self.client.request(request)).await {
            Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
            Ok(Err(error)) if error.is_connect() => Err("no connection".to_owned()),
            Ok(Err(_)) => Err("the connection broke off".to_owned()),
            // Redirects are not followed: whoever signs for one place does not sign for another.
            Ok(Ok(response)) if response.status().is_success() => Ok(()),
            Ok(Ok(response)) => Err(format!("HTTP {}", response.status().as_u16())),
        }
    }
}
