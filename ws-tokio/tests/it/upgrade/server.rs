//! Servers on axum, and clients of this library.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::any;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::DuplexStream;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use ws_tokio::client::{ClientRequest, Response};
use ws_tokio::upgrade::{WebSocket, WebSocketUpgrade};
use ws_tokio::{Config, Deflate, HandshakeError, Message, connect_on, http2};

use crate::support::listen;

/// Far above what a slow machine needs.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Runs a test to its end, or panics if it hangs.
pub(crate) async fn soon<T>(test: impl Future<Output = T>) -> T {
    tokio::time::timeout(TIMEOUT, test).await.expect("hangs")
}

/// Runs a test as a task of two runtimes, of which one runs first what was woken first, the other
/// what was woken last, so that a reset of a stream reaches its reader or its writer first.
pub(crate) fn in_both_orders<F>(test: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    for mut builder in [Builder::new_current_thread(), Builder::new_multi_thread()] {
        let runtime = builder.worker_threads(1).enable_all().build().expect("a runtime");
        let test = test();
        runtime.block_on(soon(async { tokio::spawn(test).await.expect("no panic") }));
    }
}

/// Serves `/` with a handler, over both versions of HTTP.
pub(crate) async fn serve<F, R>(
    handler: impl Fn(WebSocketUpgrade) -> F + Clone + Send + Sync + 'static,
) -> SocketAddr
where
    F: Future<Output = R> + Send + 'static,
    R: axum::response::IntoResponse + 'static,
{
    let (listener, address) = listen().await;
    let app = app(handler);
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Serves one connection without a network in between, so that a paused clock does not advance as
/// long as a task can run.
pub(crate) fn serve_in_memory<F, R>(
    handler: impl Fn(WebSocketUpgrade) -> F + Clone + Send + Sync + 'static,
) -> DuplexStream
where
    F: Future<Output = R> + Send + 'static,
    R: axum::response::IntoResponse + 'static,
{
    let (client, stream) = tokio::io::duplex(16 * 1024);
    let service = TowerToHyperService::new(app(handler));
    tokio::spawn(async move {
        let mut server = auto::Builder::new(TokioExecutor::new());
        server.http2().enable_connect_protocol();
        let _ = server.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
    });
    client
}

fn app<F, R>(handler: impl Fn(WebSocketUpgrade) -> F + Clone + Send + Sync + 'static) -> Router
where
    F: Future<Output = R> + Send + 'static,
    R: axum::response::IntoResponse + 'static,
{
    Router::new().route("/", any(move |upgrade: WebSocketUpgrade| handler(upgrade)))
}

/// A server that echoes and compresses.
pub(crate) async fn echo_server() -> SocketAddr {
    serve(async |upgrade| {
        upgrade.deflate(Deflate::default()).protocols(["v2", "v1"]).on_upgrade(echo)
    })
    .await
}

pub(crate) async fn echo(mut socket: WebSocket) {
    while let Ok(Some(message)) = socket.recv().await {
        // Its peers violate the protocol on purpose.
        if message.is_data() && socket.send(message).await.is_err() {
            break;
        }
    }
}

pub(crate) fn compressing() -> Config {
    Config { deflate: Some(Deflate::default()), ..Config::default() }
}

pub(crate) fn request(address: SocketAddr) -> ClientRequest {
    ClientRequest::new(address.to_string(), "/")
}

/// An HTTP/2 connection to a server.
pub(crate) async fn http2_connection(address: SocketAddr) -> SendRequest<String> {
    let stream = TcpStream::connect(address).await.expect("a server");
    http2::handshake(stream, &Config::default()).await.expect("HTTP/2 with extended CONNECT")
}

/// A WebSocket over HTTP/1.1.
pub(crate) async fn over_http1(
    address: SocketAddr,
    request: ClientRequest,
    config: Config,
) -> Result<(ws_tokio::WebSocket<TcpStream>, Response), HandshakeError> {
    connect_on(TcpStream::connect(address).await.expect("a server"), request, config).await
}

/// A WebSocket over HTTP/2.
pub(crate) async fn over_http2(
    address: SocketAddr,
    request: ClientRequest,
    config: Config,
) -> Result<(WebSocket, Response), http2::Http2Error> {
    http2::connect(&mut http2_connection(address).await, request, config).await
}

/// Sends a message and waits for its echo.
pub(crate) async fn echoed<S>(socket: &mut ws_tokio::WebSocket<S>, message: impl Into<Message>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let message = message.into();
    socket.send(message.clone()).await.expect("open");
    assert_eq!(socket.recv().await.expect("open"), Some(message));
}
