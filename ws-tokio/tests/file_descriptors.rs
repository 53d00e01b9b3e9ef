//! A server whose process has no file descriptor left. It has a process of its own, for the limit is
//! that of a process.
#![cfg(unix)]

mod support;

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream as StdStream};

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use ws_tokio::proto::client::Request;
use ws_tokio::serve::ServeError;
use ws_tokio::{Config, Error, Message, WebSocket, client, serve};

/// More than the test itself needs.
const LIMIT: u64 = 128;

async fn echo(mut socket: WebSocket<TcpStream>) -> Result<(), Error> {
    while let Some(message) = socket.recv().await? {
        if message.is_data() {
            socket.feed(message).await?;
        }
    }
    Ok(())
}

/// Connects until the process has no file descriptor left.
fn use_up(address: SocketAddr) -> Vec<StdStream> {
    let mut streams = Vec::new();
    loop {
        match StdStream::connect(address) {
            Ok(stream) => streams.push(stream),
            Err(error) => {
                assert_ne!(error.kind(), ErrorKind::ConnectionRefused, "the server has ended");
                return streams;
            }
        }
    }
}

#[tokio::test]
async fn the_server_stays_up_and_reports_it_once() {
    let (_, hard) = rlimit::Resource::NOFILE.get().expect("a limit");
    rlimit::Resource::NOFILE.set(LIMIT, hard).expect("a lower limit");
    let (listener, address) = support::listen().await;
    let (sender, mut errors) = mpsc::unbounded_channel();
    let serving = serve(listener, Config::default(), echo).on_error(move |error| {
        let _ = sender.send(error);
    });
    let serving = tokio::spawn(serving.into_future());

    // One of the streams waits in the system's queue when the server gets none for it.
    let mut streams = use_up(address);
    let error = loop {
        match errors.recv().await.expect("a report") {
            error @ ServeError::Accept { .. } => break error,
            _ => streams.extend(use_up(address)),
        }
    };
    let ServeError::Accept { error, unreported: 0 } = error else { panic!("{error}") };
    assert!(error.to_string().contains("Too many open files"), "{error}");

    // Others end; those that wait are served.
    let waiting = streams.pop().expect("many");
    drop(streams);
    waiting.set_nonblocking(true).expect("a socket");
    let waiting = TcpStream::from_std(waiting).expect("a stream");
    let request = Request::new("localhost", "/");
    let (mut socket, _) = client(waiting, request, Config::default()).await.expect("served");
    socket.send("hello").await.expect("open");
    assert_eq!(socket.recv().await.expect("open"), Some(Message::text("hello")));
    assert!(!serving.is_finished());
    while let Ok(error) = errors.try_recv() {
        assert!(matches!(error, ServeError::Connection { .. }), "{error}");
    }
}
