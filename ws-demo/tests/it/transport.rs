//! The transports of clients: TLS, local sockets, several at once.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use ws_tokio::client::ClientRequest;
use ws_tokio::{Config, Message, connect_on};

use crate::process::{Server, TIMEOUT, program};
use crate::raw::{self, exchange, upgrade};

/// A directory for one test, until it is dropped.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ws-demo-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a path").to_owned()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // It is only in a directory for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Writes a new certificate and its key; returns the certificate.
fn certify(certificate: &str, key: &str) -> CertificateDer<'static> {
    let names = vec!["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("a key");
    fs::write(certificate, cert.pem()).expect("a file");
    fs::write(key, signing_key.serialize_pem()).expect("a file");
    cert.der().clone()
}

/// Connects with trust in this certificate alone.
async fn secure(
    server: &Server,
    trusted: &CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let provider = rustls::crypto::ring::default_provider();
    let mut config = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(server.address).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

#[tokio::test]
async fn tls_with_a_certificate_that_is_replaced() {
    let directory = Directory::new("tls");
    let (certificate, key) = (directory.file("cert.pem"), directory.file("key.pem"));
    let old = certify(&certificate, &key);
    let server = Server::start(&["--tls-cert", &certificate, "--tls-key", &key]);

    let stream = secure(&server, &old).await.expect("a secure stream");
    let request = ClientRequest::new("localhost", "/ws");
    let (mut socket, _) =
        connect_on(stream, request, Config::default()).await.expect("a WebSocket");
    let welcome = socket.recv().await.expect("a message").expect("a message");
    assert!(welcome.as_text().is_some_and(|text| text.contains("welcome")));
    let large = "x".repeat(300_000);
    socket.send(large.as_str()).await.expect("a message sent");
    let Some(Message::Text(echo)) = socket.recv().await.expect("a message") else { panic!() };
    assert_eq!(echo.len(), large.len() + r#"{"type":"echo","original":""}"#.len());

    let new = certify(&certificate, &key);
    server.signal("HUP");
    server.wait_for("certificate reloaded");
    secure(&server, &old).await.expect_err("the old certificate");
    secure(&server, &new).await.expect("the new certificate");
    // Existing connections are not affected.
    socket.send("still here").await.expect("a message sent");
    assert!(socket.recv().await.expect("a message").is_some());

    fs::write(&key, "nonsense").expect("a file");
    server.signal("HUP");
    server.wait_for("certificate not reloaded, the former one stays in use: TLS: ");
    secure(&server, &new).await.expect("the former certificate");
}

/// Only the enabled protocols are offered by ALPN (RFC 7301).
#[tokio::test]
async fn http2_is_offered_if_asked_for() {
    let directory = Directory::new("alpn");
    let (certificate, key) = (directory.file("cert.pem"), directory.file("key.pem"));
    let trusted = certify(&certificate, &key);
    let tls = ["--tls-cert", &certificate, "--tls-key", &key];
    for (more, agreed) in [(&[][..], "http/1.1"), (&["--http2"], "h2")] {
        let server = Server::start(&[&tls, more].concat());
        let stream = secure(&server, &trusted).await.expect("TLS");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(agreed.as_bytes()), "{more:?}");
    }
}

#[test]
fn whoever_speaks_no_tls_is_refused_and_harms_nobody() {
    let directory = Directory::new("no-tls");
    let (certificate, key) = (directory.file("cert.pem"), directory.file("key.pem"));
    certify(&certificate, &key);
    let server = Server::start(&["--tls-cert", &certificate, "--tls-key", &key]);
    for _ in 0..2 {
        let mut stream = raw::connect(server.address);
        stream.write_all(upgrade("/ws", "").as_bytes()).expect("a stream");
        let mut answer = Vec::new();
        // A TLS alert, perhaps cut off by a reset.
        let _ = stream.read_to_end(&mut answer);
        assert!(!answer.starts_with(b"HTTP"));
    }
    server.wait_for("tls: peer does not use TLS");
}

#[test]
fn several_addresses_and_a_local_socket() {
    let directory = Directory::new("unix");
    let path = directory.file("ws.sock");
    // The socket that a crashed server has left behind.
    drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket"));
    let listen = format!("unix:{path}");
    let server = Server::start(&["--listen", &listen, "--listen", "127.0.0.1:0"]);
    server.wait_for(&format!("listening on {listen}"));
    let second = server.wait_for("listening on http");
    assert!(second.contains("http://"));

    let mut stream = UnixStream::connect(&path).expect("a stream");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    stream.write_all(upgrade("/ws", "").as_bytes()).expect("a stream");
    let mut head = [0; 12];
    stream.read_exact(&mut head).expect("a head");
    assert_eq!(&head, b"HTTP/1.1 101");
    assert!(
        exchange(server.address, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .starts_with("HTTP/1.1 200 ")
    );

    // A second server does not replace one that runs.
    let output = program().args(["--listen", &listen]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    let expected = format!("cannot listen on {listen}: another process listens there");
    assert!(error.contains(&expected), "{error}");

    server.signal("TERM");
    drop(stream);
    assert_eq!(server.ended().code(), Some(0));
    assert!(!Path::new(&path).exists());
}

#[test]
fn a_file_in_the_way_of_a_local_socket_is_not_removed() {
    let directory = Directory::new("file");
    let path = directory.file("notes.txt");
    fs::write(&path, "notes").expect("a file");
    let output = program().args(["--listen", &format!("unix:{path}")]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("a file that is no socket is there"), "{error}");
    assert_eq!(fs::read(&path).expect("the file"), b"notes");
}

/// The first server ends after a second one has taken its place, as when it is replaced.
#[test]
fn the_local_socket_of_a_successor_is_not_removed() {
    let directory = Directory::new("successor");
    let path = directory.file("ws.sock");
    let listen = format!("unix:{path}");
    let first = Server::start(&["--listen", &listen]);
    first.wait_for(&format!("listening on {listen}"));
    fs::remove_file(&path).expect("the socket");
    let second = Server::start(&["--listen", &listen]);
    second.wait_for(&format!("listening on {listen}"));
    first.signal("TERM");
    assert_eq!(first.ended().code(), Some(0));
    UnixStream::connect(&path).expect("the second server");
}

#[test]
fn a_name_is_listened_on_with_all_its_addresses() {
    use std::net::{TcpListener, TcpStream, ToSocketAddrs as _};

    let server = Server::start(&["--listen", "localhost:0", "--log", "info"]);
    let addresses = ("localhost", 0).to_socket_addrs().expect("addresses");
    // Where IPv6 is off, it may still be the address of a name.
    let here: Vec<_> = addresses.filter(|address| TcpListener::bind(address).is_ok()).collect();
    assert!(!here.is_empty());
    // That of `Server::start`, too.
    let deadline = Instant::now() + TIMEOUT;
    while server.lines("listening on http://").len() < 1 + here.len() {
        assert!(Instant::now() < deadline, "not all are logged");
        std::thread::yield_now();
    }
    let mut ports = Vec::new();
    for address in here {
        let host = address.to_string();
        let host = host.trim_end_matches('0');
        let lines = server.lines(&format!("listening on http://{host}"));
        let line = lines.iter().find(|line| !line.ends_with(&server.address.to_string()));
        let address = line.and_then(|line| line.split("http://").nth(1)).expect("an address");
        TcpStream::connect(address).expect("a server");
        ports.push(address.rsplit(':').next().expect("a port").to_owned());
    }
    ports.dedup();
    assert_eq!(ports.len(), 1, "{ports:?}");
}

#[tokio::test]
async fn statistics_are_logged_on_request() {
    let mut server = Server::start(&[]);
    let (_socket, _) = server.connect().await;
    server.signal("USR1");
    let line = server.wait_for("[ws] statistics: ");
    let statistics = line.split("statistics: ").nth(1).expect("statistics");
    let statistics: serde_json::Value = serde_json::from_str(statistics).expect("JSON");
    assert_eq!(statistics["clients"], 1, "{statistics}");
    assert!(server.runs());
}

#[test]
fn a_service_manager_is_notified_of_the_start_and_the_end() {
    let directory = Directory::new("notify");
    let path = directory.file("notify.sock");
    let manager = std::os::unix::net::UnixDatagram::bind(&path).expect("a socket");
    manager.set_read_timeout(Some(TIMEOUT)).expect("a timeout");
    let receive = || {
        let mut state = [0; 64];
        let len = manager.recv(&mut state).expect("a state");
        String::from_utf8_lossy(&state[..len]).into_owned()
    };
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0"]).env("NOTIFY_SOCKET", &path);
    let server = Server::start_command(command);
    assert_eq!(receive(), "READY=1\n");
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200 "));
    server.signal("TERM");
    assert_eq!(receive(), "STOPPING=1\n");
    assert_eq!(server.ended().code(), Some(0));
}
