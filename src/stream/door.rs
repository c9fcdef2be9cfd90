//! The HTTP side: which dialect a request asks for, whether it may come in, and the change to a WebSocket (RFC 6455 §4.2).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::arrival::Way;
use super::asked::{Asked, percent_decoded};
use super::asterisk::Asterisk;
use super::audio_fork::AudioFork;
use super::audiohook::{AudioHook, Named};
use super::audiosocket;
use super::dialect::Dialect;
use super::listener::{Shared, Visitor, count};
use super::media_stream::MediaStream;
use super::session::{self, MAX_READ_BYTES};
use super::signature::{self, SignatureError};
use super::token::{self, Presented};
use crate::base::clock;
use crate::base::loopback::{is_loopback_name, is_loopback_origin};

/// From the first byte to the answer. A peer that drips its headers does not hold a place.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Request line and headers; AudioHook's are about 1 kB.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// RFC 9110 §10.2.3: when a refused call may try again. Calls end all the time, so soon.
const RETRY_AFTER_S: &str = "5";
/// Of the socket's own buffers, which are 128 kB each by default: media comes in messages of 160 to 6,400 bytes.
const BUFFER_BYTES: usize = 8 * 1024;

/// One connection, up to its answer; a WebSocket goes on as a task of its own.
pub(super) async fn serve(stream: TcpStream, visitor: Visitor, shared: Arc<Shared>) {
    let hard = shared.life.hard().clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (shared, visitor) = (Arc::clone(&shared), visitor.clone());
        async move {
            let (parts, _) = request.into_parts();
            let mut response = enter(parts, visitor, shared).await.unwrap_or_else(|refusal| refusal);
            if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                // Nobody asks twice, and a connection holds a place.
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HANDSHAKE_TIMEOUT).max_buf_size(MAX_HEAD_BYTES);
    let connection = server.serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::select! {
        () = hard.cancelled() => {}
        // What breaks here never was a call.
        _ = timeout(HANDSHAKE_TIMEOUT, connection) => {}
    }
}

/// `Err`: the answer of who does not come in.
async fn enter(mut parts: Parts, visitor: Visitor, shared: Arc<Shared>) -> Result<Response, Response> {
    if shared.life.soft().is_cancelled() {
        return Err(unavailable("shutting down"));
    }
    let mut path = parts.uri.path().trim_matches('/').splitn(2, '/');
    let way = path.next().and_then(way_of).ok_or_else(|| answer(StatusCode::NOT_FOUND, NO_SUCH_PATH))?;
    let token = path.next().map(percent_decoded);
    let asked = Asked::new(parts.uri.query().unwrap_or_default(), shared.options.country_code.as_deref());
    let signed = way == Way::AudioHook && shared.options.audiohook.is_some();
    let admitted = if signed {
        signed_well(&parts, &shared).map_err(|error| error.to_string())
    } else {
        let in_address = token.as_deref().or_else(|| asked.value("token"));
        let authorization = text(&parts.headers, header::AUTHORIZATION.as_str());
        let presented = Presented { authorization, in_address, foreign: is_foreign(&parts.headers) };
        let admitted = token::admits(shared.options.token.as_ref(), presented);
        if admitted { Ok(()) } else { Err("the token is missing or wrong".to_owned()) }
    };
    if let Err(reason) = admitted {
        count(&shared.counters.unauthorized);
        tracing::debug!(peer = %visitor.peer, way = way.name(), reason, "a stream was not let in");
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
        return Err((StatusCode::UNAUTHORIZED, challenge, reason).into_response());
    }
    let named = Named {
        session: text(&parts.headers, "audiohook-session-id").map(str::to_owned),
        organization: text(&parts.headers, "audiohook-organization-id").map(str::to_owned),
    };
    let (dialect, protocols): (_, &[&'static str]) = match way {
        Way::AudioSocket => return Ok(announce(&parts.method, &asked, &shared)),
        Way::AudioFork => (Dialect::AudioFork(AudioFork::new(asked)), &AudioFork::PROTOCOLS),
        Way::Asterisk => (Dialect::Asterisk(Asterisk::new(asked)), &Asterisk::PROTOCOLS),
        Way::AudioHook => (Dialect::AudioHook(Box::new(AudioHook::new(asked, named))), &[]),
        Way::MediaStream => (Dialect::MediaStream(MediaStream::new(asked)), &[]),
    };
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await.map_err(IntoResponse::into_response)?;
    let upgrade = upgrade
        .protocols(protocols.iter().copied())
        .max_message_size(MAX_READ_BYTES)
        .max_frame_size(MAX_READ_BYTES)
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_READ_BYTES);
    // axum spawns the change to a WebSocket itself; the session is ours to wait for.
    Ok(upgrade.on_upgrade(move |socket| async move {
        let life = shared.life.clone();
        let _ = life.spawn(session::run(socket, dialect, way, visitor, shared)).await;
    }))
}

const NO_SUCH_PATH: &str = "there are /audio-fork, /asterisk, /audiohook, /media-stream and /audiosocket";

fn way_of(name: &str) -> Option<Way> {
    [Way::AudioFork, Way::Asterisk, Way::AudioHook, Way::MediaStream, Way::AudioSocket]
        .into_iter()
        .find(|way| way.name() == name)
}

/// `/audiosocket?uuid=...&from=...&line=...`, before Asterisk connects to the other listener with that UUID.
fn announce(method: &Method, asked: &Asked, shared: &Shared) -> Response {
    if method != Method::GET && method != Method::POST {
        return answer(StatusCode::METHOD_NOT_ALLOWED, "announce with GET or POST");
    }
    if shared.options.audiosocket_listen.is_none() {
        return answer(StatusCode::NOT_FOUND, "stream.audiosocket_listen is not set");
    }
    let Some(uuid) = asked.value("uuid").and_then(audiosocket::uuid) else {
        return answer(StatusCode::BAD_REQUEST, "uuid= must be the UUID of the call");
    };
    let start = asked.start(None, None);
    let room = shared.announced.lock().is_ok_and(|mut announced| announced.announce(clock::now(), uuid, start));
    if room { answer(StatusCode::OK, ANNOUNCED) } else { unavailable("too many announced calls") }
}

/// A dialplan compares it.
const ANNOUNCED: &str = "announced";

fn signed_well(parts: &Parts, shared: &Shared) -> Result<(), SignatureError> {
    let key = shared.options.audiohook.as_ref().ok_or(SignatureError::Bad)?;
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let headers = parts.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let now = clock::wall();
    let fresh = signature::verify(&signature::Request { target, headers: headers.collect() }, key, now)?;
    let first = shared.nonces.lock().is_ok_and(|mut nonces| nonces.first_use(fresh, now));
    if first { Ok(()) } else { Err(SignatureError::Replayed) }
}

/// Sent for somebody else: by a proxy (RFC 7239, and what came before it), or by a page in a browser of this machine.
fn is_foreign(headers: &HeaderMap) -> bool {
    let proxied =
        ["forwarded", "x-forwarded-for", "x-real-ip", "via"].into_iter().any(|name| headers.contains_key(name));
    let local = text(headers, header::HOST.as_str()).is_some_and(is_loopback_name)
        && headers.get(header::ORIGIN).is_none_or(|origin| origin.to_str().is_ok_and(is_loopback_origin));
    proxied || !local
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn answer(status: StatusCode, text: &str) -> Response<Body> {
    (status, text.to_owned()).into_response()
}

fn unavailable(text: &str) -> Response {
    let mut response = answer(StatusCode::SERVICE_UNAVAILABLE, text);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
    response
}
