//! Upgrades that fail.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use ws_testkit::raw::REQUEST;
use ws_tokio::upgrade::{Upgrade, upgrade};
use ws_tokio::{Config, HandshakeError};

use crate::support::listen;
use crate::upgrade::h2_client::{connection, extended_connect};
use crate::upgrade::server::{serve, soon};

/// A server that accepts every request and never sends its response.
async fn hung(config: Config) -> (std::net::SocketAddr, mpsc::UnboundedReceiver<HandshakeError>) {
    let (sender, failures) = mpsc::unbounded_channel();
    let address = serve(move |extractor| {
        let (sender, config) = (sender.clone(), config.clone());
        async move {
            let failed = move |error| drop(sender.send(error));
            let response = extractor
                .config(config)
                .on_failed_upgrade(failed)
                .on_upgrade(async |_socket| panic!("nothing was answered"));
            std::future::pending::<()>().await;
            response
        }
    })
    .await;
    (address, failures)
}

#[tokio::test]
async fn a_hung_answer_ends_in_a_timeout() {
    soon(async {
        let config =
            Config { handshake_timeout: Some(Duration::from_millis(50)), ..Config::default() };
        let (address, mut failures) = hung(config).await;
        let mut over_http1 = TcpStream::connect(address).await.expect("a server");
        over_http1.write_all(REQUEST.as_bytes()).await.expect("open");
        expect_timeout(failures.recv().await);
        let mut sender = connection(address).await;
        let _asked = sender.send_request(extended_connect(&[]), false).expect("sent");
        expect_timeout(failures.recv().await);
    })
    .await;
}

fn expect_timeout(failure: Option<HandshakeError>) {
    match failure {
        Some(HandshakeError::Io(error)) if error.kind() == io::ErrorKind::TimedOut => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_is_reported() {
    soon(async {
        let (address, mut failures) =
            hung(Config { handshake_timeout: None, ..Config::default() }).await;
        let mut over_http1 = TcpStream::connect(address).await.expect("a server");
        over_http1.write_all(REQUEST.as_bytes()).await.expect("open");
        drop(over_http1);
        assert!(matches!(failures.recv().await, Some(HandshakeError::Io(_))));
        let mut sender = connection(address).await;
        let (answer, mut to) = sender.send_request(extended_connect(&[]), false).expect("sent");
        to.send_reset(h2::Reason::CANCEL);
        assert!(matches!(failures.recv().await, Some(HandshakeError::Io(_))));
        drop(answer);
    })
    .await;
}

/// `serve_connection` without `with_upgrades`.
#[tokio::test]
async fn a_server_that_keeps_its_connections_is_an_error() {
    soon(async {
        let (listener, address) = listen().await;
        let (sender, mut failures) = mpsc::unbounded_channel();
        let service = service_fn(move |mut request: Request<hyper::body::Incoming>| {
            let sender = sender.clone();
            async move {
                let granted = upgrade(&mut request, Config::default());
                let (response, socket): (Response<String>, _) = granted.expect("valid");
                tokio::spawn(async move { sender.send(socket.await.map(drop)) });
                Ok::<_, Infallible>(response)
            }
        });
        tokio::spawn(async move {
            let (stream, _peer) = listener.accept().await.expect("a client");
            let server = hyper::server::conn::http1::Builder::new();
            server.serve_connection(TokioIo::new(stream), service).await
        });
        let mut client = TcpStream::connect(address).await.expect("a server");
        client.write_all(REQUEST.as_bytes()).await.expect("open");
        assert!(matches!(failures.recv().await, Some(Err(HandshakeError::Io(_)))));
    })
    .await;
}

/// Only an accepted request takes the right to the connection.
#[tokio::test]
async fn a_refused_request_is_as_it_was() {
    soon(async {
        let (listener, address) = listen().await;
        let service = service_fn(|mut request: Request<hyper::body::Incoming>| async move {
            let refused = Upgrade::from_request(&mut request, Config::default());
            assert_eq!(refused.expect_err("of version 12").status(), 426);
            request.headers_mut().insert("sec-websocket-version", "13".parse().expect("valid"));
            let granted = upgrade(&mut request, Config::default());
            let (response, _socket): (Response<String>, _) = granted.expect("valid");
            Ok::<_, Infallible>(response)
        });
        tokio::spawn(async move {
            let (stream, _peer) = listener.accept().await.expect("a client");
            let server = hyper::server::conn::http1::Builder::new();
            server.serve_connection(TokioIo::new(stream), service).with_upgrades().await
        });
        let mut client = TcpStream::connect(address).await.expect("a server");
        client.write_all(REQUEST.replace("13", "12").as_bytes()).await.expect("open");
        let mut status = [0; 12];
        tokio::io::AsyncReadExt::read_exact(&mut client, &mut status).await.expect("an answer");
        assert_eq!(&status, b"HTTP/1.1 101");
    })
    .await;
}
