//! Deadlines with Tokio's clock, which is paused and only advances when all tasks wait.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::runtime::Builder;
use tokio::time::Instant;
use ws_testkit::raw::REQUEST;
use ws_tokio::client::{ClientHandshakeErrorKind, ClientRequest};
use ws_tokio::proto::Role;
use ws_tokio::proto::{Connection, ErrorKind};
use ws_tokio::{
    CloseCode, Config, Error, HandshakeError, TokioStream, TokioTimer, WebSocket, accept,
    connect_on,
};

/// Runs a test in a runtime whose clock jumps to the next deadline whenever all tasks wait.
fn in_no_time<F: Future<Output = ()>>(test: impl FnOnce() -> F) {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(test());
}

fn open() -> (WebSocket<DuplexStream>, DuplexStream) {
    let (ours, theirs) = duplex(1024);
    let connection = Connection::server(Config::default());
    let socket = WebSocket::new(TokioStream::new(ours), TokioTimer::default(), connection, &[]);
    (socket, theirs)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_request_that_does_not_come() {
    in_no_time(async || {
        let began = Instant::now();
        let (ours, mut theirs) = duplex(1024);
        let waiting = tokio::spawn(accept(ours, Config::default()));
        theirs.write_all(&REQUEST.as_bytes()[..20]).await.expect("open");
        let mut answer = Vec::new();
        theirs.read_to_end(&mut answer).await.expect("an end");
        assert_eq!(began.elapsed(), seconds(10));
        assert!(answer.starts_with(b"HTTP/1.1 408 "), "{}", answer.escape_ascii());
        drop(theirs);
        let Err(HandshakeError::Rejected(rejection)) = waiting.await.expect("no panic") else {
            panic!()
        };
        assert_eq!(rejection.status(), 408);
    });
}

#[test]
fn a_response_that_does_not_come() {
    in_no_time(async || {
        let began = Instant::now();
        let (ours, _theirs) = duplex(1024);
        let request = ClientRequest::new("localhost", "/");
        let result = connect_on(ours, request, Config::default()).await;
        let error = Error::from(result.expect_err("late"));
        assert!(error.is_timeout(), "{error}");
        let Error::Handshake(error) = error else { panic!("{error}") };
        let HandshakeError::Response(error) = *error else { panic!("{error}") };
        assert_eq!(error.kind(), ClientHandshakeErrorKind::Timeout);
        assert_eq!(began.elapsed(), seconds(10));
    });
}

#[test]
fn a_peer_that_shows_no_life() {
    in_no_time(async || {
        let began = Instant::now();
        let (mut socket, mut theirs) = open();
        let waiting = tokio::spawn(async move { socket.recv().await });
        let mut header = [0; 2];
        theirs.read_exact(&mut header).await.expect("a ping");
        assert_eq!((header, began.elapsed()), ([0x89, 8], seconds(30)));
        let Err(Error::Protocol(error)) = waiting.await.expect("no panic") else { panic!() };
        assert_eq!(error.kind(), ErrorKind::PingTimeout);
        assert_eq!(began.elapsed(), seconds(50));
    });
}

#[test]
fn a_peer_that_answers_is_kept() {
    in_no_time(async || {
        let began = Instant::now();
        let (mut socket, mut theirs) = open();
        let waiting = tokio::spawn(async move { socket.recv().await });
        for i in 1..=100 {
            let mut ping = [0; 10];
            theirs.read_exact(&mut ping).await.expect("a ping");
            assert_eq!((ping[0], began.elapsed()), (0x89, seconds(30 * i)));
            // Any byte shows that the peer is responsive; here those of one long frame.
            let some = if i == 1 { ws_wire::header(Role::Server, 0x82, 60_000) } else { vec![0] };
            theirs.write_all(&some).await.expect("open");
        }
        assert!(!waiting.is_finished());
    });
}

#[test]
fn a_peer_that_does_not_answer_a_close() {
    in_no_time(async || {
        let began = Instant::now();
        let (mut socket, _theirs) = open();
        socket.close_and_discard(CloseCode::NORMAL).await.expect("no error of the protocol");
        assert_eq!(began.elapsed(), seconds(5));
        assert!(!socket.closed().expect("facts").is_clean());
    });
}

#[test]
fn a_peer_that_never_reads() {
    in_no_time(async || {
        let began = Instant::now();
        let (mut socket, _theirs) = open();
        let error = loop {
            if let Err(error) = socket.send(vec![0; 10_000]).await {
                break error;
            }
        };
        assert!(matches!(error, Error::Io(_) | Error::Send(_)), "{error}");
        assert!(began.elapsed() <= seconds(60), "{:?}", began.elapsed());
        let error = socket.recv().await.expect_err("no answer to a ping");
        assert!(error.is_timeout(), "{error}");
        let Error::Protocol(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), ErrorKind::PingTimeout);
    });
}

/// A deadline that no clock can represent never passes.
#[test]
fn never() {
    in_no_time(async || {
        let (ours, _theirs) = duplex(1024);
        let config = Config { close_timeout: Duration::MAX, ..Config::default() };
        let connection = Connection::server(config);
        let mut socket =
            WebSocket::new(TokioStream::new(ours), TokioTimer::default(), connection, &[]);
        let closing = socket.close_and_discard(CloseCode::NORMAL);
        assert!(tokio::time::timeout(seconds(1_000_000), closing).await.is_err());
    });
}
