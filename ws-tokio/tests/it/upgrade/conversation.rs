//! Whole conversations with an axum server, compressed, over both versions of HTTP.

use hyper::{Request, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use ws_tokio::client::Response;
use ws_tokio::{Close, CloseCode, Config, Error, Limits, Message, WebSocket};

use crate::upgrade::server::{
    compressing, echo, echo_server, echoed, http2_connection, over_http1, over_http2, request,
    serve, soon,
};

#[tokio::test]
async fn over_http1_it_is_compressed() {
    soon(async {
        let address = echo_server().await;
        let (socket, response) =
            over_http1(address, request(address), compressing()).await.expect("granted");
        assert_eq!(response.status(), 101);
        converse_compressed(socket, response).await;
    })
    .await;
}

#[tokio::test]
async fn over_http2_it_is_compressed() {
    soon(async {
        let address = echo_server().await;
        let (socket, response) =
            over_http2(address, request(address), compressing()).await.expect("granted");
        assert_eq!(response.status(), 200);
        assert_eq!(socket.get_ref().get_ref().version(), Version::HTTP_2);
        converse_compressed(socket, response).await;
    })
    .await;
}

async fn converse_compressed<S>(mut socket: WebSocket<S>, response: Response)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let extension = response.header("sec-websocket-extensions").expect("compressed");
    assert!(extension.starts_with("permessage-deflate"), "{extension}");
    echoed(&mut socket, "hello").await;
    echoed(&mut socket, "").await;
    echoed(&mut socket, "again and ".repeat(100_000)).await;
    echoed(&mut socket, (0..300_000).map(|i| (i % 251) as u8).collect::<Vec<u8>>()).await;
    let sent = socket.stats().sent;
    assert!(sent.bytes < 100_000, "{sent:?}");
    socket.close_and_discard(CloseCode::NORMAL).await.expect("a clean end");
    let closed = socket.closed().expect("closed");
    assert_eq!(closed.received.as_ref().map(|close| close.code), Some(CloseCode::NORMAL));
}

/// Longer than an HTTP/2 frame, and than its windows.
#[tokio::test]
async fn large_messages_pass_without_compression() {
    soon(async {
        let address = echo_server().await;
        let message = Message::binary((0..5_000_000).map(|i| (i % 251) as u8).collect::<Vec<_>>());
        let (mut over_http1, _) =
            over_http1(address, request(address), Config::default()).await.expect("granted");
        echoed(&mut over_http1, message.clone()).await;
        let (mut over_http2, _) =
            over_http2(address, request(address), Config::default()).await.expect("granted");
        echoed(&mut over_http2, message).await;
    })
    .await;
}

#[tokio::test]
async fn many_share_an_http2_connection() {
    soon(async {
        let address = echo_server().await;
        let mut sender = http2_connection(address).await;
        let mut sockets = Vec::new();
        for _ in 0..50 {
            let connected =
                ws_tokio::http2::connect(&mut sender, request(address), compressing()).await;
            sockets.push(connected.expect("granted").0);
        }
        // The sockets keep the connection open now.
        drop(sender);
        for (i, socket) in sockets.iter_mut().enumerate() {
            socket.send(format!("message {i}")).await.expect("open");
        }
        for (i, socket) in sockets.iter_mut().enumerate() {
            let received = socket.recv().await.expect("open");
            assert_eq!(received, Some(Message::text(format!("message {i}"))));
        }
        for mut socket in sockets {
            socket.close_and_discard(CloseCode::NORMAL).await.expect("a clean end");
        }
    })
    .await;
}

/// A hyper connection that was not opened for WebSockets.
#[tokio::test]
async fn plain_requests_go_over_the_same_http2_connection() {
    soon(async {
        let address = echo_server().await;
        let stream = TokioIo::new(TcpStream::connect(address).await.expect("a server"));
        let executor = TokioExecutor::new();
        let opened = hyper::client::conn::http2::handshake::<_, _, String>(executor, stream).await;
        let (mut sender, connection) = opened.expect("HTTP/2");
        tokio::spawn(connection);
        let get = || Request::get(format!("http://{address}/other")).body(String::new());
        let asked = sender.send_request(get().expect("valid")).await.expect("a response");
        assert_eq!(asked.status(), 404);
        let connected =
            ws_tokio::http2::connect(&mut sender, request(address), compressing()).await;
        let mut socket = connected.expect("granted").0;
        echoed(&mut socket, "hello").await;
        let asked = sender.send_request(get().expect("valid")).await.expect("a response");
        assert_eq!(asked.status(), 404);
        echoed(&mut socket, "still here").await;
    })
    .await;
}

#[tokio::test]
async fn the_server_chooses_a_subprotocol_that_is_offered() {
    soon(async {
        let address = echo_server().await;
        for (offers, choice) in
            [(&["v1", "v2"][..], Some("v2")), (&["v0", "v1"], Some("v1")), (&["v0"], None)]
        {
            let offer = || offers.iter().fold(request(address), |ask, name| ask.subprotocol(name));
            let (_, response) =
                over_http1(address, offer(), Config::default()).await.expect("granted");
            assert_eq!(response.subprotocol(), choice, "{offers:?} over HTTP/1.1");
            let (_, response) =
                over_http2(address, offer(), Config::default()).await.expect("granted");
            assert_eq!(response.subprotocol(), choice, "{offers:?} over HTTP/2");
        }
    })
    .await;
}

#[tokio::test]
async fn limits_of_the_extractor_hold() {
    soon(async {
        let address = serve(async |upgrade| {
            upgrade.limits(Limits { max_message_size: 10, ..Limits::incoming() }).on_upgrade(echo)
        })
        .await;
        let (mut over_http1, _) =
            over_http1(address, request(address), Config::default()).await.expect("granted");
        expect_too_big(&mut over_http1).await;
        let (mut over_http2, _) =
            over_http2(address, request(address), Config::default()).await.expect("granted");
        expect_too_big(&mut over_http2).await;
    })
    .await;
}

async fn expect_too_big<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocket<S>) {
    echoed(socket, "ten bytes!").await;
    socket.send("eleven byte").await.expect("open");
    let received = socket.recv().await.expect("open");
    let Some(Message::Close(close)) = received else { panic!("{received:?}") };
    assert_eq!(close.code, CloseCode::TOO_BIG);
}

/// The client closes the HTTP/2 stream only after the server has, as with TCP.
#[tokio::test]
async fn a_server_that_closes_ends_the_stream() {
    soon(async {
        let address = serve(async |upgrade| {
            upgrade.on_upgrade(async |mut socket| {
                let close = Close { code: CloseCode::GOING_AWAY, reason: "restarting".into() };
                let _ = socket.close_and_discard(close).await;
            })
        })
        .await;
        let (mut socket, _) =
            over_http2(address, request(address), Config::default()).await.expect("granted");
        let received = socket.recv().await.expect("open");
        let Some(Message::Close(close)) = received else { panic!("{received:?}") };
        assert_eq!((close.code, &*close.reason), (CloseCode::GOING_AWAY, "restarting"));
        assert!(matches!(socket.recv().await, Ok::<_, Error>(None)));
    })
    .await;
}
