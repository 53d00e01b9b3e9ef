//! Welcome, echo, broadcast.

use tokio::time::timeout;
use ws_tokio::{Bytes, Close, CloseCode, Message, connect};

use crate::process::{Server, TIMEOUT, message, text};

#[tokio::test]
async fn a_welcome_comes_first_and_counts() {
    let server = Server::start(&[]);
    let mut sockets = Vec::new();
    for count in 1..=3 {
        let mut socket = connect(&server.uri()).await.expect("a connection");
        let welcome = text(&mut socket).await;
        let (before, after) = (r#"{"type":"welcome","id":""#, format!(r#"","clients":{count}}}"#));
        let id = welcome.strip_prefix(before).and_then(|rest| rest.strip_suffix(&after));
        let id = id.unwrap_or_else(|| panic!("{welcome}"));
        assert_eq!(id.len(), 8);
        assert!(id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{id}");
        server.wait_for(&format!("[ws] Client {id} connected ({count} total)"));
        sockets.push((socket, id.to_owned()));
    }

    let (mut socket, id) = sockets.remove(0);
    socket.close_and_discard(Close::new(CloseCode::NORMAL, "Done")).await.expect("a clean end");
    server.wait_for(&format!(r#"[ws] Close from {id}: code=1000 reason="Done""#));
    server.wait_for(&format!("[ws] Client {id} disconnected (2 total)"));
}

#[tokio::test]
async fn what_is_sent_comes_back() {
    let server = Server::start(&[]);
    let (mut socket, id) = server.connect().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let escaped = Message::from("line\n\"quote\" \\ \0 ü 🦀");
    let table: [(Message, Message); 12] = [
        ("hello".into(), r#"{"type":"echo","original":"hello"}"#.into()),
        ("".into(), r#"{"type":"echo","original":""}"#.into()),
        (escaped, r#"{"type":"echo","original":"line\n\"quote\" \\ \u0000 ü 🦀"}"#.into()),
        ("{\"a\":".into(), r#"{"type":"echo","original":"{\"a\":"}"#.into()),
        (
            r#"{"type":"echo","text":"Hello from Alice"}"#.into(),
            r#"{"type":"echo","original":{"type":"echo","text":"Hello from Alice"}}"#.into(),
        ),
        (
            r#" {"z":1.10,"a":123456789012345678901234567890,"\u0000":1e999} "#.into(),
            r#"{"type":"echo","original":{"z":1.10,"a":123456789012345678901234567890,"\u0000":1e999}}"#
                .into(),
        ),
        ("null".into(), r#"{"type":"echo","original":null}"#.into()),
        (deep.clone().into(), format!(r#"{{"type":"echo","original":{deep}}}"#).into()),
        ("[".repeat(100_000).into(), {
            let open = "[".repeat(100_000);
            format!(r#"{{"type":"echo","original":"{open}"}}"#).into()
        }),
        (Message::binary("hello"), r#"{"type":"echo","original":"hello"}"#.into()),
        (Message::binary(r#"{"b":"ü"}"#), r#"{"type":"echo","original":{"b":"ü"}}"#.into()),
        (b"\x00\xff\xc3\x28"[..].into(), b"\x00\xff\xc3\x28"[..].into()),
    ];
    for (sent, expected) in table {
        socket.send(sent.clone()).await.expect("a message sent");
        assert_eq!(message(&mut socket).await, expected, "{sent:?}");
    }
    server.wait_for(&format!("[ws] Message from {id}: line\\n\"quote\" \\ \\0 ü 🦀"));
    server.wait_for(&format!("[ws] Message from {id}: (4 bytes)"));
    server.wait_for(&format!("[ws] Message from {id}: {}…", "[".repeat(200)));
}

#[tokio::test]
async fn a_broadcast_reaches_the_others_in_order_and_not_its_sender() {
    let server = Server::start(&[]);
    let (mut alice, id) = server.connect().await;
    let (mut bob, _) = server.connect().await;
    let (mut carol, _) = server.connect().await;
    for number in 0..100 {
        let broadcast = format!(r#"{{"type":"broadcast","message":{{"n":{number},"a":[]}}}}"#);
        alice.feed(broadcast).await.expect("a message sent");
    }
    alice.feed(r#"{"type":"broadcast","message":null}"#).await.expect("a message sent");
    alice.send(Message::binary(r#"{"type":"broadcast","message":"b"}"#)).await.expect("sent");
    for socket in [&mut bob, &mut carol] {
        for number in 0..100 {
            let expected = format!(
                r#"{{"type":"broadcast","from":"{id}","message":{{"n":{number},"a":[]}}}}"#
            );
            assert_eq!(text(socket).await, expected);
        }
        for last in ["null", r#""b""#] {
            let expected = format!(r#"{{"type":"broadcast","from":"{id}","message":{last}}}"#);
            assert_eq!(text(socket).await, expected);
        }
    }
    // If a broadcast had returned to its sender, it would be in front of this.
    alice.send("mine").await.expect("a message sent");
    assert_eq!(text(&mut alice).await, r#"{"type":"echo","original":"mine"}"#);
}

#[tokio::test]
async fn a_ping_is_answered_with_its_payload() {
    let server = Server::start(&[]);
    let (mut socket, _) = server.connect().await;
    socket.send(Message::Ping("there?".into())).await.expect("a ping sent");
    let pong = timeout(TIMEOUT, socket.recv()).await.expect("a pong in time");
    assert_eq!(pong.expect("no error"), Some(Message::Pong(Bytes::from("there?"))));
}

#[tokio::test]
async fn a_close_is_answered_and_logged() {
    let server = Server::start(&[]);
    for (close, code, logged) in [
        (Close::EMPTY, CloseCode::NO_STATUS, r#"code=1005 reason="""#),
        (CloseCode::new(3000).into(), CloseCode::new(3000), r#"code=3000 reason="""#),
        (
            Close::new(CloseCode::new(4999), "a \"b\"\n[ws] c \x1b[1m"),
            CloseCode::new(4999),
            r#"code=4999 reason="a \"b\"\n[ws] c \u{1b}[1m""#,
        ),
    ] {
        let (mut socket, id) = server.connect().await;
        socket.close_and_discard(close).await.expect("a clean end");
        assert_eq!(socket.closed().map(|closed| closed.code()), Some(code));
        server.wait_for(&format!("[ws] Close from {id}: {logged}"));
    }
}

#[tokio::test]
async fn a_client_that_vanishes_is_told_apart() {
    let server = Server::start(&[]);
    let (socket, id) = server.connect().await;
    drop(socket);
    server.wait_for(&format!("[ws] Client {id} error: "));
    server.wait_for(&format!("[ws] Client {id} disconnected (0 total)"));
    assert_eq!(server.logged("Close from"), 0);
}
