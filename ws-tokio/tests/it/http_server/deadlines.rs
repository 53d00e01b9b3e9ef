//! Until the first request, and between requests.

use std::time::Duration;

use hyper::Request;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, sleep};
use ws_tokio::{Message, WebSocket};

use crate::http_server::{
    REQUEST_TIMEOUT, answer, ask, assert_echoed, end, over_http2, serve, serve_plainly,
};

const SECOND: Duration = Duration::from_secs(1);
const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];

/// 100 clients send their request byte by byte and never finish it, 20 send nothing.
#[tokio::test(start_paused = true)]
async fn slow_and_silent_clients_are_gone_in_time() {
    let network = serve_plainly();
    let begin = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..120 {
        let stream = network.connect();
        clients.spawn(async move {
            let (mut reader, mut writer) = tokio::io::split(stream);
            if number < 100 {
                tokio::spawn(async move {
                    for byte in &HEAD[..HEAD.len() - 1] {
                        if writer.write_all(&[*byte]).await.is_err() {
                            break;
                        }
                        sleep(SECOND).await;
                    }
                });
            }
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest).await.expect("an end");
            (begin.elapsed(), rest)
        });
    }
    while let Some(ended) = clients.join_next().await {
        assert_eq!(ended.expect("no panic"), (REQUEST_TIMEOUT, Vec::new()));
    }
}

/// Whatever the client has sent.
#[tokio::test(start_paused = true)]
async fn half_of_http2_is_no_request() {
    for sent in [&PREFACE[..10], PREFACE, &[PREFACE, SETTINGS].concat()] {
        let network = serve_plainly();
        let mut stream = network.connect();
        stream.write_all(sent).await.expect("open");
        let (after, _) = end(stream).await;
        assert_eq!(after, REQUEST_TIMEOUT, "{}", sent.escape_ascii());
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_client_in_time_is_served() {
    let network = serve_plainly();
    let mut stream = network.connect();
    let pause = REQUEST_TIMEOUT / (HEAD.len() as u32 + 1);
    for byte in HEAD {
        stream.write_all(&[*byte]).await.expect("open");
        sleep(pause).await;
    }
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("hello"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_kept_for_the_next_request_until_the_deadline() {
    let network = serve_plainly();
    let mut stream = network.connect();
    for _ in 0..5 {
        assert!(ask(&mut stream).await.ends_with("hello"));
        sleep(REQUEST_TIMEOUT - SECOND).await;
    }
    assert_eq!(end(stream).await, (SECOND, Vec::new()));
}

/// Bytes of the next request do not extend the deadline.
#[tokio::test(start_paused = true)]
async fn the_next_request_has_the_deadline_too() {
    let network = serve_plainly();
    let mut stream = network.connect();
    assert!(ask(&mut stream).await.ends_with("hello"));
    sleep(REQUEST_TIMEOUT - SECOND).await;
    stream.write_all(&HEAD[..20]).await.expect("open");
    assert_eq!(end(stream).await, (SECOND, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_connection_over_http2_is_kept_for_the_next_request_until_the_deadline() {
    let network = serve_plainly();
    let mut sender = network.http2().await;
    for _ in 0..3 {
        let request = Request::get("http://localhost/").body(String::new()).expect("valid");
        let response = sender.send_request(request).await.expect("an answer");
        assert_eq!(response.status(), 200);
        drop(response);
        sleep(REQUEST_TIMEOUT - SECOND).await;
        assert!(!sender.is_closed());
    }
    sleep(2 * SECOND).await;
    assert!(sender.is_closed());
}

/// The configured deadline applies.
#[tokio::test(start_paused = true)]
async fn the_deadline_can_be_set() {
    let (network, _serving) = serve(|serve| serve.request_timeout(SECOND).into_future());
    let silent = network.connect();
    assert_eq!(end(silent).await, (SECOND, Vec::new()));
}

/// An answer may take longer.
#[tokio::test(start_paused = true)]
async fn what_is_under_way_is_not_idle() {
    use axum::Router;
    use axum::routing::get;

    let (network, queue) = crate::http_server::Network::new();
    let slow = get(async || {
        sleep(10 * REQUEST_TIMEOUT).await;
        "hello"
    });
    tokio::spawn(ws_tokio::upgrade::serve(queue, Router::new().route("/", slow)).into_future());
    let mut stream = network.connect();
    assert!(ask(&mut stream).await.ends_with("hello"));
    assert_eq!(end(stream).await, (REQUEST_TIMEOUT, Vec::new()));
}

/// A WebSocket has its own deadlines, and the client answers its pings here.
#[tokio::test(start_paused = true)]
async fn web_sockets_outlive_the_deadlines() {
    let network = serve_plainly();
    let mut over_http1 = network.over_http1().await;
    let mut sender = network.http2().await;
    let mut over_http2 = over_http2(&mut sender).await;
    drop(sender);
    let hour = Duration::from_secs(60 * 60);
    let (one, other) = tokio::join!(
        tokio::time::timeout(hour, until_the_end(&mut over_http1)),
        tokio::time::timeout(hour, until_the_end(&mut over_http2))
    );
    assert!(one.is_err() && other.is_err(), "they have ended");
    assert_echoed(&mut over_http1).await;
    assert_echoed(&mut over_http2).await;
}

/// Receives only pings and pongs.
async fn until_the_end<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocket<S>) {
    while let Ok(Some(Message::Ping(_) | Message::Pong(_))) = socket.recv().await {}
}

/// The connection below is idle when its last WebSocket has ended.
#[tokio::test(start_paused = true)]
async fn a_connection_without_a_web_socket_any_more_is_idle() {
    let network = serve_plainly();
    let mut sender = network.http2().await;
    let mut socket = over_http2(&mut sender).await;
    assert_echoed(&mut socket).await;
    sleep(2 * REQUEST_TIMEOUT).await;
    assert_echoed(&mut socket).await;
    socket.close_and_discard(ws_tokio::CloseCode::NORMAL).await.expect("a clean end");
    drop(socket);
    sleep(REQUEST_TIMEOUT - SECOND).await;
    assert!(!sender.is_closed());
    sleep(2 * SECOND).await;
    assert!(sender.is_closed());
}

/// An unfinished TLS handshake, and one that never starts.
#[cfg(feature = "rustls")]
#[tokio::test(start_paused = true)]
async fn half_a_tls_handshake() {
    use ws_tokio::TlsAcceptor;

    let own = rcgen::generate_simple_self_signed(["localhost".into()]).expect("a certificate");
    let key = own.signing_key.serialize_pem();
    let acceptor = TlsAcceptor::from_pem(own.cert.pem(), key).expect("a pair");
    let (network, queue) = crate::http_server::Network::new();
    let listener = acceptor.handshake_timeout(None).listen(queue);
    tokio::spawn(ws_tokio::upgrade::serve(listener, crate::http_server::app()).into_future());
    for sent in [&[][..], &[0x16, 3, 1, 2, 0]] {
        let mut stream = network.connect();
        stream.write_all(sent).await.expect("open");
        assert_eq!(end(stream).await, (REQUEST_TIMEOUT, Vec::new()));
    }
}
