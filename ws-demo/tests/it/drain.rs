//! The shutdown of a server with many clients.

use std::io::Write as _;
use std::time::{Duration, Instant};

use ws_tokio::{CloseCode, Message};

use crate::process::{Server, message};
use crate::raw::{self, masked, upgrade};

#[tokio::test]
async fn hundreds_get_close_frames_one_after_the_other() {
    const COUNT: usize = 300;
    let server = Server::start(&["--drain-window", "600ms"]);
    let mut sockets = Vec::new();
    for _ in 0..COUNT {
        sockets.push(server.connect().await.0);
    }
    let begin = Instant::now();
    server.signal("TERM");
    let mut clients = tokio::task::JoinSet::new();
    for mut socket in sockets {
        clients.spawn(async move {
            let Message::Close(close) = message(&mut socket).await else { panic!() };
            let told = begin.elapsed();
            assert_eq!(close.code, CloseCode::GOING_AWAY);
            assert_eq!(socket.recv().await.expect("a clean end"), None);
            told
        });
    }
    let mut told = clients.join_all().await;
    told.sort_unstable();
    assert_eq!(told.len(), COUNT);
    let spread = told[COUNT - 1] - told[0];
    assert!(spread >= Duration::from_millis(300), "{spread:?}");
    server.wait_for(&format!("[ws] Bye: {COUNT} closed cleanly, 0 cut"));
    assert_eq!(server.ended().code(), Some(0));
}

/// Until the last client has left, new ones are refused because of the shutdown.
#[test]
fn a_draining_server_says_so() {
    let server = Server::start(&["--close-timeout", "60s", "--admin-listen", "127.0.0.1:0"]);
    let line = server.wait_for("metrics and stats on http://");
    let admin: std::net::SocketAddr =
        line.rsplit("http://").next().expect("an address").trim().parse().expect("an address");
    let mut last = raw::open(&server);
    server.signal("TERM");
    assert_eq!(raw::close(&mut last).0, 1001);

    for address in [server.address, admin] {
        let ready = crate::process::get(address, "/readyz");
        assert!(ready.starts_with("HTTP/1.1 503 ") && ready.ends_with("draining\n"), "{ready}");
        assert!(crate::process::get(address, "/healthz").starts_with("HTTP/1.1 200 "));
    }
    let refused = raw::exchange(server.address, &upgrade("/ws", ""));
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(refused.contains("\r\nretry-after: ") && refused.contains("shutting down"));

    last.write_all(&masked(0x88, &[0x03, 0xE9])).expect("a stream that takes an answer");
    server.wait_for("[ws] Bye: 1 closed cleanly, 0 cut");
    assert_eq!(server.ended().code(), Some(0));
}

/// Clients that have not authenticated receive the Close frame, too.
#[tokio::test]
async fn clients_without_a_token_get_close_frames_too() {
    let mut command = crate::process::program();
    command.args(["--listen", "127.0.0.1:0", "--auth-timeout", "60s"]);
    command.env("WS_DEMO_AUTH_TOKEN", "secret");
    let server = Server::start_command(command);
    let mut socket = server.open().await;
    server.signal("TERM");
    let Message::Close(close) = message(&mut socket).await else { panic!() };
    assert_eq!(close.code, CloseCode::GOING_AWAY);
    assert_eq!(socket.recv().await.expect("a clean end"), None);
    server.wait_for("[ws] Bye: 1 closed cleanly, 0 cut");
}
