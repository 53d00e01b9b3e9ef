//! A server of `wss`.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};
use ws_testkit::raw::REQUEST;
use ws_tokio::client::ClientRequest;
use ws_tokio::serve::Listener;
use ws_tokio::{Config, TlsAcceptor, TlsErrorKind, accept, connect_on};

use crate::reaching::certificates::{Authority, NAME, SelfSigned, Valid, self_signed};
use crate::support::{listen, on_both_runtimes};

/// A client that sends plain HTTP to the TLS port.
#[test]
fn plain_http_is_dropped_at_once() {
    on_both_runtimes(async || {
        let (listener, address) = listen().await;
        let accepting = async {
            let (stream, _peer) = listener.accept().await.expect("a client");
            self_signed().accept(stream).await.expect_err("no TLS")
        };
        let asking = async {
            let mut stream = TcpStream::connect(address).await.expect("a server");
            stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
            let mut answer = Vec::new();
            // An end or a reset: either is prompt.
            let _ = stream.read_to_end(&mut answer).await;
            answer
        };
        let (error, answer) = tokio::join!(accepting, asking);
        assert_eq!((error.kind(), error.is_timeout()), (TlsErrorKind::NotTls, false), "{error}");
        assert!(!answer.starts_with(b"HTTP"));
    });
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing() {
    let start = tokio::time::Instant::now();
    let (_theirs, ours) = duplex(1024);
    let error = self_signed().accept(ours).await.expect_err("silence");
    assert_eq!((error.kind(), error.is_timeout()), (TlsErrorKind::Timeout, true));
    assert_eq!(start.elapsed(), Duration::from_secs(10));

    let (_theirs, ours) = duplex(1024);
    let hasty = self_signed().handshake_timeout(Some(Duration::from_secs(1)));
    let error = hasty.accept(ours).await.expect_err("silence");
    assert_eq!((error.kind(), error.is_timeout()), (TlsErrorKind::Timeout, true));
    assert_eq!(start.elapsed(), Duration::from_secs(11));
}

#[test]
fn a_client_that_leaves() {
    on_both_runtimes(async || {
        let (theirs, ours) = duplex(1024);
        drop(theirs);
        let error = self_signed().accept(ours).await.expect_err("an end");
        assert_eq!(error.kind(), TlsErrorKind::Io);
    });
}

/// The negotiated protocol for clients that offer these protocols.
#[test]
fn protocols() {
    on_both_runtimes(async || {
        let authority = Authority::new();
        for (offered, agreed) in [
            (&[][..], Ok(None)),
            (&["http/1.1"], Ok(Some("http/1.1"))),
            (&["h2", "http/1.1"], Ok(Some("http/1.1"))),
            (&["h2"], Err(TlsErrorKind::Handshake)),
        ] {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der()).expect("a certificate");
            let mut config =
                ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
                    .with_safe_default_protocol_versions()
                    .expect("versions")
                    .with_root_certificates(roots)
                    .with_no_client_auth();
            config.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
            let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
            let name = ServerName::try_from(NAME).expect("a name");

            let (theirs, ours) = duplex(64 * 1024);
            let acceptor = authority.server(NAME, Valid::Now);
            let (accepted, connected) =
                tokio::join!(acceptor.accept(ours), connector.connect(name, theirs));
            let found = accepted.map(|_stream| {
                let stream = connected.expect("both or none");
                stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec)
            });
            let found = found.map_err(|error| error.kind());
            let expected =
                agreed.map(|name: Option<&str>| name.map(|name| name.as_bytes().to_vec()));
            assert_eq!(found, expected, "{offered:?}");
        }
    });
}

/// A client of another library.
fn foreign_client(authority: &Authority) -> tokio_rustls::TlsConnector {
    tokio_rustls::TlsConnector::from(Arc::new(client_config(authority)))
}

fn client_config(authority: &Authority) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der()).expect("a certificate");
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Both Close frames, then the close_notify of TLS, then the end of TCP (RFC 6455 §7.1.1).
#[test]
fn the_session_is_ended_cleanly() {
    on_both_runtimes(async || {
        let authority = Authority::new();
        let (theirs, ours) = duplex(64 * 1024);
        let acceptor = authority.server(NAME, Valid::Now);
        let serving = async {
            let stream = acceptor.accept(ours).await.expect("TLS");
            let mut socket = accept(stream, Config::default()).await.expect("a request");
            while socket.recv().await.expect("no error").is_some() {}
        };
        let asking = async {
            let name = ServerName::try_from(NAME).expect("a name");
            let stream = foreign_client(&authority).connect(name, theirs).await;
            let mut stream = stream.expect("TLS");
            stream.write_all(REQUEST.as_bytes()).await.expect("sent");
            stream.write_all(b"\x88\x80\0\0\0\0").await.expect("sent");
            let mut answer = Vec::new();
            // A truncated stream is an error here.
            stream.read_to_end(&mut answer).await.expect("a notice");
            answer
        };
        let ((), answer) = tokio::join!(serving, asking);
        assert!(answer.ends_with(b"\r\n\r\n\x88\0"), "{}", answer.escape_ascii());
    });
}

/// A peer that ends the TCP stream without a close_notify has left, which is no I/O error.
#[test]
fn a_stream_that_is_cut_off() {
    on_both_runtimes(async || {
        let authority = Authority::new();
        let (theirs, ours) = duplex(64 * 1024);
        let acceptor = authority.server(NAME, Valid::Now);
        let connector = foreign_client(&authority);
        let serving = async {
            let stream = acceptor.accept(ours).await.expect("TLS");
            accept(stream, Config::default()).await.expect("a request")
        };
        let asking = async {
            let name = ServerName::try_from(NAME).expect("a name");
            let stream = connector.connect(name, theirs).await.expect("TLS");
            connect_on(stream, ClientRequest::new(NAME, "/"), Config::default())
                .await
                .expect("accepted")
                .0
        };
        let (mut server, client) = tokio::join!(serving, asking);
        drop(client);
        let error = server.recv().await.expect_err("no Close frame");
        assert!(matches!(error, ws_tokio::Error::Protocol(_)), "{error}");
        assert_eq!(server.closed().expect("facts").code(), ws_tokio::CloseCode::ABNORMAL);
    });
}

/// The certificate can be replaced while a listener uses it; the ALPN protocols stay the same.
#[test]
fn a_certificate_that_is_replaced() {
    on_both_runtimes(async || {
        let (old, new) = (Authority::new(), Authority::new());
        let acceptor = old.server(NAME, Valid::Now).http2();
        let (listener, address) = listen().await;
        let mut listening = acceptor.clone().listen(listener);
        tokio::spawn(async move {
            while let Ok((opening, _peer)) = Listener::accept(&mut listening).await {
                tokio::spawn(async move {
                    let Ok(mut stream) = opening.await else { return };
                    let (mut reader, mut writer) = tokio::io::split(&mut stream);
                    let _ = tokio::io::copy(&mut reader, &mut writer).await;
                });
            }
        });
        let connect = async |authority: &Authority| {
            let mut config = client_config(authority);
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
            let stream = TcpStream::connect(address).await.expect("a server");
            connector.connect(ServerName::try_from(NAME).expect("a name"), stream).await
        };
        let echoes = async |stream: &mut tokio_rustls::client::TlsStream<TcpStream>| {
            stream.write_all(b"hello").await.expect("open");
            let mut echo = [0; 5];
            stream.read_exact(&mut echo).await.expect("open");
            assert_eq!(&echo, b"hello");
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        };
        let mut before = connect(&old).await.expect("TLS");
        connect(&new).await.expect_err("another authority");
        echoes(&mut before).await;

        acceptor.replace(new.server(NAME, Valid::Now));
        connect(&old).await.expect_err("the former authority");
        echoes(&mut connect(&new).await.expect("TLS")).await;
        echoes(&mut before).await;
    });
}

#[test]
fn keys_and_certificates_that_are_none() {
    let error = TlsAcceptor::from_pem("", SelfSigned::new(|_| ()).key().serialize_pem());
    let error = error.expect_err("no certificate");
    assert!(error.to_string().contains("no certificate in the chain"), "{error}");
    for (chain, key) in [("", ""), ("no PEM", "no PEM")] {
        let error = TlsAcceptor::from_pem(chain, key).expect_err("nothing");
        assert_eq!(error.kind(), TlsErrorKind::Setup);
    }
}
