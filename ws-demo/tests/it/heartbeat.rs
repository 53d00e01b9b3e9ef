//! Unresponsive clients.

use std::io::Read as _;

use tokio::time::timeout;
use ws_tokio::{Bytes, Message};

use crate::process::{Server, TIMEOUT};
use crate::raw::{self, FIN, PING};

#[test]
fn a_client_that_never_answers_is_dropped() {
    let server = Server::start(&["--ping-interval", "100ms", "--ping-timeout", "150ms"]);
    let mut stream = raw::open(&server);
    assert_eq!(raw::frame(&mut stream), (FIN | PING, b"ping".to_vec()));
    let (code, reason) = raw::close(&mut stream);
    assert_eq!((code, reason.as_str()), (1011, "ping timeout"));
    assert_eq!(stream.read(&mut [0]).expect("an end"), 0);
    drop(stream);
    server.wait_for(" failed heartbeat — disconnecting");
    server.wait_for(" disconnected (0 total)");
    assert_eq!(server.logged(" error: "), 0);
}

#[tokio::test]
async fn a_client_that_answers_stays() {
    // A loaded machine may take a second to answer.
    let server = Server::start(&["--ping-interval", "1s", "--ping-timeout", "1s"]);
    let (mut socket, _) = server.connect().await;
    for _ in 0..3 {
        let ping = timeout(TIMEOUT, socket.recv()).await.expect("a ping in time");
        assert_eq!(ping.expect("no error"), Some(Message::Ping(Bytes::from("ping"))));
    }
    assert_eq!(server.logged("disconnected"), 0);
    // Two of the pings were answered before the last one arrived.
    let metrics = server.get("/metrics");
    let count = metrics.lines().find_map(|line| line.strip_prefix("ws_ping_rtt_seconds_count "));
    assert!(count.and_then(|count| count.parse().ok()).is_some_and(|count: u32| count >= 2));
}
