//! Names of this machine. A listener without sign-in answers to nothing else: a page from elsewhere in a browser here can
//! reach loopback too, and would send the name of its own site, as `Origin`, or as `Host` after rebinding that name.

use std::net::IpAddr;

/// Whether `host` is a loopback name, with or without a port; any port, since a tunnel may end at another.
pub fn is_loopback_name(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The same for an `Origin` such as `http://localhost:8080` (RFC 6454 §6.1).
pub fn is_loopback_origin(origin: &str) -> bool {
    origin.split_once("://").is_some_and(|(_, host)| is_loopback_name(host))
}
