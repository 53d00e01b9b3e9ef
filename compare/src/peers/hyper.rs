//! The handshake of peers that leave it to hyper. They are given the TCP stream itself afterwards, which
//! is faster than hyper's upgraded connection.

use std::convert::Infallible;
use std::sync::Mutex;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Serves one request, to which `respond` returns the response. Returns the stream behind it.
pub(super) async fn upgrade(
    stream: TcpStream,
    respond: impl Fn(&mut Request<Incoming>) -> Option<Response<Empty<Bytes>>>,
) -> Option<TcpStream> {
    let upgrade = Mutex::new(None);
    let serve = service_fn(|mut request: Request<Incoming>| {
        let upgraded = hyper::upgrade::on(&mut request);
        let response = respond(&mut request);
        if response.is_some() {
            *upgrade.lock().expect("no panic") = Some(upgraded);
        }
        let response = response.unwrap_or_else(|| {
            let mut refusal = Response::new(Empty::new());
            *refusal.status_mut() = StatusCode::BAD_REQUEST;
            refusal
        });
        async { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), serve);
    connection.with_upgrades().await.ok()?;
    let upgraded = upgrade.lock().expect("no panic").take()?;
    let parts = upgraded.await.ok()?.downcast::<TokioIo<TcpStream>>().ok()?;
    // The clients here send nothing before the response.
    parts.read_buf.is_empty().then(|| parts.io.into_inner())
}
