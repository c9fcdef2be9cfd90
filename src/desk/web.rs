//! The agent's page, from inside the binary.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, Response, StatusCode, header};
use include_dir::{Dir, File, include_dir};

static PAGE: Dir<'static> = include_dir!("$OUT_DIR/web");

/// Vite puts the hash of the content into every name under `assets/`, so these never change; everything else is asked
/// for again each time, so that a new version is seen at once.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Serves a file of the page; any other path without a dot is the page itself, which knows its own addresses.
pub async fn serve(request: Request) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "Only GET is served here.\n");
    }
    let path = request.uri().path().trim_start_matches('/');
    let is_file_name = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    let found = match PAGE.get_file(path) {
        Some(file) => Some(file),
        None if is_file_name => None,
        None => PAGE.get_file("index.html"),
    };
    match found {
        Some(file) => respond(file, request.method() == Method::HEAD),
        None => plain(StatusCode::NOT_FOUND, "There is no such file.\n"),
    }
}

fn respond(file: &'static File<'static>, head: bool) -> Response<Body> {
    let forever = file.path().starts_with("assets");
    let content = file.contents();
    let mut response = Response::new(if head { Body::empty() } else { Body::from(content) });
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type(file)));
    headers.insert(header::CONTENT_LENGTH, content.len().into());
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static(if forever { FOREVER } else { "no-cache" }));
    response
}

fn content_type(file: &File<'_>) -> &'static str {
    match file.path().extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
