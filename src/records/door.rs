//! Webhooks that come in: `POST /hooks/SOURCE`, signed, each taken once.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use prost::Message;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use super::grpc::sentence;
use super::json;
use super::record;
use super::signature::{self, Secret, SignatureError, Signed};
use crate::base::{ErrorKind, UnixMillis, clock};
use crate::desk::wire::proto;
use crate::store::{Outcome, Record, Sender, Store};

/// A system that sends webhooks.
#[derive(Clone, Debug)]
pub struct Source {
    /// In the path, and before every key of its records.
    pub name: String,
    /// Any of them signs: two, while it changes over.
    pub secrets: Vec<Secret>,
}

/// What the handler needs.
pub struct Door {
    pub store: Store,
    pub sources: Vec<Source>,
    pub country_code: Option<String>,
}

/// As for gRPC: a contact or an order of 50 lines is far below it.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// From the headers to the last byte; a sender that drips holds a connection.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The signature is the guard here: neither the name by which we were reached nor the sender's page matters.
pub fn routes(door: Arc<Door>) -> Router {
    Router::new().route("/hooks/{source}", post(take)).with_state(door)
}

async fn take(State(door): State<Arc<Door>>, Path(source): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match door.take(&source, &parts.headers, body).await {
        Ok(outcome) => (StatusCode::OK, word(outcome)).into_response(),
        Err(refusal) => {
            let answer = (refusal.status, format!("{}\n", refusal.sentence));
            match refusal.status {
                StatusCode::SERVICE_UNAVAILABLE => ([(header::RETRY_AFTER, "5")], answer).into_response(),
                _ => answer.into_response(),
            }
        }
    }
}

/// Why a webhook was not taken, for whoever sent it.
struct Refusal {
    status: StatusCode,
    sentence: String,
}

fn refusal(status: StatusCode, sentence: impl ToString) -> Refusal {
    Refusal { status, sentence: sentence.to_string() }
}

/// What is in the body: the specification's own envelope.
#[derive(Deserialize)]
struct Envelope {
    r#type: String,
    data: Value,
}

impl Door {
    async fn take(&self, name: &str, headers: &HeaderMap, body: Body) -> Result<Outcome, Refusal> {
        let content_type = header_text(headers, "content-type").unwrap_or_default();
        if !is_json(content_type) {
            return Err(refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is application/json in UTF-8"));
        }
        let read = timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY_BYTES)).await;
        let Ok(read) = read else {
            return Err(refusal(StatusCode::REQUEST_TIMEOUT, "the body did not come within 10 s"));
        };
        let body = read.map_err(|_| refusal(StatusCode::PAYLOAD_TOO_LARGE, "the body has more than 64 kB"))?;
        let now = clock::wall();
        let hook = self.verified(name, headers, &body, now).map_err(|error| {
            if self.secrets(name).is_some() {
                tracing::warn!(source = name, %error, "a webhook was refused");
            }
            refusal(StatusCode::UNAUTHORIZED, error)
        })?;
        let text = std::str::from_utf8(&body)
            .map_err(|_| refusal(StatusCode::BAD_REQUEST, "the body is not UTF-8 (perhaps Windows-1252 or Latin-1)"))?;
        let envelope: Envelope =
            serde_json::from_str(text).map_err(|error| refusal(StatusCode::BAD_REQUEST, no_envelope(&error)))?;
        let record = self.record(name, envelope, now)?;
        let sender = Sender { source: name.to_owned(), hook: Some(hook), now };
        self.store.record(&record, &sender).await.map_err(|error| {
            let status = match error.kind() {
                ErrorKind::InvalidInput | ErrorKind::NotFound => StatusCode::UNPROCESSABLE_ENTITY,
                ErrorKind::Conflict => StatusCode::CONFLICT,
                ErrorKind::Denied => StatusCode::FORBIDDEN,
                ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            };
            refusal(status, sentence(&error))
        })
    }

    /// The webhook's id. A source that there is not looks like a signature that is not good.
    fn verified(
        &self,
        name: &str,
        headers: &HeaderMap,
        body: &[u8],
        now: UnixMillis,
    ) -> Result<String, SignatureError> {
        let text = |name| header_text(headers, name).ok_or(SignatureError::Unsigned);
        let signed = Signed { id: text("webhook-id")?, timestamp: text("webhook-timestamp")?, body };
        let secrets = self.secrets(name).unwrap_or_default();
        signature::verify(secrets, &signed, text("webhook-signature")?, now)?;
        Ok(signed.id.to_owned())
    }

    fn secrets(&self, name: &str) -> Option<&[Secret]> {
        self.sources.iter().find(|source| source.name == name).map(|source| source.secrets.as_slice())
    }

    fn record(&self, source: &str, Envelope { r#type, data }: Envelope, now: UnixMillis) -> Result<Record, Refusal> {
        let country_code = self.country_code.as_deref();
        let checked = match r#type.as_str() {
            "customer.put" => {
                let it: proto::PutCustomerRequest = message("PutCustomerRequest", data, source)?;
                record::customer(it, country_code, now)
            }
            "contact.put" => record::contact(message("PutContactRequest", data, source)?, now),
            "complaint.resolve" => record::resolved(message("ResolveComplaintRequest", data, source)?),
            "order.put" => record::order(message("PutOrderRequest", data, source)?, now),
            "items.put" => record::items(message("PutItemsRequest", data, source)?),
            _ => return Err(refusal(StatusCode::UNPROCESSABLE_ENTITY, TYPES)),
        };
        checked.map(|(_, record)| record).map_err(|error| refusal(StatusCode::UNPROCESSABLE_ENTITY, error))
    }
}

const TYPES: &str = "type is one of customer.put, contact.put, complaint.resolve, order.put and items.put";
const OTHER_SOURCE: &str = "data.source is another one than the path names";

/// The message in `data`, which is from the source that has signed it.
fn message<T: Message + Default>(name: &'static str, mut data: Value, source: &str) -> Result<T, Refusal> {
    if let Some(fields) = data.as_object_mut() {
        let named = fields.insert("source".to_owned(), Value::from(source));
        if named.is_some_and(|named| named != "" && named != source) {
            return Err(refusal(StatusCode::UNPROCESSABLE_ENTITY, OTHER_SOURCE));
        }
    }
    json::message(name, data).map_err(|error| refusal(StatusCode::UNPROCESSABLE_ENTITY, error))
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// RFC 8259 §8.1: UTF-8, whether it is said or not.
fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let named = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/json"));
    named
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

fn no_envelope(error: &serde_json::Error) -> String {
    format!("the body is no JSON with type and data (line {}, column {})", error.line(), error.column())
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Created => "created\n",
        Outcome::Updated => "updated\n",
        Outcome::Unchanged => "unchanged\n",
    }
}
