//! The shutdown of the server.

use std::io::Write as _;
use std::net::TcpStream;

use ws_tokio::{CloseCode, Message};

use crate::process::{Server, message};
use crate::raw::{self, masked};

#[tokio::test]
async fn everybody_is_told_and_the_server_waits() {
    for signal in ["TERM", "INT"] {
        let server = Server::start(&[]);
        // The server does not wait for a client that has sent no request.
        let silent = raw::connect(server.address);
        let mut sockets = Vec::new();
        for _ in 0..3 {
            sockets.push(server.connect().await.0);
        }
        server.signal(signal);
        for socket in &mut sockets {
            let Message::Close(close) = message(socket).await else { panic!() };
            assert_eq!(close.code, CloseCode::GOING_AWAY);
            assert_eq!(close.reason, "server is shutting down");
            assert_eq!(socket.recv().await.expect("a clean end"), None);
        }
        server.wait_for("[ws] Bye: 3 closed cleanly, 0 cut");
        TcpStream::connect(server.address).expect_err("no listener");
        assert_eq!(server.ended().code(), Some(0));
        drop(silent);
    }
}

/// Messages that were sent to a client earlier arrive in front of the Close frame.
#[tokio::test]
async fn nothing_is_lost() {
    let server = Server::start(&[]);
    let (mut alice, _) = server.connect().await;
    let (mut bob, id) = server.connect().await;
    bob.send(r#"{"type":"broadcast","message":"last words"}"#).await.expect("a message sent");
    server.wait_for(&format!("Message from {id}"));
    server.signal("TERM");
    assert!(message(&mut alice).await.as_text().is_some_and(|text| text.contains("last words")));
    assert!(matches!(message(&mut alice).await, Message::Close(_)));
    assert!(matches!(message(&mut bob).await, Message::Close(_)));
}

#[test]
fn who_does_not_answer_in_time_is_cut() {
    for arguments in [
        ["--shutdown-timeout", "200ms", "--close-timeout", "60s"],
        ["--shutdown-timeout", "60s", "--close-timeout", "200ms"],
    ] {
        let server = Server::start(&arguments);
        let (mut polite, _rude) = (raw::open(&server), raw::open(&server));
        server.signal("TERM");
        assert_eq!(raw::close(&mut polite).0, 1001);
        polite.write_all(&masked(0x88, &[0x03, 0xE9])).expect("a stream that takes an answer");
        server.wait_for("[ws] Bye: 1 closed cleanly, 1 cut");
        assert_eq!(server.ended().code(), Some(0));
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (signal, status) in [("TERM", 143), ("INT", 130)] {
        let server = Server::start(&["--close-timeout", "60s"]);
        let _rude = raw::open(&server);
        server.signal("TERM");
        server.wait_for("Stopping");
        server.signal(signal);
        assert_eq!(server.logged("Bye"), 0);
        assert_eq!(server.ended().code(), Some(status));
    }
}
