//! Connections that fail.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use ws_tokio::client::{ClientHandshakeErrorKind, ClientRequest, InvalidUri};
use ws_tokio::{
    Config, ConnectError, Connector, Error, Failure, HandshakeError, Phase, connect, connect_on,
};

use crate::support::{listen, on_both_runtimes};

#[test]
fn addresses() {
    let cases =
        [("ftp://localhost/", InvalidUri::Scheme), ("ws://localhost:port/", InvalidUri::Port)];
    on_both_runtimes(async || {
        for (uri, expected) in cases {
            let error = connect(uri).await.expect_err(uri);
            let ConnectError::Uri(invalid) = &error else { panic!("{uri}: {error}") };
            assert_eq!(*invalid, expected, "{uri}");
            assert_eq!(error.to_string(), expected.to_string(), "{uri}");
        }
    });
}

#[cfg(not(any(
    feature = "rustls-platform-verifier",
    feature = "webpki-roots",
    feature = "native-tls"
)))]
#[test]
fn tls_is_not_brought() {
    use ws_tokio::{Connector, Proxy, TlsErrorKind};

    on_both_runtimes(async || {
        let error = connect("wss://localhost/").await.expect_err("wss");
        let text = error.to_string();
        let ConnectError::Tls(error) = error else { panic!("{text}") };
        let (kind, feature) = match cfg!(feature = "rustls") {
            true => (TlsErrorKind::MissingRoots, "`webpki-roots`"),
            false => (TlsErrorKind::MissingFeature, "`native-tls`"),
        };
        assert_eq!(error.kind(), kind);
        assert!(text.contains(feature), "{text}");

        // Before any request to the proxy.
        let connector = Connector::new().proxy(Proxy::all("https://localhost").expect("valid"));
        let error = connector.connect("ws://localhost/").await.expect_err("TLS with the proxy");
        let text = error.to_string();
        let ConnectError::ProxyTls(error) = error else { panic!("{text}") };
        assert_eq!(error.kind(), kind);
        assert!(text.contains(feature), "{text}");
    });
}

#[test]
fn connection_refused() {
    on_both_runtimes(async || {
        let (listener, address) = listen().await;
        drop(listener);
        let error = connect(&format!("ws://{address}/")).await.expect_err("no listener");
        let text = error.to_string();
        assert!(text.starts_with(&format!("cannot connect: {address}: ")), "{text}");
        let ConnectError::Unreachable(failures) = error else { panic!("{text}") };
        let [(tried, error)] = failures.attempts() else { panic!("{text}") };
        assert_eq!((*tried, error.kind()), (address, ErrorKind::ConnectionRefused));
    });
}

/// Reads a request, sends this answer and ends the stream.
async fn answer(listener: TcpListener, answer: &str) -> io::Result<()> {
    let (mut stream, _peer) = listener.accept().await?;
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

async fn error_over(answered: &str) -> HandshakeError {
    let (listener, address) = listen().await;
    let uri = format!("ws://{address}/");
    let (answered, connected) = tokio::join!(answer(listener, answered), connect(&uri));
    answered.expect("a client");
    match connected {
        Err(ConnectError::Handshake(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn answers_that_are_none() {
    on_both_runtimes(async || {
        let error = error_over("HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!").await;
        let HandshakeError::Refused(response) = error else { panic!("{error}") };
        assert_eq!((response.status(), response.body()), (403, &b"no!"[..]));

        let error = error_over("HTTP/1.1 101 Switching Protocols\r\n\r\n").await;
        let HandshakeError::Response(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), ClientHandshakeErrorKind::MissingUpgrade);

        let error = error_over("220 mail.example.com ESMTP\r\n").await;
        let HandshakeError::Response(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), ClientHandshakeErrorKind::Malformed);

        for answered in ["", "HTTP/1.1 101 Switching Protocols\r\n"] {
            let error = error_over(answered).await;
            let HandshakeError::Io(error) = error else { panic!("{error}") };
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        }
    });
}

/// Connects and exchanges messages, with a single error type.
async fn converse(uri: &str) -> Result<(), Error> {
    let config =
        Config { handshake_timeout: Some(Duration::from_millis(500)), ..Config::default() };
    let (mut socket, _response) = Connector::new().config(config).connect(uri).await?;
    socket.send("hello").await?;
    while socket.recv().await?.is_some() {}
    Ok(())
}

#[test]
fn a_question_mark_takes_all_errors() {
    on_both_runtimes(async || {
        let (listener, address) = listen().await;
        let uri = format!("ws://{address}/");
        let refusal = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
        let (answered, conversed) = tokio::join!(answer(listener, refusal), converse(&uri));
        answered.expect("a client");
        let error = conversed.expect_err("refused");
        assert_eq!(error.to_string(), "server refused with status 401");
        assert!(!error.is_timeout());
        assert!(Failure::Ended { closed: None, error: Some(&error) }.verdict().is_final());
        let Error::Handshake(error) = error else { panic!("{error}") };
        assert!(matches!(*error, HandshakeError::Refused(_)));

        let error = converse(&uri).await.expect_err("no listener");
        assert!(error.to_string().starts_with("cannot connect: "), "{error}");
        assert!(std::error::Error::source(&error).is_none(), "the source is part of the message");
        assert!(!error.is_timeout());
        assert!(!Failure::Ended { closed: None, error: Some(&error) }.verdict().is_final());
        let Error::Connect(error) = error else { panic!("{error}") };
        assert!(matches!(error.downcast(), Ok(ConnectError::Unreachable(_))));

        let error = converse("ftp://localhost/").await.expect_err("no address");
        assert!(Failure::Ended { closed: None, error: Some(&error) }.verdict().is_final());

        let (_listener, address) = listen().await;
        let error = converse(&format!("ws://{address}/")).await.expect_err("silence");
        assert!(error.is_timeout(), "{error}");
        assert!(!Failure::Ended { closed: None, error: Some(&error) }.verdict().is_final());
    });
}

/// A timeout of the operating system, and of every address.
#[test]
fn timeouts_of_the_system() {
    let error = |kind: ErrorKind| io::Error::from(kind);
    let resolve = |kind| ConnectError::Resolve { host: "a".into(), error: error(kind) };
    for (failed, is_timeout) in [
        (ConnectError::Io(error(ErrorKind::TimedOut)), true),
        (ConnectError::Io(error(ErrorKind::ConnectionReset)), false),
        (resolve(ErrorKind::TimedOut), true),
        (resolve(ErrorKind::NotFound), false),
        (ConnectError::Timeout(Phase::Resolve), true),
        (ConnectError::Timeout(Phase::Proxy), true),
        (ConnectError::Uri(InvalidUri::Scheme), false),
    ] {
        assert_eq!(failed.is_timeout(), is_timeout, "{failed}");
        let shown = failed.to_string();
        let converted = Error::from(failed);
        assert_eq!((converted.is_timeout(), converted.to_string()), (is_timeout, shown));
    }
}

/// A request that would inject header fields does not even reach the stream.
#[test]
fn fields_that_are_none() {
    on_both_runtimes(async || {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let request = ClientRequest::new("localhost", "/").header("X-Test", "a\r\nX-Other: b");
        let error = connect_on(ours, request, Config::default()).await.expect_err("a line break");
        assert!(matches!(error, HandshakeError::Header(_)), "{error}");
        let mut sent = Vec::new();
        theirs.read_to_end(&mut sent).await.expect("an end");
        assert!(sent.is_empty());
    });
}

/// A name that resolves to several addresses, not all of which have a listener.
#[test]
fn a_name_is_resolved() {
    on_both_runtimes(async || {
        let (listener, address) = listen().await;
        let SocketAddr::V4(address) = address else { panic!("{address}") };
        let uri = format!("ws://localhost:{}/", address.port());
        let refusal = "HTTP/1.1 404 Not Found\r\n\r\n";
        let (answered, connected) = tokio::join!(answer(listener, refusal), connect(&uri));
        answered.expect("a client");
        let Err(ConnectError::Handshake(HandshakeError::Refused(response))) = connected else {
            panic!()
        };
        assert_eq!(response.status(), 404);
    });
}
