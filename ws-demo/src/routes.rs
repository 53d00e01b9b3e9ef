//! What is served over HTTP, and how a request becomes a client.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use ws_tokio::Shutdown;
use ws_tokio::serve::AnyAddress;
use ws_tokio::server::RejectionKind;
use ws_tokio::upgrade::{Peer, Upgrade, UpgradeRejection};

use crate::admission::Admitted;
use crate::api;
use crate::bearer::bearer;
use crate::client::{self, Opening};
use crate::identity::Refusal;
use crate::metrics::Format;
use crate::page;
use crate::proxy::client_address;
use crate::refused::Refused;
use crate::service::Service;

/// When a client that was refused may try again, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

type Shared = Arc<Service>;

/// The page, its client, WebSockets and health.
pub(crate) fn public() -> Router<Shared> {
    let sockets = Router::new().route("/", any(root)).route("/ws", any(web_socket));
    let client = Router::new().route("/client.js", get(client_module));
    sockets.merge(client.route_layer(from_fn(check_host))).merge(health())
}

/// Health, for load balancers and operators.
fn health() -> Router<Shared> {
    Router::new()
        .route(
            "/healthz",
            get(async || text(StatusCode::OK, "ok\n", [(header::CACHE_CONTROL, NO_STORE)])),
        )
        .route("/readyz", get(ready))
        .route_layer(from_fn(check_host))
}

/// Metrics and statistics, for operators.
pub(crate) fn operators() -> Router<Shared> {
    let paths = Router::new().route("/metrics", get(metrics)).route("/stats", get(stats));
    paths.route_layer(from_fn(check_host))
}

/// Operators' own port, and that of backends.
pub(crate) fn admin(service: &Shared) -> Router<Shared> {
    let api = Router::new().nest("/api", api::routes(service)).route_layer(from_fn(check_host));
    operators().merge(health()).merge(api)
}

/// Completes the routes of a port.
pub(crate) fn with_service(routes: Router<Shared>, service: Shared) -> Router {
    routes
        .fallback(async || {
            text(StatusCode::NOT_FOUND, "not found: / is a page, /ws is a WebSocket\n", [])
        })
        .method_not_allowed_fallback(async || method_not_allowed())
        .layer(from_fn(end_after_failed_upgrade))
        .with_state(service)
}

async fn ready(State(service): State<Shared>) -> Response {
    let no_store = (header::CACHE_CONTROL, NO_STORE);
    match service.unready() {
        None => text(StatusCode::OK, "ready\n", [no_store]),
        Some(why) => {
            let fields = [no_store, (header::RETRY_AFTER, RETRY_AFTER)];
            text(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"), fields)
        }
    }
}

async fn metrics(State(service): State<Shared>, headers: HeaderMap) -> Response {
    let format = Format::preferred(&headers);
    // It reads files, if only of the kernel's.
    let Ok(text) = spawn_blocking(move || service.render_metrics(format)).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let fields = [
        (header::CONTENT_TYPE, format.content_type()),
        (header::VARY, HeaderValue::from_static("Accept")),
        (header::CACHE_CONTROL, NO_STORE),
    ];
    (fields, text).into_response()
}

async fn stats(State(service): State<Shared>) -> Response {
    let fields = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, NO_STORE),
    ];
    (fields, service.render_stats()).into_response()
}

async fn root(State(service): State<Shared>, mut request: Request) -> Response {
    match upgrade(&service, &mut request) {
        Asked::Upgrade(response) => response,
        Asked::Plainly => {
            let fields = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CONTENT_SECURITY_POLICY, page::policy()),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
                (header::REFERRER_POLICY, "no-referrer"),
                (header::CACHE_CONTROL, "no-cache"),
            ];
            (fields, service.page()).into_response()
        }
        Asked::OtherMethod(_) => method_not_allowed(),
    }
}

async fn web_socket(State(service): State<Shared>, mut request: Request) -> Response {
    match upgrade(&service, &mut request) {
        Asked::Upgrade(response) => response,
        Asked::Plainly => {
            service.refuse(Refused::UpgradeRequired, address(&service, &request), None, None);
            let hint = "this is a WebSocket endpoint: upgrade to websocket; the page is at /\n";
            let version = (header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            let mut response = text(StatusCode::UPGRADE_REQUIRED, hint, [version]);
            // HTTP/2 has neither field (RFC 9113 §8.2.2).
            if request.version() < Version::HTTP_2 {
                let headers = response.headers_mut();
                headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
            }
            response
        }
        Asked::OtherMethod(rejection) => refuse_handshake(&service, &request, rejection),
    }
}

/// The client for other pages, also for those of other sites: `--origin` decides on their WebSockets.
async fn client_module() -> Response {
    let fields = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (fields, page::CLIENT).into_response()
}

/// What a request to a WebSocket's path asks for.
enum Asked {
    /// A WebSocket, granted or refused with this response.
    Upgrade(Response),
    /// The resource, as by GET.
    Plainly,
    /// Neither. The rejection is that of a WebSocket.
    OtherMethod(UpgradeRejection),
}

fn upgrade(service: &Shared, request: &mut Request) -> Asked {
    // The hub closes clients, one after the other, before the HTTP server shuts down.
    request.extensions_mut().remove::<Shutdown>();
    let (variant, config) = service.next_config();
    let upgrade = match Upgrade::from_request(request, config) {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            let plain = matches!(
                rejection.kind(),
                RejectionKind::NotAnUpgrade
                    | RejectionKind::MethodNotAllowed
                    | RejectionKind::NotConnect
            );
            return match *request.method() {
                Method::GET | Method::HEAD if plain && !wants_upgrade(request) => Asked::Plainly,
                Method::GET | Method::HEAD | Method::CONNECT => {
                    Asked::Upgrade(refuse_handshake(service, request, rejection))
                }
                _ if plain => Asked::OtherMethod(rejection),
                _ => Asked::Upgrade(refuse_handshake(service, request, rejection)),
            };
        }
    };
    let address = address(service, request);
    let admitted = match admit(service, address, &upgrade) {
        Ok(admitted) => admitted,
        Err(refused) => {
            service.refuse(refused, address, None, None);
            return Asked::Upgrade(refusal(refused));
        }
    };
    let grant = match bearer(request.headers()).and_then(|token| service.verify(token)).transpose()
    {
        Ok(grant) => grant,
        Err(refusal) => {
            service.refuse(Refused::Unauthenticated, address, None, Some(&refusal));
            return Asked::Upgrade(unauthorized(refusal));
        }
    };
    let (response, socket) = upgrade.accept();
    let opening = Opening { socket, admitted, address, variant, grant };
    tokio::spawn(client::run(opening, Arc::clone(service)));
    Asked::Upgrade(response)
}

fn unauthorized(refusal: Refusal) -> Response {
    let challenge = HeaderValue::from_static(r#"Bearer error="invalid_token""#);
    let fields = [(header::WWW_AUTHENTICATE, challenge)];
    text(StatusCode::UNAUTHORIZED, format!("{refusal}\n"), fields)
}

fn refuse_handshake(service: &Service, request: &Request, rejection: UpgradeRejection) -> Response {
    let address = address(service, request);
    service.refuse(Refused::BadHandshake, address, None, Some(&rejection));
    rejection.into_response()
}

fn admit(
    service: &Shared,
    address: Option<IpAddr>,
    upgrade: &Upgrade,
) -> Result<Admitted, Refused> {
    match service.settings.origins.allow(upgrade) {
        true => service.admission.admit(address, Instant::now()),
        false => Err(Refused::ForeignOrigin),
    }
}

/// The address that a request counts for, if it has one.
fn address(service: &Service, request: &Request) -> Option<IpAddr> {
    let peer = request.extensions().get::<Peer<AnyAddress>>().and_then(|Peer(peer)| peer.ip());
    client_address(peer, request.headers(), &service.settings.trusted_proxies)
}

/// The response to a client that is not admitted.
fn refusal(refused: Refused) -> Response {
    let (status, reason) = match refused {
        Refused::ForeignOrigin => {
            let reason = "pages of other sites may not connect: Origin and Host differ\n";
            return text(StatusCode::FORBIDDEN, reason, []);
        }
        Refused::Draining => (StatusCode::SERVICE_UNAVAILABLE, "the server is shutting down\n"),
        Refused::TooManyFromAddress => {
            (StatusCode::TOO_MANY_REQUESTS, "too many connections from your address\n")
        }
        Refused::ConnectRate => (StatusCode::TOO_MANY_REQUESTS, "you connect too often\n"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the server is full\n"),
    };
    text(status, reason, [(header::RETRY_AFTER, RETRY_AFTER)])
}

fn method_not_allowed() -> Response {
    let allow = (header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    text(StatusCode::METHOD_NOT_ALLOWED, "read only: use GET\n", [allow])
}

fn text<const N: usize>(
    status: StatusCode,
    body: impl Into<String>,
    fields: [(HeaderName, HeaderValue); N],
) -> Response {
    (status, [(header::CONTENT_TYPE, TEXT)], fields, body.into()).into_response()
}

/// Whether the request tries to upgrade, if wrongly, and should get an error that says so.
fn wants_upgrade(request: &Request) -> bool {
    let headers = request.headers();
    headers.contains_key(header::UPGRADE) || headers.contains_key(header::SEC_WEBSOCKET_KEY)
}

/// HTTP/1.1 requires one `Host` (RFC 9112 §3.2), which hyper does not check, but the handshake does.
async fn check_host(request: Request, next: Next) -> Response {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    if request.version() == Version::HTTP_11 && hosts != 1 {
        return text(StatusCode::BAD_REQUEST, "missing or repeated Host header\n", []);
    }
    next.run(request).await
}

/// A client that asked for a WebSocket and gets none does not use the connection any more.
async fn end_after_failed_upgrade(request: Request, next: Next) -> Response {
    let may_end = request.version() < Version::HTTP_2 && wants_upgrade(&request);
    let mut response = next.run(request).await;
    if may_end && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().append(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
