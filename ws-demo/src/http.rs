//! What is answered to an HTTP request: a WebSocket, the page, or an error.

use std::sync::Arc;

use tokio::net::TcpStream;
use ws_tokio::server::{Rejection, RejectionKind, Request, RequestHead};
use ws_tokio::{Config, HandshakeError, WebSocket};

use crate::origin::is_same_host;
use crate::page;

/// Reads a request and answers it; `None` if the answer was no WebSocket.
pub(crate) async fn answer(
    stream: TcpStream,
    config: Arc<Config>,
) -> Result<Option<WebSocket<TcpStream>>, HandshakeError> {
    let max_message = config.incoming.max_message_size;
    let incoming = ws_tokio::incoming(stream, config).await?;
    match route(incoming.request()) {
        Route::WebSocket | Route::Library => return incoming.accept().await.map(Some),
        Route::Page => {
            incoming
                .reject(200, |response| {
                    Ok(response
                        .header("Content-Type", "text/html; charset=utf-8")?
                        .header("Content-Security-Policy", page::policy())?
                        .header("X-Content-Type-Options", "nosniff")?
                        .header("Referrer-Policy", "no-referrer")?
                        .header("Cache-Control", "no-cache")?
                        .body(page::html(max_message)))
                })
                .await?;
        }
        Route::NotFound => {
            let hint = "not found: / is a page, /ws is a WebSocket\n";
            incoming.reject(404, |response| plain(response, hint)).await?;
        }
        Route::MethodNotAllowed => {
            incoming
                .reject(405, |response| {
                    plain(response.header("Allow", "GET, HEAD")?, "this is a page: use GET\n")
                })
                .await?;
        }
        Route::ForeignOrigin => {
            let hint = "pages of other sites may not connect: Origin and Host differ\n";
            incoming.reject(403, |response| plain(response, hint)).await?;
        }
    }
    Ok(None)
}

fn plain(response: Rejection, text: &str) -> Result<Rejection, ws_tokio::proto::InvalidHeader> {
    Ok(response.header("Content-Type", "text/plain; charset=utf-8")?.body(text))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    WebSocket,
    Page,
    NotFound,
    MethodNotAllowed,
    ForeignOrigin,
    /// The library refuses by itself, and knows best how.
    Library,
}

fn route(request: Result<&Request, &Rejection>) -> Route {
    let head: &RequestHead = match request {
        Ok(request) => request,
        Err(rejection) => match rejection.request() {
            Some(head) if concerns_the_resource(rejection.kind()) => head,
            _ => return Route::Library,
        },
    };
    let page = match head.path() {
        "/" => true,
        "/ws" => false,
        _ => return Route::NotFound,
    };
    match request.map_err(Rejection::kind) {
        Ok(_) if !head.origin().is_none_or(|origin| is_same_host(origin, head.host())) => {
            Route::ForeignOrigin
        }
        Ok(_) => Route::WebSocket,
        Err(RejectionKind::NotAnUpgrade) if page && !wants_upgrade(head) => Route::Page,
        Err(RejectionKind::MethodNotAllowed) if page && head.method() == "HEAD" => Route::Page,
        Err(RejectionKind::MethodNotAllowed) if page => Route::MethodNotAllowed,
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
fn wants_upgrade(head: &RequestHead) -> bool {
    ["upgrade", "sec-websocket-key"].iter().any(|name| head.header(name).is_some())
}

#[cfg(test)]
mod tests {
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
        route(Request::from_parts(Config::default(), method, target, headers).as_ref())
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
            ("GET", "/ws", Route::Library),
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
}
