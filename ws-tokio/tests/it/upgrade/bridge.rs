//! The example that forwards HTTP/1.1 clients to an HTTP/2 server.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use ws_tokio::client::ClientRequest;
use ws_tokio::{CloseCode, Config, Message, WebSocket};

use crate::support::listen;
use crate::upgrade::http2_bridge::{carry_frames, serve};
use crate::upgrade::raw_h2::{NO_ERROR, RawH2, WINDOW, close, data, ok, ok_with, reset};
use crate::upgrade::server::{
    compressing, echo, echo_server, echoed, in_both_orders, over_http1, request, soon,
};

/// More than the windows and buffers between client and server hold.
const LARGE: usize = 2_000_000;

/// Forwards clients to a server.
async fn bridge_to(server: SocketAddr) -> SocketAddr {
    let (listener, address) = listen().await;
    tokio::spawn(async move { serve(listener, &server.to_string()).await });
    address
}

async fn ended(socket: &mut WebSocket<TcpStream>) -> CloseCode {
    while let Ok(Some(_)) = socket.recv().await {}
    socket.closed().expect("closed").code()
}

#[tokio::test]
async fn frames_and_extensions_are_carried() {
    soon(async {
        let address = bridge_to(echo_server().await).await;
        let asked = request(address).subprotocol("v1");
        let (mut socket, response) =
            over_http1(address, asked, compressing()).await.expect("granted");
        assert_eq!(response.subprotocol(), Some("v1"));
        echoed(&mut socket, "hello").await;
        echoed(&mut socket, vec![7; 300_000]).await;
        socket.close_and_discard(CloseCode::NORMAL).await.expect("closed");
        assert!(socket.closed().expect("closed").is_clean());
    })
    .await;
}

/// The server answers a message that is too big with a Close frame, and resets the stream.
#[test]
fn a_close_before_a_reset_reaches_a_client_that_sends() {
    in_both_orders(async || {
        for run in 0..20 {
            let (listener, server) = listen().await;
            let refusing = tokio::spawn(async move {
                let (stream, _peer) = listener.accept().await.expect("a bridge");
                let mut server = RawH2::server(stream).await;
                server.write(&ok()).await;
                server.data(WINDOW).await;
                let wire = [data(&close(1009, false), true), reset(NO_ERROR)].concat();
                server.write(&wire).await;
                server.end().await;
            });
            let address = bridge_to(server).await;
            let (mut socket, _) =
                over_http1(address, ClientRequest::new("a", "/"), Config::default())
                    .await
                    .expect("granted");
            let _ = socket.feed(vec![7; LARGE]).await;
            assert_eq!(ended(&mut socket).await, CloseCode::TOO_BIG, "run {run}");
            drop(socket);
            refusing.abort();
        }
    });
}

/// A stream that was reset after these bytes, which its writer detects first.
struct Reset(&'static [u8]);

impl AsyncRead for Reset {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Reset {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }
}

#[tokio::test]
async fn what_arrived_before_a_reset_is_carried_whoever_finds_out_first() {
    soon(async {
        let (listener, address) = listen().await;
        let mut client = TcpStream::connect(address).await.expect("a bridge");
        let (stream, _peer) = listener.accept().await.expect("a client");
        client.write_all(&[7; 100_000]).await.expect("open");
        stream.readable().await.expect("open");
        let carrying = tokio::spawn(carry_frames(stream, b"early", Reset(b"\x88\x02\x03\xf1")));
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.expect("an end, not a reset");
        assert_eq!(received, b"\x88\x02\x03\xf1");
        drop(client);
        carrying.await.expect("no panic").expect("forwarded to the end");
    })
    .await;
}

/// As a proxy may forward it if it uses HTTP/1.1 to its server.
#[tokio::test]
async fn the_accept_field_is_the_bridges_own() {
    soon(async {
        let (listener, server) = listen().await;
        let granting = tokio::spawn(async move {
            let (stream, _peer) = listener.accept().await.expect("a bridge");
            let mut server = RawH2::server(stream).await;
            server.write(&ok_with(&[("sec-websocket-accept", "x"), ("x-own", "y")])).await;
            server.data(1).await;
            server.write(&data(b"\x81\x02hi", false)).await;
            server.end().await;
        });
        let address = bridge_to(server).await;
        let (mut socket, _) = over_http1(address, ClientRequest::new("a", "/"), Config::default())
            .await
            .expect("granted");
        socket.send("hello").await.expect("open");
        assert_eq!(socket.recv().await.expect("open"), Some(Message::text("hi")));
        drop(socket);
        granting.abort();
    })
    .await;
}

/// Like a server whose connection was idle for a while.
#[tokio::test]
async fn a_connection_that_the_server_has_ended_is_replaced() {
    use axum::Router;
    use axum::routing::any;
    use tokio::net::TcpListener;
    use ws_tokio::Shutdown;
    use ws_tokio::upgrade::{self, WebSocketUpgrade};

    soon(async {
        let (listener, server) = listen().await;
        let address = bridge_to(server).await;
        let mut listener = Some(listener);
        for _ in 0..3 {
            let listener = match listener.take() {
                Some(listener) => listener,
                None => TcpListener::bind(server).await.expect("the same port"),
            };
            let app = Router::new()
                .route("/", any(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo)));
            let shutdown = Shutdown::new();
            let serving = upgrade::serve(listener, app).shutdown(&shutdown);
            let serving = tokio::spawn(serving.into_future());
            let connected = over_http1(address, request(address), Config::default()).await;
            let mut socket = connected.expect("granted").0;
            echoed(&mut socket, "hello").await;
            shutdown.begin();
            assert_eq!(ended(&mut socket).await, CloseCode::GOING_AWAY);
            serving.await.expect("no panic");
        }
    })
    .await;
}
