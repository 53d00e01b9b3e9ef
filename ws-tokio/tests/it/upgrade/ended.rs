//! HTTP/2 streams that end without a Close frame.

use h2::Reason;
use tokio::sync::mpsc;
use ws_tokio::proto::ErrorKind;
use ws_tokio::proto::Role;
use ws_tokio::upgrade::WebSocket;
use ws_tokio::{CloseCode, Config, Error};

use crate::support::listen;
use crate::upgrade::h2_client::Stream;
use crate::upgrade::server::{echoed, over_http2, request, serve, soon};

/// A server that reports how each of its sockets has ended.
async fn server() -> (std::net::SocketAddr, mpsc::UnboundedReceiver<(Error, CloseCode)>) {
    let (sender, ends) = mpsc::unbounded_channel();
    let address = serve(move |upgrade| {
        let sender = sender.clone();
        async move {
            upgrade.on_upgrade(async move |mut socket: WebSocket| {
                let error = end(&mut socket).await;
                let _ = sender.send((error, socket.closed().expect("closed").code()));
            })
        }
    })
    .await;
    (address, ends)
}

/// Echoes until there is an error.
async fn end(socket: &mut WebSocket) -> Error {
    loop {
        match socket.recv().await {
            Ok(Some(message)) => socket.send(message).await.expect("open"),
            Ok(None) => panic!("a clean end"),
            Err(error) => break error,
        }
    }
}

fn expect_eof((error, code): (Error, CloseCode)) {
    let Error::Protocol(error) = error else { panic!("{error}") };
    assert_eq!((error.kind(), code), (ErrorKind::UnexpectedEof, CloseCode::ABNORMAL));
}

#[tokio::test]
async fn a_reset_by_the_client_is_1006() {
    soon(async {
        let (address, mut ends) = server().await;
        let mut stream = Stream::open(address).await;
        stream.send(ws_wire::frame(Role::Server, 0x81, b"hello"));
        assert_eq!(stream.receive(7).await, b"\x81\x05hello");
        stream.to.send_reset(Reason::CANCEL);
        expect_eof(ends.recv().await.expect("an end"));
    })
    .await;
}

#[tokio::test]
async fn an_end_by_the_client_is_1006() {
    soon(async {
        let (address, mut ends) = server().await;
        let mut stream = Stream::open(address).await;
        stream
            .to
            .send_data(ws_wire::frame(Role::Server, 0x81, b"hello").into(), true)
            .expect("open");
        assert_eq!(stream.receive(7).await, b"\x81\x05hello");
        expect_eof(ends.recv().await.expect("an end"));
    })
    .await;
}

#[tokio::test]
async fn a_dropped_socket_is_1006_to_the_server() {
    soon(async {
        let (address, mut ends) = server().await;
        let (mut socket, _) =
            over_http2(address, request(address), Config::default()).await.expect("granted");
        echoed(&mut socket, "hello").await;
        drop(socket);
        expect_eof(ends.recv().await.expect("an end"));
    })
    .await;
}

#[tokio::test]
async fn a_socket_dropped_by_the_server_is_1006_to_the_client() {
    soon(async {
        let address = serve(async |upgrade| upgrade.on_upgrade(async |socket| drop(socket))).await;
        let (mut socket, _) =
            over_http2(address, request(address), Config::default()).await.expect("granted");
        let error = socket.recv().await.expect_err("an end");
        expect_eof((error, socket.closed().expect("closed").code()));
    })
    .await;
}

#[tokio::test]
async fn a_reset_by_the_server_is_1006() {
    soon(async {
        let (listener, address) = listen().await;
        let server = tokio::spawn(async move {
            let (stream, _peer) = listener.accept().await.expect("a client");
            let mut builder = h2::server::Builder::new();
            let builder = builder.enable_connect_protocol();
            let mut connection =
                builder.handshake::<_, hyper::body::Bytes>(stream).await.expect("HTTP/2");
            let (request, mut respond) =
                connection.accept().await.expect("a request").expect("valid");
            let mut to = respond.send_response(hyper::Response::new(()), false).expect("open");
            tokio::spawn(async move {
                let mut from = request.into_body();
                from.data().await.expect("open").expect("a message");
                to.send_reset(Reason::CANCEL);
            });
            while connection.accept().await.is_some() {}
        });
        let (mut socket, _) =
            over_http2(address, request(address), Config::default()).await.expect("granted");
        socket.send("hello").await.expect("open");
        let error = socket.recv().await.expect_err("an end");
        expect_eof((error, socket.closed().expect("closed").code()));
        drop(socket);
        server.await.expect("no panic");
    })
    .await;
}
