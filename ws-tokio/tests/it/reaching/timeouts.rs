//! Servers that do not answer.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use ws_tokio::client::ClientHandshakeErrorKind;
use ws_tokio::{Config, ConnectError, Connector, HandshakeError, Phase};

use crate::reaching::full::Full;
use crate::support::{listen, on_both_runtimes};

const SHORT: Duration = Duration::from_millis(50);

#[test]
fn the_defaults() {
    assert_eq!(Config::default().handshake_timeout, Some(Duration::from_secs(10)));
    let shown = format!("{:?}", Connector::new());
    assert!(shown.contains("connect_timeout: Some(10s)"), "{shown}");
}

#[test]
fn no_answer_to_the_handshake() {
    on_both_runtimes(async || {
        let (listener, address) = listen().await;
        let config = Config { handshake_timeout: Some(SHORT), ..Config::default() };
        let connector = Connector::new().config(config);
        let uri = format!("ws://{address}/");
        let silent = async {
            let (mut stream, _peer) = listener.accept().await.expect("a client");
            let mut request = Vec::new();
            stream.read_to_end(&mut request).await.expect("an end");
            request
        };
        let (request, connected) = tokio::join!(silent, connector.connect(&uri));
        assert!(request.starts_with(b"GET / HTTP/1.1\r\n"));
        let error = connected.expect_err("no answer");
        assert!(error.is_timeout(), "{error}");
        let ConnectError::Handshake(HandshakeError::Response(error)) = error else {
            panic!("{error}")
        };
        assert_eq!(error.kind(), ClientHandshakeErrorKind::Timeout);
    });
}

#[test]
fn connection_not_accepted() {
    on_both_runtimes(async || {
        let full = Full::new().await;
        let connector = Connector::new().connect_timeout(Some(SHORT));
        let error = connector.connect(&format!("ws://{}/", full.address)).await;
        let error = error.expect_err("no connection");
        assert!(matches!(error, ConnectError::Timeout(Phase::Tcp)), "{error}");
        assert!(error.is_timeout(), "{error}");
        assert_eq!(error.to_string(), "timeout while connecting");
    });
}
