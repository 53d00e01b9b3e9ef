//! The requests of a connector.

use ws_tokio::client::{ClientRequest, Uri};
use ws_tokio::{ConnectError, Connector, HandshakeError, Message, Proxy};

use crate::reaching::server::Server;
use crate::support::on_both_runtimes;

#[test]
fn header_fields_and_subprotocols() {
    on_both_runtimes(async || {
        let server = Server::start(&[]).await;
        let connector = Connector::new()
            .header("Authorization", "Bearer x")
            .header("X-Own", "1")
            .subprotocol("v2")
            .subprotocol("v1");
        for _ in 0..2 {
            let connected = connector.connect(&server.uri("/chat?room=1")).await;
            let (mut socket, response) = connected.expect("a connection");
            assert_eq!(response.subprotocol(), Some("v2"));
            socket.send("hello").await.expect("sent");
            assert_eq!(socket.recv().await.expect("no error"), Some(Message::text("hello")));

            let [asked] = &server.asked()[..] else { panic!("one request") };
            assert_eq!(asked.target, "/chat?room=1");
            assert_eq!(asked.host, server.address.to_string());
            assert_eq!(asked.field("authorization"), Some("Bearer x"));
            assert_eq!(asked.field("x-own"), Some("1"));
            assert_eq!(asked.subprotocols, ["v2", "v1"]);
        }
    });
}

#[test]
fn the_user_agent() {
    on_both_runtimes(async || {
        let server = Server::start(&[("/moved", 302, "/".to_owned())]).await;
        let default = concat!("ws-tokio/", env!("CARGO_PKG_VERSION"));
        let connector = || Connector::new().redirects(1);
        for (connector, target, expected) in [
            (connector(), "/", Some(default)),
            (connector(), "/moved", Some(default)),
            (connector().user_agent(Some("own/1")), "/", Some("own/1")),
            (connector().user_agent(Some("own/1")), "/moved", Some("own/1")),
            (connector().user_agent(None), "/", None),
            (connector().user_agent(None), "/moved", None),
            (connector().header("user-agent", "own/2"), "/", Some("own/2")),
        ] {
            connector.connect(&server.uri(target)).await.expect("a connection");
            for asked in server.asked() {
                let fields = asked.fields.iter();
                let fields = fields.filter(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
                let values: Vec<_> = fields.map(|(_, value)| &**value).collect();
                assert_eq!(values, Vec::from_iter(expected));
            }
        }

        let uri: Uri = server.uri("/").parse().expect("an address");
        let request = ClientRequest::for_uri(&uri).user_agent(Some("own/3"));
        connector().user_agent(None).connect_with(&uri, request).await.expect("a connection");
        assert_eq!(server.asked()[0].field("user-agent"), Some("own/3"));

        let invalid = connector().user_agent(Some("a\r\nb"));
        let error = invalid.connect(&server.uri("/")).await.expect_err("no field");
        assert!(matches!(error, ConnectError::Handshake(HandshakeError::Header(_))), "{error}");
    });
}

/// As in browsers.
#[test]
fn an_http_address() {
    on_both_runtimes(async || {
        let server = Server::start(&[]).await;
        let uri = format!("HTTP://{}/chat", server.address);
        Connector::new().connect(&uri).await.expect("a connection");
        let [asked] = &server.asked()[..] else { panic!("one request") };
        assert_eq!((&*asked.target, &*asked.host), ("/chat", &*server.address.to_string()));
    });
}

#[test]
fn user_and_password_of_the_address() {
    on_both_runtimes(async || {
        let server = Server::start(&[]).await;
        let uri = format!("ws://me:p%40ss@{}/", server.address);
        Connector::new().connect(&uri).await.expect("a connection");
        assert_eq!(server.asked()[0].field("authorization"), Some("Basic bWU6cEBzcw=="));

        let own = Connector::new().header("Authorization", "Bearer x");
        own.connect(&uri).await.expect("a connection");
        let [asked] = &server.asked()[..] else { panic!("one request") };
        let authorization = |(name, _): &&(String, String)| name == "Authorization";
        assert_eq!(asked.fields.iter().filter(authorization).count(), 1);
        assert_eq!(asked.field("authorization"), Some("Bearer x"));
    });
}

#[test]
fn a_request_of_ones_own_is_completed() {
    on_both_runtimes(async || {
        let server = Server::start(&[]).await;
        let uri: Uri = server.uri("/").parse().expect("an address");
        let request = ClientRequest::new("example.com", "/elsewhere").header("X-Own", "1");
        let connector = Connector::new().header("X-Common", "2");
        connector.connect_with(&uri, request).await.expect("a connection");
        let [asked] = &server.asked()[..] else { panic!("one request") };
        assert_eq!((&*asked.host, &*asked.target), ("example.com", "/elsewhere"));
        assert_eq!((asked.field("x-own"), asked.field("x-common")), (Some("1"), Some("2")));
    });
}

#[test]
fn fields_that_would_forge_a_request_are_not_sent() {
    on_both_runtimes(async || {
        let server = Server::start(&[]).await;
        for (name, value) in [("X", "a\r\nY: b"), ("Host", "elsewhere"), ("a b", "c")] {
            let error = Connector::new().header(name, value).connect(&server.uri("/")).await;
            let error = error.expect_err("no field");
            let invalid = matches!(error, ConnectError::Handshake(HandshakeError::Header(_)));
            assert!(invalid, "{name}: {error}");
        }
        assert_eq!(server.asked(), []);
    });
}

#[test]
fn secrets_are_not_shown() {
    let connector = Connector::new()
        .header("Authorization", "Bearer secret")
        .proxy(Proxy::all("user:secret@proxy").expect("an address"));
    let shown = format!("{connector:?}");
    assert!(shown.contains("Authorization") && shown.contains("user"), "{shown}");
    let secret = |text: &str| text.contains("secret") || text.contains("115, 101, 99");
    assert!(!secret(&shown), "{shown}");
}

/// For `tokio::spawn`.
#[test]
fn the_future_can_be_sent() {
    fn is_send(_: impl Send) {}
    is_send(Connector::new().connect("ws://localhost/"));
    is_send(ws_tokio::connect("ws://localhost/"));
}
