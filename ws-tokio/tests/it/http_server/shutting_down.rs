//! A server that stops.

use std::time::Duration;

use axum::Router;
use axum::extract::Extension;
use axum::routing::{any, get};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep};
use ws_tokio::client::ClientRequest;
use ws_tokio::upgrade::{self, WebSocketUpgrade};
use ws_tokio::{CloseCode, Config, Error, Message, Shutdown, connect_on};

use crate::http_server::{Network, answer, app, ask, assert_echoed, end, over_http2, serve};

const SECOND: Duration = Duration::from_secs(1);

/// Over both versions of HTTP.
#[tokio::test(start_paused = true)]
async fn web_sockets_are_closed_and_waited_for() {
    let shutdown = Shutdown::new();
    let begun = shutdown.clone();
    let (network, serving) = serve(|serve| {
        serve.with_graceful_shutdown(async move { begun.begun().await }).into_future()
    });
    let mut over_http1 = network.over_http1().await;
    let mut sender = network.http2().await;
    let mut over_http2 = [over_http2(&mut sender).await, over_http2(&mut sender).await];
    assert_echoed(&mut over_http1).await;
    for socket in &mut over_http2 {
        assert_echoed(socket).await;
    }
    shutdown.begin();
    // The peers answer a little later.
    sleep(SECOND).await;
    assert!(!serving.is_finished());
    let going_away = Message::Close(CloseCode::GOING_AWAY.into());
    assert_eq!(over_http1.recv().await.expect("open"), Some(going_away.clone()));
    assert_eq!(over_http1.recv().await.expect("a clean end"), None);
    for socket in &mut over_http2 {
        assert_eq!(socket.recv().await.expect("open"), Some(going_away.clone()));
        assert_eq!(socket.recv().await.expect("a clean end"), None);
    }
    let ended = serving.await.expect("no panic");
    assert_eq!((ended.clean, ended.cut), (3, 0));
    assert!(sender.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_under_way_is_answered() {
    let shutdown = Shutdown::new();
    let slow = get(async || {
        sleep(5 * SECOND).await;
        "hello"
    });
    let (network, queue) = Network::new();
    let serving = upgrade::serve(queue, Router::new().route("/", slow)).shutdown(&shutdown);
    let serving = tokio::spawn(serving.into_future());
    let mut stream = network.connect();
    let (answered, ()) = tokio::join!(ask(&mut stream), async {
        sleep(SECOND).await;
        shutdown.begin();
    });
    assert!(answered.ends_with("hello"));
    assert_eq!(end(stream).await, (Duration::ZERO, Vec::new()));
    serving.await.expect("no panic");
}

/// Neither connections without a request, nor those that are idle between requests.
#[tokio::test(start_paused = true)]
async fn connections_that_do_nothing_are_not_waited_for() {
    let shutdown = Shutdown::new();
    let (network, serving) = serve(|serve| serve.shutdown(&shutdown).into_future());
    let silent = network.connect();
    let mut slow = network.connect();
    slow.write_all(b"GET / HTTP/1.1\r\n").await.expect("open");
    let mut kept = network.connect();
    ask(&mut kept).await;
    let sender = network.http2().await;
    sleep(SECOND).await;
    let begin = Instant::now();
    shutdown.begin();
    serving.await.expect("no panic");
    assert_eq!(begin.elapsed(), Duration::ZERO);
    for stream in [silent, slow, kept] {
        assert_eq!(end(stream).await, (Duration::ZERO, Vec::new()));
    }
    sleep(SECOND).await;
    assert!(sender.is_closed());
}

/// The shutdown waits for the task of a WebSocket, and eventually cuts it.
#[tokio::test(start_paused = true)]
async fn a_web_socket_that_is_not_looked_at_is_cut() {
    let shutdown = Shutdown::new();
    let (network, queue) = Network::new();
    let forever = async |upgrade: WebSocketUpgrade| {
        upgrade.on_upgrade(async |socket| {
            let _socket = socket;
            std::future::pending::<()>().await;
        })
    };
    let serving = upgrade::serve(queue, Router::new().route("/ws", any(forever)));
    let serving = serving.shutdown(&shutdown).shutdown_timeout(7 * SECOND);
    let serving = tokio::spawn(serving.into_future());
    let mut over_http1 = network.over_http1().await;
    let mut sender = network.http2().await;
    let mut over_http2 = over_http2(&mut sender).await;
    let begin = Instant::now();
    shutdown.begin();
    let ended = serving.await.expect("no panic");
    assert_eq!(begin.elapsed(), 7 * SECOND);
    assert_eq!((ended.clean, ended.cut), (0, 2));
    assert!(over_http1.recv().await.is_err());
    assert!(over_http2.recv().await.is_err());
}

/// A WebSocket in the application's own task then ends with an error, if it is polled.
#[tokio::test(start_paused = true)]
async fn a_web_socket_in_a_task_of_its_own_is_cut() {
    use std::convert::Infallible;

    use http_body_util::Empty;
    use hyper::body::{Bytes, Incoming};
    use hyper::service::service_fn;
    use hyper::{Request, Response};

    let (sender, mut results) = tokio::sync::mpsc::unbounded_channel();
    let answer = move |mut request: Request<Incoming>| {
        let sender = sender.clone();
        async move {
            let config = Config { close_timeout: Duration::MAX, ..Config::default() };
            let (response, socket) = match upgrade::upgrade(&mut request, config) {
                Ok(upgrade) => upgrade,
                Err(rejection) => {
                    return Ok::<Response<Empty<Bytes>>, Infallible>(
                        Response::builder()
                            .status(rejection.status())
                            .body(Empty::new())
                            .expect("valid"),
                    );
                }
            };
            tokio::spawn(async move {
                let mut socket = socket.await.expect("a socket");
                let _ = sender.send(socket.recv().await);
            });
            Ok(response)
        }
    };
    let shutdown = Shutdown::new();
    let (network, queue) = Network::new();
    let serving = upgrade::serve(queue, service_fn(answer)).shutdown(&shutdown);
    let serving = tokio::spawn(serving.into_future());
    // It does not answer the Close frame.
    let _socket = network.over_http1().await;
    let begin = Instant::now();
    shutdown.begin();
    let ended = serving.await.expect("no panic");
    assert_eq!((begin.elapsed(), ended.clean, ended.cut), (15 * SECOND, 0, 1));
    let Some(Err(Error::Io(error))) = results.recv().await else { panic!("no error") };
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionAborted);
}

/// A layer passes the shutdown to the upgrade, in front of any server.
#[tokio::test]
async fn a_server_of_axum_s_own() {
    let shutdown = Shutdown::new();
    let (listener, address) = crate::support::listen().await;
    let layered = app().layer(Extension(shutdown.clone()));
    tokio::spawn(async move { axum::serve(listener, layered).await });
    let stream = tokio::net::TcpStream::connect(address).await.expect("a server");
    let connected =
        connect_on(stream, ClientRequest::new("localhost", "/ws"), Config::default()).await;
    let mut socket = connected.expect("granted").0;
    assert_echoed(&mut socket).await;
    assert_eq!(shutdown.connections(), 1);
    shutdown.begin();
    while socket.recv().await.expect("a clean end").is_some() {}
    assert_eq!(shutdown.drained().await.clean, 1);
}

/// A WebSocket whose request is accepted while the server stops is closed at once.
#[tokio::test(start_paused = true)]
async fn a_web_socket_that_is_just_being_opened() {
    let shutdown = Shutdown::new();
    let begun = shutdown.clone();
    let handler = async move |upgrade: WebSocketUpgrade| {
        begun.begin();
        upgrade.on_upgrade(crate::http_server::echo)
    };
    let (network, queue) = Network::new();
    let serving = upgrade::serve(queue, Router::new().route("/ws", any(handler)));
    let serving = tokio::spawn(serving.shutdown(&shutdown).into_future());
    let mut socket = network.over_http1().await;
    let received = socket.recv().await.expect("open");
    assert_eq!(received, Some(Message::Close(CloseCode::GOING_AWAY.into())));
    assert_eq!(socket.recv().await.expect("a clean end"), None);
    assert_eq!(serving.await.expect("no panic").clean, 1);
}

/// While one request is answered the next ones of the same connection are not read.
#[tokio::test(start_paused = true)]
async fn pipelined_requests_end_with_the_first() {
    let shutdown = Shutdown::new();
    let begun = shutdown.clone();
    let handler = async move || {
        begun.begin();
        sleep(SECOND).await;
        "hello"
    };
    let (network, queue) = Network::new();
    let serving = upgrade::serve(queue, Router::new().route("/", get(handler)));
    tokio::spawn(serving.shutdown(&shutdown).into_future());
    let mut stream = network.connect();
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(&[&request[..], request].concat()).await.expect("open");
    assert!(answer(&mut stream).await.ends_with("hello"));
    assert_eq!(end(stream).await, (Duration::ZERO, Vec::new()));
}
