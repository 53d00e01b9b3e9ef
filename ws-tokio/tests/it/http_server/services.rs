//! The services that can be served.

use std::convert::Infallible;

use axum::Router;
use axum::extract::Extension;
use axum::routing::get;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use ws_tokio::upgrade::{Peer, serve};

use crate::http_server::{Network, ask};

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let Some(Peer(peer)) = request.extensions().get::<Peer<&'static str>>() else {
        panic!("no peer")
    };
    Ok(Response::new(Full::new(format!("hello, {peer}").into())))
}

#[tokio::test(start_paused = true)]
async fn a_function_as_hyper_has_it() {
    let (network, queue) = Network::new();
    tokio::spawn(serve(queue, service_fn(answer)).into_future());
    let answer = ask(&mut network.connect()).await;
    assert!(answer.contains("content-length: 16\r\n"), "{answer}");
    assert!(answer.ends_with("hello, in memory"), "{answer}");
}

/// A closure works like a function.
#[tokio::test(start_paused = true)]
async fn a_closure_as_hyper_has_it() {
    let (network, queue) = Network::new();
    let greeting = std::sync::Arc::new("hello".to_owned());
    let closure = service_fn(move |_request: Request<Incoming>| {
        let greeting = std::sync::Arc::clone(&greeting);
        async move { Ok::<_, Infallible>(Response::new(Full::new(Bytes::from((*greeting).clone())))) }
    });
    tokio::spawn(serve(queue, closure).into_future());
    assert!(ask(&mut network.connect()).await.ends_with("hello"));
}

#[tokio::test(start_paused = true)]
async fn a_router_of_axum_s_with_state() {
    let (network, queue) = Network::new();
    let greet =
        async |Extension(Peer(peer)): Extension<Peer<&'static str>>| format!("hello, {peer}");
    let app = Router::new().route("/", get(greet)).with_state(());
    tokio::spawn(serve(queue, app).into_future());
    assert!(ask(&mut network.connect()).await.ends_with("hello, in memory"));
}

/// The client chooses by ALPN; a WebSocket works over either.
#[cfg(feature = "rustls")]
#[tokio::test]
async fn both_versions_of_http_over_tls() {
    use std::sync::Arc;

    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};
    use ws_tokio::{Config, TlsAcceptor, connect_on, http2};

    use crate::http_server::{app, assert_echoed, request};

    let own = rcgen::generate_simple_self_signed(["localhost".into()]).expect("a certificate");
    let key = own.signing_key.serialize_pem();
    let acceptor = TlsAcceptor::from_pem(own.cert.pem(), key).expect("a pair").http2();
    let (network, queue) = Network::new();
    tokio::spawn(serve(acceptor.listen(queue), app()).into_future());

    let connect = async |protocols: &[&str]| {
        let mut roots = RootCertStore::empty();
        roots.add(own.cert.der().clone()).expect("a certificate");
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = "localhost".try_into().expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, network.connect()).await.expect("TLS")
    };

    let stream = connect(&["h2", "http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let opened = http2::handshake::<_, String>(stream, &Config::default()).await;
    let mut sender = opened.expect("HTTP/2");
    let connected = http2::connect(&mut sender, request().secure(), Config::default()).await;
    assert_echoed(&mut connected.expect("granted").0).await;

    let stream = connect(&["http/1.1"]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let connected = connect_on(stream, request().secure(), Config::default()).await;
    assert_echoed(&mut connected.expect("granted").0).await;
}
