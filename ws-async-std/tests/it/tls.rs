//! WebSockets over TLS from another library.

use std::sync::Arc;

use async_std::net::{TcpListener, TcpStream};
use async_std::task;
use futures_rustls::pki_types::{PrivateKeyDer, ServerName};
use futures_rustls::rustls::crypto::ring;
use futures_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use futures_rustls::{TlsAcceptor, TlsConnector};
use ws_async_std::client::ClientRequest;
use ws_async_std::{AsyncStdStream, AsyncStdTimer, CloseCode, Config, Message, connect_on};

/// The configurations of both sides, with a certificate generated for the test.
fn tls() -> (TlsAcceptor, TlsConnector) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(ring::default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("they fit");
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a certificate");
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    (TlsAcceptor::from(Arc::new(server)), TlsConnector::from(Arc::new(client)))
}

#[async_std::test]
async fn a_conversation() {
    let (acceptor, connector) = tls();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = task::spawn(async move {
        let (stream, _peer) = listener.accept().await.expect("a client");
        let stream = acceptor.accept(AsyncStdStream::from(stream)).await.expect("TLS");
        let timer = AsyncStdTimer::default();
        let accepted = ws_futures::accept(stream, timer, Config::default()).await;
        let mut socket = accepted.expect("a request");
        while let Some(message) = socket.recv().await.expect("no error") {
            if message.is_data() {
                socket.send(message).await.expect("open");
            }
        }
        socket.closed().expect("facts").is_clean()
    });

    let stream = AsyncStdStream::from(TcpStream::connect(address).await.expect("a server"));
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = connector.connect(name, stream).await.expect("TLS");
    let request = ClientRequest::new("localhost", "/");
    let (mut socket, _response) =
        connect_on(stream, request, Config::default()).await.expect("open");
    let large = Message::binary(vec![7; 300_000]);
    for message in [Message::text("hello"), large] {
        socket.send(message.clone()).await.expect("open");
        assert!(socket.recv().await.expect("no error") == Some(message));
    }
    socket.close_and_discard(CloseCode::NORMAL).await.expect("no error");
    assert!(socket.closed().expect("facts").is_clean());
    assert!(server.await);
}
