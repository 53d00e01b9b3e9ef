//! Messages that are too big.

use std::io::{Read as _, Write as _};

use crate::process::{Server, text};
use crate::raw::{self, CONTINUATION, FIN, TEXT, masked};

#[tokio::test]
async fn the_largest_message_is_echoed() {
    let server = Server::start(&[]);
    let (mut socket, _) = server.connect().await;
    socket.send("x".repeat(1 << 20)).await.expect("a message sent");
    assert_eq!(text(&mut socket).await.len(), (1 << 20) + r#"{"type":"echo","original":""}"#.len());
}

/// The client still sends when it is closed: if the server ended the stream at once, a reset would
/// discard the Close frame.
#[test]
fn a_larger_one_is_answered_with_a_close_that_arrives() {
    let server = Server::start(&["--max-message", "1000"]);
    let one_frame = masked(FIN | TEXT, &[b'x'; 1001]);
    let mut fragments = masked(TEXT, &[b'x'; 400]);
    fragments.extend(masked(CONTINUATION, &[b'x'; 400]));
    fragments.extend(masked(FIN | CONTINUATION, &[b'x'; 201]));
    for (name, message) in [("one frame", one_frame), ("fragments", fragments)] {
        let mut stream = raw::open(&server);
        stream.write_all(&message).expect("a stream that takes the message");
        for _ in 0..64 {
            stream.write_all(&[b'x'; 16 * 1024]).expect("a stream that takes more");
        }
        let (code, reason) = raw::close(&mut stream);
        assert_eq!(code, 1009, "{name}: {reason}");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("an end, no reset");
        assert!(rest.is_empty());
        drop(stream);
        server.wait_for("error: ");
    }
}

#[test]
fn the_limit_is_the_last_size_that_is_allowed() {
    let server = Server::start(&["--max-message", "1000"]);
    let mut stream = raw::open(&server);
    let mut message = masked(TEXT, &[b'x'; 999]);
    message.extend(masked(FIN | CONTINUATION, b"x"));
    stream.write_all(&message).expect("a stream that takes the message");
    let (first, payload) = raw::frame(&mut stream);
    assert_eq!(first, FIN | TEXT);
    assert!(payload.starts_with(br#"{"type":"echo","original":"xxx"#));
}

/// A list of rooms is much longer than its request.
#[test]
fn requests_wait_while_the_replies_are_not_read() {
    const REQUESTS: usize = 200;

    let server = Server::start(&["--max-rooms", "0"]);
    let mut stream = raw::open(&server);
    let join = |number| format!(r#"{{"type":"join","room":"{number:0100}"}}"#);
    let joins: Vec<_> =
        (0..1000).flat_map(|number: u32| masked(FIN | TEXT, join(number).as_bytes())).collect();
    stream.write_all(&joins).expect("a stream that takes the messages");
    (0..1000).for_each(|_| assert_eq!(raw::frame(&mut stream).0, FIN | TEXT));

    let request = masked(FIN | TEXT, br#"{"type":"rooms","limit":1000}"#);
    stream.write_all(&request.repeat(REQUESTS)).expect("a stream that takes the messages");
    let metric = |text: &str, name: &str| -> u64 {
        let line = text.lines().find(|line| line.starts_with(name)).expect("a metric");
        line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number")
    };
    let sent = loop {
        let text = server.get("/metrics");
        if metric(&text, r#"ws_messages_total{direction="in",kind="text"}"#) > 1000 {
            break metric(&text, r#"ws_payload_bytes_total{direction="out",kind="text"}"#);
        }
    };
    // All of them are 28 MB. The buffers of the system take a part.
    assert!(sent < 16 * 1024 * 1024, "{sent} bytes");
    for _ in 0..REQUESTS {
        let (_, payload) = raw::frame(&mut stream);
        assert!(payload.starts_with(br#"{"type":"rooms","rooms":[{"#));
    }
}
