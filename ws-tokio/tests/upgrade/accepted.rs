//! Unusual requests that an axum server accepts.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use ws_testkit::raw::REQUEST;

use crate::server::{echo_server, soon};

#[tokio::test]
async fn over_http1() {
    soon(async {
        let address = echo_server().await;
        for (line, other) in [
            ("Host: localhost", "Host: a,b"),
            ("Host: localhost", "Host: %41%42"),
            ("Host: localhost", "Host: [::1]:9001"),
            ("Host: localhost", "Host: a:"),
            ("Host: localhost", "Host: a:99999999"),
            ("dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4PEC=="),
        ] {
            assert!(REQUEST.contains(line), "{line}");
            let mut stream = TcpStream::connect(address).await.expect("a server");
            let request = REQUEST.replace(line, other);
            stream.write_all(request.as_bytes()).await.expect("open");
            let mut status = [0; 13];
            stream.read_exact(&mut status).await.expect("an answer");
            assert_eq!(&status, b"HTTP/1.1 101 ", "{other}");
        }
    })
    .await;
}
