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
