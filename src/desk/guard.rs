//! Who may speak to a desk that has no sign-in yet: programs and pages of this machine, by its loopback names.
//!
//! A page from elsewhere in the agent's browser can reach loopback too. It would have to send the name of its own
//! site, as `Origin`, or as `Host` after rebinding that name to 127.0.0.1: both are refused.

use axum::extract::Request;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::base::loopback::{is_loopback_name, is_loopback_origin};

/// Sent with everything. The page loads from us alone and runs no script but its own (`script-src` of CSP Level 3 is
/// covered by `default-src`); nobody frames it.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
];

pub async fn guard(request: Request, next: Next) -> Response {
    let mut response = if is_local(request.uri(), request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "The desk answers on this machine only: open it as http://localhost or 127.0.0.1.\n")
            .into_response()
    };
    response.headers_mut().extend(HEADERS);
    response
}

/// HTTP/1.1 names the host in a header, HTTP/2 in the URI (`:authority`, RFC 9113 §8.3.1).
fn is_local(uri: &Uri, headers: &HeaderMap) -> bool {
    let host = uri.authority().map(|authority| authority.as_str());
    let host = host.or_else(|| headers.get(header::HOST)?.to_str().ok());
    let origin_is_local = match headers.get(header::ORIGIN) {
        None => true,
        Some(origin) => origin.to_str().is_ok_and(is_loopback_origin),
    };
    host.is_some_and(is_loopback_name) && origin_is_local
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn loopback_names_pass_with_any_port() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "127.8.8.8", "[::1]:8080", "[::1]"] {
            assert!(is_local(&Uri::from_static("/"), &headers(&[("host", host)])), "{host}");
        }
        assert!(is_local(&Uri::from_static("http://127.0.0.1:8080/x"), &HeaderMap::new()), "HTTP/2 :authority");
    }

    #[test]
    fn a_rebound_name_and_a_foreign_page_are_refused() {
        for host in ["desk.example:8080", "localhost.example", "127.0.0.1.example", "192.168.1.2", "localhost:x", ""] {
            assert!(!is_local(&Uri::from_static("/"), &headers(&[("host", host)])), "{host}");
        }
        assert!(!is_local(&Uri::from_static("/"), &HeaderMap::new()), "no name at all");
        let foreign = headers(&[("host", "localhost:8080"), ("origin", "https://shop.example")]);
        assert!(!is_local(&Uri::from_static("/"), &foreign));
        let own = headers(&[("host", "localhost:8080"), ("origin", "http://localhost:8080")]);
        assert!(is_local(&Uri::from_static("/"), &own));
        assert!(!is_local(&Uri::from_static("/"), &headers(&[("host", "localhost"), ("origin", "null")])));
    }
}
