//! Clients that do not read.

use std::io::{ErrorKind, Write as _};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ws_tokio::{CloseCode, Message};

use crate::process::{Server, TIMEOUT, message, text};
use crate::raw::{self, FIN, TEXT, masked};

#[tokio::test]
async fn a_slow_client_delays_nobody_and_is_closed() {
    let server = Server::start(&[]);
    let (mut alice, _) = server.connect().await;
    let (mut bob, _) = server.connect().await;
    let (mut slow, id) = server.connect().await;
    let too_slow = format!("[ws] Client {id} error: too slow");

    let payload = "x".repeat(64 * 1024);
    let mut sent = 0;
    while server.logged(&too_slow) == 0 {
        assert!(sent < 1000, "64 MiB wait for a client");
        let broadcast = format!(r#"{{"type":"broadcast","message":"{sent}{payload}"}}"#);
        alice.send(broadcast).await.expect("a message sent");
        let received = text(&mut bob).await;
        assert!(received.contains(&format!(r#""message":"{sent}xxx"#)));
        sent += 1;
    }

    // Messages in transit arrive whole and in order, then the Close frame.
    let mut received = 0;
    let close = loop {
        match message(&mut slow).await {
            Message::Text(text) => {
                assert!(text.contains(&format!(r#""message":"{received}xxx"#)));
                received += 1;
            }
            Message::Close(close) => break close,
            other => panic!("{other:?}"),
        }
    };
    assert!(received < sent);
    assert_eq!(close.code, CloseCode::TRY_AGAIN_LATER);
    assert_eq!(slow.recv().await.expect("a clean end"), None);
    server.wait_for(&format!("[ws] Client {id} disconnected (2 total)"));

    bob.send(r#"{"type":"broadcast","message":"bye"}"#).await.expect("a message sent");
    assert!(text(&mut alice).await.contains("bye"));
}

/// The queue is far below the limit, but the client takes none of it.
#[tokio::test]
async fn a_client_that_takes_nothing_for_long_is_given_up() {
    let server = Server::start(&["--queue-timeout", "300ms", "--queue-bytes", "100000000"]);
    let mut stuck = raw::open(&server);
    let (mut alice, _) = server.connect().await;
    let (mut bob, _) = server.connect().await;
    let too_slow = " error: too slow";
    let message = format!(r#"{{"type":"broadcast","message":"{}"}}"#, "x".repeat(256 * 1024));
    for _ in 0..32 {
        alice.send(message.as_str()).await.expect("a message sent");
        text(&mut bob).await;
    }
    server.wait_for(too_slow);
    server.wait_for("disconnected (2 total)");
    assert_eq!(server.logged(too_slow), 1);
    assert!(server.get("/metrics").contains("ws_slow_clients_total{action=\"closed\"} 1\n"));
    assert!(server.get("/metrics").contains("ws_queue_bytes 0\n"));
    // Keeps the client's stream open until here.
    stuck.write_all(&masked(FIN | TEXT, b"hello?")).ok();
}

/// With `--slow drop` the client misses messages, and stays connected.
#[tokio::test]
async fn a_slow_client_may_miss_messages_instead() {
    let server =
        Server::start(&["--slow", "drop", "--max-message", "70k", "--queue-bytes", "280k"]);
    let mut slow = raw::open(&server);
    let (mut alice, _) = server.connect().await;
    let filling = "x".repeat(64 * 1024);
    let mut sent = 0;
    while server.get("/metrics").contains("ws_slow_clients_total{action=\"missed\"} 0\n") {
        assert!(sent < 1000, "64 MiB wait for a client");
        let message = format!(r#"{{"type":"broadcast","message":"{sent} {filling}"}}"#);
        alice.send(message).await.expect("a message sent");
        assert!(crate::process::ask(&mut alice, "1").await["original"] == 1);
        sent += 1;
    }
    alice.send(r#"{"type":"broadcast","message":"last"}"#).await.expect("a message sent");
    assert!(crate::process::ask(&mut alice, "1").await["original"] == 1);
    // The client reads now: its messages are in order, and it is still connected.
    slow.write_all(&masked(FIN | TEXT, b"done")).expect("a stream");
    let mut numbers = Vec::new();
    loop {
        let (_, payload) = raw::frame(&mut slow);
        let payload = String::from_utf8(payload).expect("text");
        if payload.contains("\"echo\"") {
            break;
        }
        let number = payload.split("\"message\":\"").nth(1).and_then(|rest| rest.split(' ').next());
        numbers.extend(number.and_then(|number| number.parse::<usize>().ok()));
    }
    assert!(numbers.is_sorted() && numbers.len() < sent, "{numbers:?} of {sent}");
    assert_eq!(server.logged("disconnected"), 0);
}

/// A client that only sends is not read from until it reads, and loses nothing.
#[test]
fn a_client_that_sends_first_and_reads_later_gets_all_echoes() {
    const COUNT: usize = 1000;
    let server = Server::start(&[]);
    let mut stream = raw::open(&server);
    let writer = stream.try_clone().expect("a second handle");
    writer.set_write_timeout(Some(Duration::from_millis(300))).expect("a timeout");
    let (stalled, until_stalled) = mpsc::channel();
    let writer = thread::spawn(move || write(writer, COUNT, &stalled));

    until_stalled.recv_timeout(TIMEOUT).expect("the server stops reading");
    for number in 0..COUNT {
        let (first, payload) = raw::frame(&mut stream);
        assert_eq!(first, FIN | TEXT);
        let expected = format!(r#"{{"type":"echo","original":"{number} "#);
        assert!(payload.starts_with(expected.as_bytes()), "{number}");
    }
    writer.join().expect("all was written");
    assert_eq!(server.logged(" error: "), 0);
}

/// Sends numbered texts of 32 KiB, and reports when a write makes no progress.
fn write(mut stream: TcpStream, count: usize, stalled: &mpsc::Sender<()>) {
    let filling = "x".repeat(32 * 1024);
    for number in 0..count {
        let frame = masked(FIN | TEXT, format!("{number} {filling}").as_bytes());
        let mut left = frame.as_slice();
        while !left.is_empty() {
            match stream.write(left) {
                Ok(written) => left = &left[written..],
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    // Later there is no receiver any more.
                    let _ = stalled.send(());
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}
