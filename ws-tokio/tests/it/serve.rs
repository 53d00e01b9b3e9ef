//! Servers on real sockets. Their rules are tested in ws-futures, with a clock that is moved by hand.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use ws_tokio::serve::BoxError;
use ws_tokio::{
    CloseCode, Config, Error, HandshakeError, Incoming, Message, Shutdown, WebSocket, connect,
    connect_on, serve, serve_incoming,
};

use crate::support;
use crate::support::{listen, on_both_runtimes};

async fn echo<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocket<S>) -> Result<(), Error> {
    while let Some(message) = socket.recv().await? {
        if message.is_data() {
            socket.feed(message).await?;
        }
    }
    Ok(())
}

async fn assert_served<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocket<S>) {
    socket.send("hello").await.expect("open");
    assert_eq!(socket.recv().await.expect("open"), Some(Message::text("hello")));
}

#[test]
fn a_shutdown_closes_all() {
    ws_testkit::serving::a_shutdown_closes_all::<support::server::OneThread>();
    ws_testkit::serving::a_shutdown_closes_all::<support::server::Threads>();
}

#[test]
fn clients_are_served_until_the_signal() {
    on_both_runtimes(async || {
        let (listener, address) = listen().await;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(
            serve(listener, Config::default(), echo::<TcpStream>)
                .with_graceful_shutdown(async { drop(stopped.await) })
                .into_future(),
        );
        let mut sockets = Vec::new();
        for _ in 0..20 {
            let mut socket = connect(&format!("ws://{address}/")).await.expect("served");
            assert_served(&mut socket).await;
            sockets.push(socket);
        }
        stop.send(()).expect("the server waits");
        for socket in &mut sockets {
            let received = socket.recv().await.expect("a Close frame");
            let Some(Message::Close(close)) = received else { panic!("{received:?}") };
            assert_eq!(close.code, CloseCode::GOING_AWAY);
            assert_eq!(socket.recv().await.expect("a clean end"), None);
        }
        let ended = serving.await.expect("no panic");
        assert_eq!((ended.clean, ended.cut), (20, 0));
        assert!(TcpStream::connect(address).await.is_err(), "it still listens");
    });
}

/// The system does not delay small messages.
#[test]
fn segments_are_sent_at_once() {
    on_both_runtimes(async || {
        let (listener, address) = listen().await;
        let (sender, mut seen) = mpsc::unbounded_channel();
        let handler = move |socket: WebSocket<TcpStream>| {
            let stream = socket.get_ref().get_ref();
            let _ = sender.send((stream.nodelay().expect("a socket"), stream.peer_addr()));
            echo(socket)
        };
        let serving = tokio::spawn(serve(listener, Config::default(), handler).into_future());
        let socket = connect(&format!("ws://{address}/")).await.expect("served");
        let (nodelay, peer) = seen.recv().await.expect("a client");
        assert!(nodelay);
        let ours = socket.get_ref().get_ref().tcp().and_then(|tcp| tcp.local_addr().ok());
        assert_eq!(peer.ok(), ours);
        serving.abort();
    });
}

#[test]
fn a_handler_may_decide_on_the_request() {
    on_both_runtimes(async || {
        let (listener, address) = listen().await;
        let handler = async |incoming: Incoming<TcpStream>, peer: SocketAddr| {
            match incoming.request().map(|request| request.path() == "/") {
                Ok(true) => {
                    let mut socket = incoming.accept().await?;
                    socket.send(peer.to_string()).await?;
                    while socket.recv().await?.is_some() {}
                }
                _ => incoming.reject(404, |answer| Ok(answer.body("not here\n"))).await?,
            }
            Ok::<(), BoxError>(())
        };
        let serving =
            tokio::spawn(serve_incoming(listener, Config::default(), handler).into_future());
        let mut socket = connect(&format!("ws://{address}/")).await.expect("served");
        let ours = socket.get_ref().get_ref().tcp().and_then(|tcp| tcp.local_addr().ok());
        let received = socket.recv().await.expect("open");
        assert_eq!(received, ours.map(|ours| Message::text(ours.to_string())));
        let error = connect(&format!("ws://{address}/elsewhere")).await.expect_err("refused");
        let ws_tokio::ConnectError::Handshake(HandshakeError::Refused(response)) = error else {
            panic!("{error}")
        };
        assert_eq!((response.status(), response.body()), (404, &b"not here\n"[..]));
        serving.abort();
    });
}

#[cfg(unix)]
#[test]
fn over_unix_sockets() {
    use tokio::net::{UnixListener, UnixStream};
    use ws_tokio::client::ClientRequest;

    on_both_runtimes(async || {
        let path = std::env::temp_dir().join(format!("ws-tokio-serve-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).expect("a socket");
        let shutdown = Shutdown::new();
        let serving = serve(listener, Config::default(), echo::<UnixStream>).shutdown(&shutdown);
        let serving = tokio::spawn(serving.into_future());
        let stream = UnixStream::connect(&path).await.expect("a server");
        let request = ClientRequest::new("localhost", "/");
        let (mut socket, _) = connect_on(stream, request, Config::default()).await.expect("served");
        assert_served(&mut socket).await;
        shutdown.begin();
        while socket.recv().await.expect("a clean end").is_some() {}
        assert_eq!(serving.await.expect("no panic").clean, 1);
        std::fs::remove_file(&path).expect("the socket");
    });
}

/// The deadline of the request bounds a TLS handshake too.
#[cfg(feature = "rustls")]
#[test]
fn half_a_tls_handshake() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use ws_tokio::serve::{ConnectionError, ServeError};
    use ws_tokio::{Connector, TlsAcceptor, TlsConnector, TlsStream};

    on_both_runtimes(async || {
        let own = rcgen::generate_simple_self_signed(["localhost".into()]).expect("a certificate");
        let key = own.signing_key.serialize_pem();
        let acceptor = TlsAcceptor::from_pem(own.cert.pem(), key).expect("a pair");
        let (listener, address) = listen().await;
        let (sender, mut errors) = mpsc::unbounded_channel();
        let timeout = Duration::from_millis(500);
        let config = Config { handshake_timeout: Some(timeout), ..Config::default() };
        let serving = serve(acceptor.listen(listener), config, echo::<TlsStream<TcpStream>>)
            .on_error(move |error| {
                let _ = sender.send(error);
            });
        let serving = tokio::spawn(serving.into_future());

        let mut half = TcpStream::connect(address).await.expect("a server");
        // The header of a record, and nothing more.
        half.write_all(&[0x16, 3, 1, 2, 0]).await.expect("open");
        let mut silent = TcpStream::connect(address).await.expect("a server");
        // They do not prevent others from being served.
        let tls = TlsConnector::trusting(own.cert.pem()).expect("a certificate");
        let uri = format!("wss://localhost:{}/", address.port());
        let connected = Connector::new().tls(tls).connect(&uri).await;
        let mut socket = connected.expect("served").0;
        for stream in [&mut half, &mut silent] {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            let error = errors.recv().await.expect("a report");
            let ServeError::Connection { error: ConnectionError::Open(error), .. } = error else {
                panic!("{error}")
            };
            assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
        }
        assert_served(&mut socket).await;
        serving.abort();
    });
}

/// A handler that does not use its connection is eventually dropped.
#[test]
fn the_last_ones_are_cut() {
    on_both_runtimes(async || {
        let (listener, address) = listen().await;
        let shutdown = Shutdown::new();
        let serving = serve(listener, Config::default(), async |socket: WebSocket<TcpStream>| {
            let _socket = socket;
            std::future::pending::<Result<(), Error>>().await
        });
        let serving = serving.shutdown(&shutdown).shutdown_timeout(Duration::ZERO);
        let serving = tokio::spawn(serving.into_future());
        let mut socket = connect(&format!("ws://{address}/")).await.expect("served");
        shutdown.begin();
        assert_eq!(serving.await.expect("no panic").cut, 1);
        assert!(socket.recv().await.is_err(), "an end without a Close frame");
    });
}
