//! Servers on a Unix socket.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::net::UnixListener;
use ws_tokio::{CloseCode, ConnectError, Connector, Failure, Message, Proxy, Verdict};

use crate::reaching::server::start_at;
use crate::support::on_both_runtimes;

/// A path of its own, removed at the end.
struct Path(PathBuf);

impl Path {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);

        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ws-tokio-{}-{number}.sock", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn listen(&self) -> UnixListener {
        UnixListener::bind(&self.0).expect("a socket")
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn the_address_is_for_the_request_alone() {
    on_both_runtimes(async || {
        let path = Path::new();
        let log = start_at(path.listen(), &[], async |stream| Some(stream));
        // Neither the name nor the proxy can be reached, and neither is used.
        let connector = Connector::new()
            .unix_socket(&path.0)
            .proxy(Proxy::all("nobody..invalid").expect("an address"));
        let connected = connector.connect("ws://nobody..invalid:81/chat?room=1").await;
        let (mut socket, _) = connected.expect("a connection");
        for message in [Message::text("hello"), Message::binary(vec![7; 300_000])] {
            socket.send(message.clone()).await.expect("sent");
            assert!(socket.recv().await.expect("no error") == Some(message));
        }
        let stream = socket.get_ref().get_ref();
        assert!(stream.tcp().is_none() && !stream.is_secure());
        let peer = stream.unix().expect("a socket").peer_addr().expect("open");
        assert_eq!(peer.as_pathname(), Some(&*path.0));
        socket.close_and_discard(CloseCode::NORMAL).await.expect("closed");

        let [asked] = &log.take()[..] else { panic!("one request") };
        assert_eq!((&*asked.host, &*asked.target), ("nobody..invalid:81", "/chat?room=1"));
    });
}

#[test]
fn redirects_lead_to_the_same_socket() {
    on_both_runtimes(async || {
        let path = Path::new();
        let redirects = [("/old", 301, "ws://nobody..invalid/new".to_owned())];
        let log = start_at(path.listen(), &redirects, async |stream| Some(stream));
        let connector = Connector::new().unix_socket(&path.0).redirects(1);
        connector.connect("ws://localhost/old").await.expect("a connection");
        let asked: Vec<_> =
            log.take().into_iter().map(|asked| (asked.host, asked.target)).collect();
        let expected = [("localhost", "/old"), ("nobody..invalid", "/new")];
        assert_eq!(asked, expected.map(|(host, target)| (host.into(), target.into())));
    });
}

#[cfg(feature = "rustls")]
#[test]
fn tls_is_spoken_where_the_address_wants_it() {
    use crate::reaching::certificates::{Authority, NAME, Valid};

    on_both_runtimes(async || {
        let path = Path::new();
        let authority = Authority::new();
        let acceptor = authority.server(NAME, Valid::Now);
        let _log = start_at(path.listen(), &[], move |stream| {
            let acceptor = acceptor.clone();
            async move { acceptor.accept(stream).await.ok() }
        });
        let connector = Connector::new().unix_socket(&path.0).tls(authority.trusted());
        let (mut socket, _) =
            connector.connect(&format!("wss://{NAME}/")).await.expect("a connection");
        socket.send("hello").await.expect("sent");
        assert_eq!(socket.recv().await.expect("no error"), Some(Message::text("hello")));
        let stream = socket.get_ref().get_ref();
        assert!(stream.is_secure() && stream.unix().is_some());

        let connected = connector.connect("wss://other.example/").await;
        assert!(matches!(connected, Err(ConnectError::Tls(_))), "{connected:?}");
    });
}

#[test]
fn a_socket_without_a_listener() {
    on_both_runtimes(async || {
        let left_behind = Path::new();
        drop(left_behind.listen());
        for (path, kind) in [
            (Path::new(), io::ErrorKind::NotFound),
            (left_behind, io::ErrorKind::ConnectionRefused),
        ] {
            let connector = Connector::new().unix_socket(&path.0);
            let failed = connector.connect("ws://localhost/").await.expect_err("no listener");
            // The server may be starting.
            assert_eq!(Failure::Connect(&failed).verdict(), Verdict::TRANSIENT);
            let text = failed.to_string();
            assert!(text.contains(path.0.to_str().expect("text")), "{text}");
            let ConnectError::UnixSocket { path: told, error } = failed else { panic!("{text}") };
            assert_eq!((told, error.kind()), (path.0.clone(), kind));
        }
    });
}

/// There is no standard for a socket in a URI.
#[test]
fn a_socket_is_no_part_of_an_address() {
    on_both_runtimes(async || {
        for uri in ["ws+unix:///run/chat.sock", "ws+unix:/run/chat.sock:/room", "unix:/a.sock"] {
            let connected = ws_tokio::connect(uri).await;
            assert!(matches!(connected, Err(ConnectError::Uri(_))), "{uri}");
        }
    });
}
