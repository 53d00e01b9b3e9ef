//! Limits for connections and requests.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{sleep, timeout};
use ws_tokio::serve::{ConnectionError, ServeError};
use ws_tokio::{CloseCode, Config, HandshakeError, connect_on, http2};

use crate::http_server::{
    REQUEST_TIMEOUT, answer, ask, assert_echoed, end, over_http2, request, serve, serve_plainly,
};

#[tokio::test(start_paused = true)]
async fn connections_without_a_request_beyond_the_bound_wait() {
    let (network, _serving) = serve(|serve| serve.max_handshakes(2).into_future());
    let first = network.connect();
    let _second = network.connect();
    let mut third = network.connect();
    let served = timeout(REQUEST_TIMEOUT / 2, ask(&mut third)).await;
    assert!(served.is_err(), "there are two without a request");
    // One has ended.
    drop(first);
    let answer = timeout(REQUEST_TIMEOUT / 4, answer(&mut third)).await.expect("served");
    assert!(answer.ends_with("hello"));
    // A connection with a request does not count, though it stays open.
    assert!(ask(&mut network.connect()).await.ends_with("hello"));
    assert_echoed(&mut network.over_http1().await).await;
}

#[tokio::test(start_paused = true)]
async fn connections_beyond_the_bound_are_answered_503() {
    let (network, _serving) = serve(|serve| serve.max_connections(2).into_future());
    // A kept-alive connection, and one that has become a WebSocket.
    let mut kept = network.connect();
    assert!(ask(&mut kept).await.ends_with("hello"));
    let mut socket = network.over_http1().await;
    assert_echoed(&mut socket).await;

    let mut third = network.connect();
    let refused = ask(&mut third).await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert_eq!(end(third).await, (Duration::ZERO, Vec::new()));
    let error =
        connect_on(network.connect(), request(), Config::default()).await.expect_err("full");
    let HandshakeError::Refused(response) = error else { panic!("{error}") };
    assert_eq!(response.status(), 503);
    let mut sender = network.http2().await;
    let refused = http2::connect(&mut sender, request(), Config::default()).await;
    assert!(matches!(
        refused,
        Err(http2::Http2Error::Handshake(HandshakeError::Refused(response))) if response.status() == 503
    ));

    // The place of the WebSocket becomes free with its end.
    assert_echoed(&mut socket).await;
    socket.close_and_discard(CloseCode::NORMAL).await.expect("a clean end");
    drop(socket);
    sleep(Duration::from_millis(1)).await;
    // Also on a connection on which a request was refused.
    let mut socket = over_http2(&mut sender).await;
    assert_echoed(&mut socket).await;
    assert!(ask(&mut network.connect()).await.starts_with("HTTP/1.1 503 "));
    // So does the place of the kept-alive connection.
    drop(kept);
    sleep(Duration::from_millis(1)).await;
    assert!(ask(&mut network.connect()).await.ends_with("hello"));
}

#[tokio::test(start_paused = true)]
async fn heads_beyond_the_bounds_are_answered_431() {
    let field = |length: usize| format!("X: {}\r\n", "x".repeat(length));
    let fields = |count: usize| "X: x\r\n".repeat(count);
    let (default, _) = serve(IntoFuture::into_future);
    let (more, _) = serve(|serve| serve.max_head_size(32 * 1024).max_headers(200).into_future());
    for (network, fields, status) in [
        (&default, field(15 * 1024), "200"),
        (&default, field(17 * 1024), "431"),
        (&default, fields(99), "200"),
        (&default, fields(101), "431"),
        (&more, field(31 * 1024), "200"),
        (&more, field(33 * 1024), "431"),
        (&more, fields(199), "200"),
        (&more, fields(201), "431"),
    ] {
        let stream = network.connect();
        let (mut reader, mut writer) = tokio::io::split(stream);
        let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");
        // The server does not wait for the end of a head that is too long.
        tokio::spawn(async move { writer.write_all(head.as_bytes()).await });
        let answer = answer(&mut reader).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{} bytes", fields.len());
    }
}

#[tokio::test(start_paused = true)]
async fn streams_of_http2_beyond_the_bound_wait() {
    let (network, _serving) = serve(|serve| serve.max_streams(2).into_future());
    let mut sender = network.http2().await;
    let mut first = over_http2(&mut sender).await;
    let mut second = over_http2(&mut sender).await;
    let third = timeout(REQUEST_TIMEOUT / 2, over_http2(&mut sender)).await;
    assert!(third.is_err(), "there are two");
    assert_echoed(&mut first).await;
    assert_echoed(&mut second).await;
}

/// The server accepts again after errors of accepting.
#[tokio::test(start_paused = true)]
async fn errors_of_accepting_do_not_end_it() {
    let (sender, mut reports) = tokio::sync::mpsc::unbounded_channel();
    let (network, serving) =
        serve(move |serve| serve.on_error(move |error| drop(sender.send(error))).into_future());
    for _ in 0..5 {
        network.fail(std::io::Error::from_raw_os_error(24));
    }
    assert!(ask(&mut network.connect()).await.ends_with("hello"));
    assert!(!serving.is_finished());
    let report = reports.try_recv().expect("a report");
    assert!(matches!(report, ServeError::Accept { unreported: 0, .. }), "{report}");
    assert!(reports.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_reported() {
    let (sender, mut reports) = tokio::sync::mpsc::unbounded_channel();
    let (network, _serving) =
        serve(move |serve| serve.on_error(move |error| drop(sender.send(error))).into_future());
    end(network.connect()).await;
    let report = reports.recv().await.expect("a report");
    assert_eq!(report.to_string(), "\"in memory\": no request in time");
    assert!(matches!(report, ServeError::Connection { error: ConnectionError::NoRequest, .. }));
    let mut nonsense = network.connect();
    nonsense.write_all(b"nonsense\r\n\r\n").await.expect("open");
    end(nonsense).await;
    let report = reports.recv().await.expect("a report");
    assert!(
        matches!(report, ServeError::Connection { error: ConnectionError::Http(_), .. }),
        "{report}"
    );
    // A connection that is no longer used is no error.
    let mut kept = network.connect();
    ask(&mut kept).await;
    end(kept).await;
    assert!(reports.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn connections_without_a_request_beyond_the_bound_may_be_dropped() {
    let (sender, mut reports) = tokio::sync::mpsc::unbounded_channel();
    let (network, _serving) = serve(move |serve| {
        let serve = serve.max_handshakes(1).drop_excess_handshakes();
        serve.on_error(move |error| drop(sender.send(error))).into_future()
    });
    let mut first = network.connect();
    assert_eq!(end(network.connect()).await, (Duration::ZERO, Vec::new()));
    let report = reports.recv().await.expect("a report");
    assert!(matches!(report, ServeError::Excess { peer: "in memory" }), "{report}");
    assert!(ask(&mut first).await.ends_with("hello"));
    assert!(ask(&mut network.connect()).await.ends_with("hello"));
}

/// A panic in the application affects one connection.
#[tokio::test(start_paused = true)]
async fn a_panic_ends_one_connection() {
    use axum::Router;
    use axum::routing::get;

    let app = Router::new()
        .route("/", get(async || "hello"))
        .route("/panic", get(async || -> &str { std::panic::resume_unwind(Box::new("a test")) }));
    let (network, queue) = crate::http_server::Network::new();
    let (sender, mut reports) = tokio::sync::mpsc::unbounded_channel();
    let serving = ws_tokio::upgrade::serve(queue, app);
    let serving = serving.on_error(move |error| drop(sender.send(error)));
    tokio::spawn(serving.into_future());
    let mut other = network.connect();
    assert!(ask(&mut other).await.ends_with("hello"));
    let mut stream = network.connect();
    stream.write_all(b"GET /panic HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("open");
    assert_eq!(end(stream).await, (Duration::ZERO, Vec::new()));
    let report = reports.recv().await.expect("a report");
    assert!(
        matches!(report, ServeError::Connection { error: ConnectionError::Panicked, .. }),
        "{report}"
    );
    assert!(ask(&mut other).await.ends_with("hello"));
    // Another connection is served.
    assert!(ask(&mut serve_plainly().connect()).await.ends_with("hello"));
}
