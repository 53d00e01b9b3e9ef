//! Unusual requests to an axum server, and the requests of this library's client.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use ws_testkit::raw::REQUEST;
use ws_tokio::{Config, HandshakeError, http2};

use crate::upgrade::server::{self, echo_server, request, serve, soon};

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

/// A client of this crate sends its `User-Agent` in both versions of HTTP.
#[tokio::test]
async fn with_a_user_agent() {
    soon(async {
        let address = serve(async |upgrade| {
            let user_agent = upgrade.header("user-agent").unwrap_or("none").to_owned();
            upgrade.reject(403).body(user_agent)
        })
        .await;
        let default = concat!("ws-tokio/", env!("CARGO_PKG_VERSION"));
        for (request, expected) in [
            (request(address), default),
            (request(address).user_agent(Some("own/1")), "own/1"),
            (request(address).user_agent(None), "none"),
        ] {
            let outcome = server::over_http1(address, request.clone(), Config::default()).await;
            let Err(HandshakeError::Refused(response)) = outcome else { panic!("{outcome:?}") };
            assert_eq!(response.body(), expected.as_bytes());
            let outcome = server::over_http2(address, request, Config::default()).await;
            let Err(http2::Http2Error::Handshake(HandshakeError::Refused(response))) = outcome
            else {
                panic!("{outcome:?}")
            };
            assert_eq!(response.body(), expected.as_bytes());
        }
    })
    .await;
}
