//! Connections that are established, and connections that fail.

use std::io::ErrorKind;
use std::time::Duration;

use async_std::net::TcpListener;
use async_std::task;
use ws_async_std::client::{ClientHandshakeErrorKind, ClientRequest, Uri};
use ws_async_std::{
    CloseCode, Config, ConnectError, Error, HandshakeError, Message, accept, connect, connect_with,
    incoming,
};

/// A listener, and the address that clients connect to.
async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, format!("ws://{address}/"))
}

#[async_std::test]
async fn a_conversation() {
    let (listener, uri) = listen().await;
    let server = task::spawn(async move {
        let (stream, _peer) = listener.accept().await.expect("a client");
        let mut socket = accept(stream, Config::default()).await.expect("a request");
        let message = socket.recv().await.expect("no error").expect("open");
        socket.send(message).await.expect("open");
        while socket.recv().await.expect("no error").is_some() {}
        socket.closed().expect("facts").code()
    });
    let mut socket = connect(&uri).await.expect("a server");
    socket.send("hello").await.expect("open");
    assert_eq!(socket.recv().await.expect("no error"), Some(Message::text("hello")));
    socket.close_and_discard(CloseCode::NORMAL).await.expect("no error");
    assert_eq!(server.await, CloseCode::NORMAL);
}

#[async_std::test]
async fn a_request_that_is_refused() {
    let (listener, uri) = listen().await;
    let server = task::spawn(async move {
        let (stream, _peer) = listener.accept().await.expect("a client");
        let incoming = incoming(stream, Config::default()).await.expect("a request");
        let request = incoming.request().expect("valid");
        let asked = (request.path().to_owned(), request.header("user-agent").map(str::to_owned));
        incoming.reject(403, |answer| Ok(answer.body("no!"))).await.expect("an answer");
        asked
    });
    let Err(ConnectError::Handshake(HandshakeError::Refused(response))) = connect(&uri).await
    else {
        panic!("refused")
    };
    assert_eq!((response.status(), response.body()), (403, &b"no!"[..]));
    let user_agent = concat!("ws-async-std/", env!("CARGO_PKG_VERSION"));
    assert_eq!(server.await, ("/".into(), Some(user_agent.into())));
}

#[async_std::test]
async fn connection_refused() {
    let (listener, uri) = listen().await;
    drop(listener);
    let error = connect(&uri).await.expect_err("no listener");
    assert!(!error.is_timeout());
    let Error::Connect(error) = error.into() else { panic!("an error of connecting") };
    let Ok(ConnectError::Io(error)) = error.downcast() else { panic!("an error of the stream") };
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[async_std::test]
async fn a_server_that_does_not_answer() {
    let (_listener, uri) = listen().await;
    let uri: Uri = uri.parse().expect("an address");
    let config = Config { handshake_timeout: Some(Duration::from_millis(50)), ..Config::default() };
    let result = connect_with(&uri, ClientRequest::for_uri(&uri), config).await;
    let error = result.expect_err("late");
    assert!(error.is_timeout(), "{error}");
    let ConnectError::Handshake(HandshakeError::Response(late)) = &error else { panic!("{error}") };
    assert_eq!(late.kind(), ClientHandshakeErrorKind::Timeout);
    let error = Error::from(error);
    assert!(error.is_timeout() && matches!(error, Error::Handshake(_)), "{error}");
}

#[async_std::test]
async fn addresses_that_it_cannot_reach() {
    let error = connect("wss://localhost/").await.expect_err("no TLS here");
    assert!(matches!(error, ConnectError::Secure), "{error}");
    let error = connect("https://localhost/").await.expect_err("no TLS here");
    assert!(matches!(error, ConnectError::Secure), "{error}");
    let error = connect("ftp://localhost/").await.expect_err("another scheme");
    assert!(matches!(error, ConnectError::Uri(_)), "{error}");
}
