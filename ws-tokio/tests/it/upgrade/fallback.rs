//! Servers that accept WebSockets over HTTP/1.1 only.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use ws_tokio::upgrade::upgrade;
use ws_tokio::{Config, Error, Failure, HandshakeError, WebSocket, connect_on, http2};

use crate::support::listen;
use crate::upgrade::server::{echo, echoed, request, soon};

/// A client that tries HTTP/2 first.
async fn connect(address: SocketAddr) -> WebSocket<TcpStream> {
    let config = Config::default();
    let stream = TcpStream::connect(address).await.expect("a server");
    let error = http2::handshake::<_, String>(stream, &config).await.expect_err("no HTTP/2");
    assert!(!error.is_timeout(), "{error}");
    // As `?` converts it.
    let error = Error::from(error);
    assert!(Failure::Ended { closed: None, error: Some(&error) }.verdict().is_final());
    let Error::Connect(error) = error else { panic!("{error}") };
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    assert!(matches!(inner, Some(http2::Http2Error::Unsupported(_))), "{error}");
    let stream = TcpStream::connect(address).await.expect("a server");
    connect_on(stream, request(address), config).await.expect("granted").0
}

async fn serve(mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(match upgrade(&mut request, Config::default()) {
        Ok((response, socket)) => {
            tokio::spawn(async move { echo(socket.await.expect("a socket")).await });
            response
        }
        Err(rejection) => rejection.into(),
    })
}

#[tokio::test]
async fn http2_without_extended_connect_is_detected_before_a_request() {
    soon(async {
        let (listener, address) = listen().await;
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                tokio::spawn(async move {
                    let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    let serving = server
                        .serve_connection_with_upgrades(TokioIo::new(stream), service_fn(serve));
                    let _ = serving.await;
                });
            }
        });
        echoed(&mut connect(address).await, "over HTTP/1.1").await;
    })
    .await;
}

#[tokio::test]
async fn a_server_of_http1_is_no_server_of_http2() {
    soon(async {
        let (listener, address) = listen().await;
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                tokio::spawn(async move {
                    let server = hyper::server::conn::http1::Builder::new();
                    let serving = server.serve_connection(TokioIo::new(stream), service_fn(serve));
                    let _ = serving.with_upgrades().await;
                });
            }
        });
        echoed(&mut connect(address).await, "over HTTP/1.1").await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_says_nothing_ends_in_a_timeout_and_the_stream_with_it() {
    soon(async {
        let (listener, address) = listen().await;
        let silent = async {
            let (mut stream, _peer) = listener.accept().await.expect("a client");
            let mut preface = Vec::new();
            stream.read_to_end(&mut preface).await.expect("an end");
            preface
        };
        let asking = async {
            let config =
                Config { handshake_timeout: Some(Duration::from_millis(50)), ..Config::default() };
            let stream = TcpStream::connect(address).await.expect("a server");
            http2::handshake::<_, String>(stream, &config).await
        };
        let (preface, outcome) = tokio::join!(silent, asking);
        assert!(preface.starts_with(b"PRI * HTTP/2.0\r\n"));
        let error = outcome.expect_err("silence");
        assert!(error.is_timeout(), "{error}");
        assert!(matches!(error, http2::Http2Error::Handshake(HandshakeError::Io(_))), "{error}");
        let error = Error::from(error);
        assert!(error.is_timeout() && matches!(error, Error::Handshake(_)), "{error}");
    })
    .await;
}

/// Like a busy server.
#[tokio::test]
async fn a_server_that_allows_no_streams_yet_is_heard() {
    soon(async {
        let (listener, address) = listen().await;
        tokio::spawn(async move {
            let (stream, _peer) = listener.accept().await.expect("a client");
            let mut builder = h2::server::Builder::new();
            let builder = builder.enable_connect_protocol().max_concurrent_streams(0);
            let mut connection = builder.handshake::<_, Bytes>(stream).await.expect("HTTP/2");
            while connection.accept().await.is_some() {}
        });
        let stream = TcpStream::connect(address).await.expect("a server");
        let config = Config { handshake_timeout: None, ..Config::default() };
        let opened = http2::handshake::<_, String>(stream, &config).await;
        assert!(opened.is_ok(), "{opened:?}");
    })
    .await;
}
