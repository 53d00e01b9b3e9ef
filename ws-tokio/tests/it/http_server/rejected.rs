//! Requests that this server rejects, with a response that the client must be able to read.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep};

use crate::http_server::{answer, app, ask, assert_echoed, end, serve};
use crate::support::listen;

const SECOND: Duration = Duration::from_secs(1);

/// A server that closed its socket with the rest of the head unread would reset the connection.
#[tokio::test]
async fn the_response_to_a_head_that_is_too_large_arrives() {
    let (listener, address) = listen().await;
    let serving = tokio::spawn(ws_tokio::upgrade::serve(listener, app()).into_future());
    let client = thread::spawn(move || {
        let mut stream = TcpStream::connect(address).expect("a server");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX: ").expect("open");
        for _ in 0..64 {
            stream.write_all(&[b'x'; 16 * 1024]).expect("open");
        }
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("an end, no reset");
        response
    });
    let response = tokio::task::spawn_blocking(|| client.join()).await.expect("a thread");
    let response = response.expect("no panic");
    assert!(response.starts_with("HTTP/1.1 431 "), "{response}");
    serving.abort();
}

/// The server reads from a client that keeps sending for 2 s, and does not wait for one that has
/// sent all.
#[tokio::test(start_paused = true)]
async fn a_connection_lingers_only_while_a_client_may_be_sending() {
    let (network, _serving) = serve(IntoFuture::into_future);
    let mut sending = network.connect();
    sending.write_all(b"nonsense\r\n\r\n").await.expect("open");
    let response = answer(&mut sending).await;
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    let begin = Instant::now();
    while sending.write_all(b"more").await.is_ok() {
        sleep(SECOND / 10).await;
    }
    assert!((2 * SECOND..=3 * SECOND).contains(&begin.elapsed()), "{:?}", begin.elapsed());

    let mut last = network.connect();
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    last.write_all(request).await.expect("open");
    assert!(answer(&mut last).await.ends_with("hello"));
    sleep(SECOND / 10).await;
    assert!(last.write_all(b"more").await.is_err(), "it is closed");
}

/// What a refused client still sends is read up to 16 MiB, however fast it arrives.
#[tokio::test(start_paused = true)]
async fn a_connection_lingers_for_a_bounded_number_of_bytes() {
    const MAX_SIZE: usize = 16 * 1024 * 1024;
    const CHUNK: usize = 64 * 1024;
    let (network, _serving) = serve(IntoFuture::into_future);
    let mut sending = network.connect();
    sending.write_all(b"nonsense\r\n\r\n").await.expect("open");
    assert!(answer(&mut sending).await.starts_with("HTTP/1.1 400 "));
    let (begin, chunk, mut sent) = (Instant::now(), vec![b'x'; CHUNK], 0);
    while sent <= 2 * MAX_SIZE && sending.write_all(&chunk).await.is_ok() {
        sent += CHUNK;
    }
    assert!((MAX_SIZE - CHUNK..=MAX_SIZE + 4 * CHUNK).contains(&sent), "{sent} bytes");
    assert!(begin.elapsed() < 2 * SECOND, "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn http2_may_be_switched_off() {
    let (network, _serving) = serve(|serve| serve.http1_only().into_future());
    let mut preface = network.connect();
    preface.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("open");
    assert_eq!(end(preface).await, (Duration::ZERO, Vec::new()));
    let mut stream = network.connect();
    for _ in 0..2 {
        assert!(ask(&mut stream).await.ends_with("hello"));
    }
    assert_echoed(&mut network.over_http1().await).await;
    // The limits are the same.
    let silent = network.connect();
    assert_eq!(end(silent).await, (crate::http_server::REQUEST_TIMEOUT, Vec::new()));
}
