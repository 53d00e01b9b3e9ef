//! Reconnecting.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use ws_tokio::client::{ClientHandshakeErrorKind, ClientRequest, InvalidUri};
use ws_tokio::proto::proxy::TunnelErrorKind;
use ws_tokio::{
    Backoff, Close, CloseCode, Config, ConnectError, Connector, Error, Failure, HandshakeError,
    Phase, Reconnect, TlsErrorKind, Verdict, accept, connect_on, incoming,
};

use crate::support::{listen, on_both_runtimes};

/// Refuses one client after the other with these statuses, then accepts, and closes each connection
/// with this code.
async fn server(statuses: Vec<u16>, code: CloseCode) -> (SocketAddr, Arc<AtomicU32>) {
    let (listener, address) = listen().await;
    let count = Arc::new(AtomicU32::new(0));
    let (counter, mut statuses) = (Arc::clone(&count), statuses.into_iter());
    tokio::spawn(async move {
        while let Ok((stream, _peer)) = listener.accept().await {
            counter.fetch_add(1, Ordering::Relaxed);
            let Ok(incoming) = incoming(stream, Config::default()).await else { continue };
            match statuses.next() {
                Some(status) => {
                    let refusing =
                        incoming.reject(status, |rejection| rejection.header("Retry-After", "0"));
                    tokio::spawn(refusing);
                }
                None => {
                    let Ok(mut socket) = incoming.accept().await else { continue };
                    tokio::spawn(async move { socket.close_and_discard(code).await });
                }
            }
        }
    });
    (address, count)
}

/// With minimal delays, for tests.
fn reconnect(address: SocketAddr) -> Reconnect {
    let moment = Duration::from_millis(1);
    Reconnect::new(Connector::new(), format!("ws://{address}/").parse().expect("an address"))
        .backoff(Backoff::new(moment, moment))
}

#[test]
fn what_passes_is_waited_out() {
    on_both_runtimes(async || {
        let (address, count) = server(vec![503, 429, 500], CloseCode::NORMAL).await;
        reconnect(address).connect().await.expect("a connection");
        assert_eq!(count.load(Ordering::Relaxed), 4);
    });
}

#[test]
fn a_permanent_failure_is_returned_at_once() {
    on_both_runtimes(async || {
        for status in [401, 403, 404, 426] {
            let (address, count) = server(vec![503, status], CloseCode::NORMAL).await;
            let error = reconnect(address).connect().await.expect_err("final");
            let ConnectError::Handshake(HandshakeError::Refused(response)) = error else {
                panic!("{error}")
            };
            assert_eq!(response.status(), status);
            assert_eq!(count.load(Ordering::Relaxed), 2);
        }
    });
}

/// How the body of a refusal ends early.
#[derive(Clone, Copy, Debug)]
enum Break {
    End,
    Reset,
    Silence,
}

/// Refuses each client with this status and the beginning of a body.
async fn breaking_off(status: u16, how: Break) -> (SocketAddr, Arc<AtomicU32>) {
    let (listener, address) = listen().await;
    let count = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _peer)) = listener.accept().await {
            counter.fetch_add(1, Ordering::Relaxed);
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.expect("a request"));
            }
            let refusal = format!(
                "HTTP/1.1 {status} X\r\nWWW-Authenticate: Basic\r\nRetry-After: 7\r\n\
                 Content-Length: 9\r\n\r\nwho"
            );
            stream.write_all(refusal.as_bytes()).await.expect("open");
            match how {
                Break::End => {}
                Break::Reset => stream.set_zero_linger().expect("a socket"),
                Break::Silence => drop(stream.read_u8().await),
            }
        }
    });
    (address, count)
}

/// A 401 is final, and `Retry-After` of a 503 is used, however the body ends.
#[test]
fn a_refusal_whose_body_breaks_off() {
    on_both_runtimes(async || {
        for how in [Break::End, Break::Reset, Break::Silence] {
            for (status, verdict) in [
                (401, Verdict::Final),
                (503, Verdict::Transient { retry_after: Some(Duration::from_secs(7)) }),
            ] {
                let (address, count) = breaking_off(status, how).await;
                let seen = Arc::new(Mutex::new(Vec::new()));
                let log = Arc::clone(&seen);
                let mut reconnect = reconnect(address).judge(move |_, verdict| {
                    log.lock().expect("no panic").push(verdict);
                    Verdict::Final
                });
                // Long enough for the head on a busy machine.
                let timeout = matches!(how, Break::Silence).then_some(Duration::from_millis(500));
                *reconnect.connector_mut() = Connector::new()
                    .config(Config { handshake_timeout: timeout, ..Config::default() });
                let error = reconnect.connect().await.expect_err("refused");
                let ConnectError::Handshake(HandshakeError::Refused(response)) = error else {
                    panic!("{how:?}: {error}")
                };
                assert_eq!((response.status(), response.body()), (status, &b"who"[..]), "{how:?}");
                assert_eq!(response.header("www-authenticate"), Some("Basic"), "{how:?}");
                assert_eq!(*seen.lock().expect("no panic"), [verdict], "{how:?}");
                assert_eq!(count.load(Ordering::Relaxed), 1, "{how:?}");
            }
        }
    });
}

/// Without `judge`: the client does not retry.
#[test]
fn a_401_whose_body_breaks_off_is_returned_at_once() {
    on_both_runtimes(async || {
        let (address, count) = breaking_off(401, Break::Reset).await;
        let error = reconnect(address).connect().await.expect_err("final");
        assert!(matches!(error, ConnectError::Handshake(HandshakeError::Refused(_))), "{error}");
        assert_eq!(count.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn server_down_for_long() {
    on_both_runtimes(async || {
        let (closed, address) = listen().await;
        drop(closed);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let mut reconnect = reconnect(address).max_attempts(Some(2)).judge(move |_, verdict| {
            log.lock().expect("no panic").push(verdict);
            verdict
        });
        let error = reconnect.connect().await.expect_err("no listener");
        assert!(matches!(error, ConnectError::Unreachable(_)), "{error}");
        assert_eq!(*seen.lock().expect("no panic"), [Verdict::TRANSIENT; 3]);
    });
}

#[test]
fn the_application_has_the_last_word() {
    on_both_runtimes(async || {
        let (address, count) = server(vec![401, 404], CloseCode::NORMAL).await;
        let is_401 = |failure: &Failure<'_>| match failure {
            Failure::Connect(ConnectError::Handshake(HandshakeError::Refused(response))) => {
                response.status() == 401
            }
            _ => false,
        };
        let mut reconnect =
            reconnect(address).judge(
                move |failure, verdict| {
                    if is_401(failure) { Verdict::TRANSIENT } else { verdict }
                },
            );
        reconnect.connect().await.expect_err("404");
        assert_eq!(count.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn a_server_that_restarts_is_connected_to_again() {
    on_both_runtimes(async || {
        let (address, count) = server(vec![], CloseCode::SERVICE_RESTART).await;
        let mut reconnect = reconnect(address);
        for _ in 0..3 {
            let (mut socket, _) = reconnect.connect().await.expect("a connection");
            let error = loop {
                match socket.recv().await {
                    Ok(Some(_)) => {}
                    Ok(None) => break None,
                    Err(error) => break Some(error),
                }
            };
            assert!(!reconnect.ended(&socket, error.as_ref()).is_final());
        }
        assert_eq!(count.load(Ordering::Relaxed), 3);
    });
}

/// The verdict on a connection that the server ends with this function.
async fn verdict(end: impl AsyncFnOnce(ws_tokio::WebSocket<tokio::io::DuplexStream>)) -> Verdict {
    let (ours, theirs) = duplex(64 * 1024);
    let serving = async {
        end(accept(theirs, Config::default()).await.expect("a request")).await;
    };
    let asking = async {
        let opened = connect_on(ours, ClientRequest::new("a", "/"), Config::default()).await;
        let (mut socket, _) = opened.expect("accepted");
        let mut error = None;
        loop {
            match socket.recv().await {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(failed) => error = Some(failed),
            }
        }
        Failure::Ended { closed: socket.closed(), error: error.as_ref() }.verdict()
    };
    tokio::join!(serving, asking).1
}

#[test]
fn close_codes() {
    on_both_runtimes(async || {
        for (code, transient) in [
            (1000, false),
            (1001, true),
            (1002, false),
            (1003, false),
            (1007, false),
            (1008, false),
            (1009, false),
            (1010, false),
            (1011, true),
            (1012, true),
            (1013, true),
            (1014, true),
            (3000, false),
            (4000, false),
            (4999, false),
        ] {
            let closing = Close::from(CloseCode::new(code));
            let verdict = verdict(async |mut socket| {
                socket.close_and_discard(closing).await.expect("closed");
            })
            .await;
            assert_eq!(!verdict.is_final(), transient, "{code}");
        }
        let without = verdict(async |mut socket| {
            socket.close_and_discard(Close::EMPTY).await.expect("closed");
        });
        assert!(without.await.is_final());
    });
}

#[test]
fn a_lost_connection_is_transient() {
    on_both_runtimes(async || {
        assert!(!verdict(async |socket| drop(socket)).await.is_final());
        let reset = Error::Io(io::ErrorKind::ConnectionReset.into());
        let failure = Failure::Ended { closed: None, error: Some(&reset) };
        assert!(!failure.verdict().is_final());
    });
}

#[test]
fn what_we_have_closed_is_final() {
    on_both_runtimes(async || {
        let (ours, theirs) = duplex(64 * 1024);
        let serving = async {
            let mut socket = accept(theirs, Config::default()).await.expect("a request");
            while socket.recv().await.expect("no error").is_some() {}
        };
        let closing = async {
            let opened = connect_on(ours, ClientRequest::new("a", "/"), Config::default()).await;
            let (mut socket, _) = opened.expect("accepted");
            socket.close_and_discard(CloseCode::GOING_AWAY).await.expect("closed");
            Failure::Ended { closed: socket.closed(), error: None }.verdict()
        };
        assert!(tokio::join!(serving, closing).1.is_final());
    });
}

#[test]
fn failures_to_connect() {
    let io = || io::Error::from(io::ErrorKind::ConnectionReset);
    for (error, transient) in [
        (ConnectError::Resolve { host: "a".into(), error: io() }, true),
        (ConnectError::Io(io()), true),
        (ConnectError::Timeout(Phase::Tls), true),
        (ConnectError::Handshake(HandshakeError::Io(io())), true),
        (response_error(ClientHandshakeErrorKind::Timeout), true),
        (response_error(ClientHandshakeErrorKind::InvalidAccept), false),
        (response_error(ClientHandshakeErrorKind::HeadTooLarge), false),
        (ConnectError::Tls(TlsErrorKind::Io.into()), true),
        (ConnectError::Tls(TlsErrorKind::Expired.into()), false),
        (ConnectError::Tls(TlsErrorKind::UnknownIssuer.into()), false),
        (ConnectError::Tls(TlsErrorKind::MissingFeature.into()), false),
        (ConnectError::ProxyTls(TlsErrorKind::Io.into()), true),
        (ConnectError::ProxyTls(TlsErrorKind::WrongName.into()), false),
        (ConnectError::Proxy(TunnelErrorKind::HostUnreachable.into()), true),
        (ConnectError::Proxy(TunnelErrorKind::Status(502).into()), true),
        (ConnectError::Proxy(TunnelErrorKind::Status(404).into()), false),
        (ConnectError::Proxy(TunnelErrorKind::WrongCredentials.into()), false),
        (ConnectError::Proxy(TunnelErrorKind::NotAllowed.into()), false),
        (ConnectError::Uri(InvalidUri::Scheme), false),
    ] {
        let verdict = Failure::Connect(&error).verdict();
        assert_eq!(!verdict.is_final(), transient, "{error}");
    }
}

fn response_error(kind: ClientHandshakeErrorKind) -> ConnectError {
    ConnectError::Handshake(HandshakeError::Response(kind.into()))
}

#[test]
fn addresses_and_fields_that_are_none_are_final() {
    on_both_runtimes(async || {
        let failed = Connector::new().connect("ftp://a/").await.expect_err("no address");
        assert!(Failure::Connect(&failed).verdict().is_final());
        let forged = Connector::new().header("a b", "c");
        let (_listener, address) = listen().await;
        let failed = forged.connect(&format!("ws://{address}/")).await.expect_err("no field");
        assert!(Failure::Connect(&failed).verdict().is_final());
    });
}
