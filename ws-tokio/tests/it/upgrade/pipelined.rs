//! Frames in the packet of the request.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use ws_testkit::raw::REQUEST;
use ws_tokio::proto::Role;

use crate::upgrade::server::{echo_server, soon};

#[tokio::test]
async fn are_not_lost() {
    soon(async {
        let address = echo_server().await;
        for payload in [5, 3000, 100_000] {
            let payload = vec![b'x'; payload];
            let close = ws_wire::frame(Role::Server, 0x88, &[3, 232]);
            let sent = [REQUEST.as_bytes(), &ws_wire::frame(Role::Server, 0x82, &payload), &close]
                .concat();
            let mut stream = TcpStream::connect(address).await.expect("a server");
            stream.write_all(&sent).await.expect("open");
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.expect("a clean end");
            let frames = frames(&answer);
            assert!(frames.ends_with(b"\x88\x02\x03\xe8"));
            assert_eq!(frames.iter().filter(|byte| **byte == b'x').count(), payload.len());
        }
    })
    .await;
}

/// The bytes after the head of the server's response.
fn frames(answer: &[u8]) -> &[u8] {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a response");
    &answer[end + 4..]
}
