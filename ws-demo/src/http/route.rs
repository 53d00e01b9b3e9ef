//! Which answer a request gets.

use ws_tokio::server::{Rejection, RejectionKind, RequestHead, ServerRequest};

use super::Port;
use crate::origin::Origins;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    WebSocket,
    Page,
    Health,
    Ready,
    Metrics,
    Stats,
    /// A WebSocket was asked for as if it were a page.
    UpgradeRequired,
    NotFound,
    MethodNotAllowed,
    ForeignOrigin,
    /// The library refuses by itself, and knows best how.
    Library,
}

pub(super) fn route(
    request: Result<&ServerRequest, &Rejection>,
    port: Port,
    origins: &Origins,
) -> Route {
    let head: &RequestHead = match request {
        Ok(request) => request,
        Err(rejection) => match rejection.request() {
            Some(head) if concerns_the_resource(rejection.kind()) => head,
            _ => return Route::Library,
        },
    };
    let resource = match (head.path(), port) {
        ("/", Port::Public | Port::PublicOnly) => Route::Page,
        ("/ws", Port::Public | Port::PublicOnly) => Route::UpgradeRequired,
        ("/healthz", _) => Route::Health,
        ("/readyz", _) => Route::Ready,
        ("/metrics", Port::Public | Port::Admin) => Route::Metrics,
        ("/stats", Port::Public | Port::Admin) => Route::Stats,
        _ => return Route::NotFound,
    };
    let for_clients = matches!(resource, Route::Page | Route::UpgradeRequired);
    match request.map_err(Rejection::kind) {
        Ok(_) if !for_clients => resource,
        Ok(_) if !origins.allow(head) => Route::ForeignOrigin,
        Ok(_) => Route::WebSocket,
        Err(RejectionKind::MethodNotAllowed) if head.method() != "HEAD" => match resource {
            Route::UpgradeRequired => Route::Library,
            _ => Route::MethodNotAllowed,
        },
        Err(RejectionKind::NotAnUpgrade | RejectionKind::MethodNotAllowed)
            if !for_clients || !wants_upgrade(head) =>
        {
            resource
        }
        Err(_) if !for_clients => resource,
        Err(_) => Route::Library,
    }
}

/// Whether the request is good HTTP, so that its path matters.
fn concerns_the_resource(kind: RejectionKind) -> bool {
    matches!(
        kind,
        RejectionKind::MethodNotAllowed
            | RejectionKind::NotAnUpgrade
            | RejectionKind::UnsupportedVersion
            | RejectionKind::InvalidKey
            | RejectionKind::RepeatedHeader
    )
}

/// Whether somebody tries to upgrade, if wrongly, and should be told so.
pub(super) fn wants_upgrade(head: &RequestHead) -> bool {
    ["upgrade", "sec-websocket-key"].iter().any(|name| head.header(name).is_some())
}

#[cfg(test)]
mod tests {
    use ws_tokio::Config;

    use super::*;

    const UPGRADE: [(&str, &str); 5] = [
        ("Host", "localhost:9001"),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
    ];

    fn routed(method: &str, target: &str, headers: &[(&str, &str)]) -> Route {
        let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes()));
        let request = ServerRequest::from_parts(Config::default(), method, target, headers);
        route(request.as_ref(), Port::Public, &Origins::SameHost)
    }

    /// An upgrade with one field changed, or dropped if the value is empty, or added.
    fn upgrade_but(target: &str, name: &str, value: &str) -> Route {
        let mut headers: Vec<_> = UPGRADE.into_iter().filter(|(other, _)| *other != name).collect();
        if !value.is_empty() {
            headers.push((name, value));
        }
        routed("GET", target, &headers)
    }

    #[test]
    fn plain_requests() {
        for (method, target, expected) in [
            ("GET", "/", Route::Page),
            ("GET", "/?room=1", Route::Page),
            ("GET", "http://localhost:9001", Route::Page),
            ("HEAD", "/", Route::Page),
            ("POST", "/", Route::MethodNotAllowed),
            ("OPTIONS", "/", Route::MethodNotAllowed),
            ("GET", "/ws", Route::UpgradeRequired),
            ("HEAD", "/ws", Route::UpgradeRequired),
            ("GET", "/healthz", Route::Health),
            ("HEAD", "/readyz", Route::Ready),
            ("GET", "/metrics?x", Route::Metrics),
            ("GET", "/stats", Route::Stats),
            ("POST", "/healthz", Route::MethodNotAllowed),
            ("POST", "/ws", Route::Library),
            ("GET", "/favicon.ico", Route::NotFound),
            ("GET", "//", Route::NotFound),
            ("GET", "/ws/", Route::NotFound),
            ("HEAD", "/other", Route::NotFound),
            ("POST", "/other", Route::NotFound),
            ("OPTIONS", "*", Route::Library),
        ] {
            let host = [("Host", "localhost:9001")];
            assert_eq!(routed(method, target, &host), expected, "{method} {target}");
        }
        assert_eq!(routed("GET", "/", &[]), Route::Library);
    }

    #[test]
    fn upgrades() {
        for (target, name, value, expected) in [
            ("/", "", "", Route::WebSocket),
            ("/ws", "", "", Route::WebSocket),
            ("/ws?x=1", "", "", Route::WebSocket),
            ("/other", "", "", Route::NotFound),
            ("/healthz", "", "", Route::Health),
            ("/stats", "Origin", "https://evil.example", Route::Stats),
            ("/", "Sec-WebSocket-Key", "", Route::Library),
            ("/ws", "Sec-WebSocket-Key", "short", Route::Library),
            ("/other", "Sec-WebSocket-Key", "", Route::NotFound),
            ("/", "Upgrade", "h2c", Route::Library),
            ("/", "Upgrade", "", Route::Library),
            ("/", "Connection", "", Route::Library),
            ("/", "Sec-WebSocket-Version", "8", Route::Library),
            ("/", "Origin", "http://localhost:9001", Route::WebSocket),
            ("/", "Origin", "https://evil.example", Route::ForeignOrigin),
            ("/ws", "Origin", "null", Route::ForeignOrigin),
        ] {
            assert_eq!(upgrade_but(target, name, value), expected, "{target} {name}: {value}");
        }
    }

    #[test]
    fn ports() {
        let headers = [("Host", b"localhost".as_slice())];
        for (target, public_only, admin) in [
            ("/", Route::Page, Route::NotFound),
            ("/ws", Route::UpgradeRequired, Route::NotFound),
            ("/healthz", Route::Health, Route::Health),
            ("/readyz", Route::Ready, Route::Ready),
            ("/metrics", Route::NotFound, Route::Metrics),
            ("/stats", Route::NotFound, Route::Stats),
        ] {
            let request = ServerRequest::from_parts(Config::default(), "GET", target, headers);
            for (port, expected) in [(Port::PublicOnly, public_only), (Port::Admin, admin)] {
                let route = route(request.as_ref(), port, &Origins::SameHost);
                assert_eq!(route, expected, "{target} {port:?}");
            }
        }
    }
}
