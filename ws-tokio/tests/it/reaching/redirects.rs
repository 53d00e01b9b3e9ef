//! Redirects.

use ws_tokio::{ConnectError, Connector, HandshakeError, RedirectError};

use crate::reaching::server::Server;
use crate::support::on_both_runtimes;

#[test]
fn none_is_followed_unless_asked_for() {
    on_both_runtimes(async || {
        let server = Server::start(&[("/", 302, "/x".into())]).await;
        let error = Connector::new().connect(&server.uri("/")).await.expect_err("refused");
        let ConnectError::Handshake(HandshakeError::Refused(response)) = error else {
            panic!("{error}")
        };
        assert_eq!((response.status(), response.header("location")), (302, Some("/x")));
        assert_eq!(server.asked().len(), 1);
    });
}

#[test]
fn credentials_stay_at_their_origin() {
    on_both_runtimes(async || {
        let other = Server::start(&[]).await;
        let elsewhere = format!("http://{}/there", other.address);
        let server = Server::start(&[("/", 307, "/next".into()), ("/next", 301, elsewhere)]).await;
        let connector = Connector::new()
            .header("Authorization", "Bearer x")
            .header("Cookie", "a=b")
            .header("X-Own", "1")
            .subprotocol("v1")
            .redirects(2);
        let (_socket, response) = connector.connect(&server.uri("/")).await.expect("a connection");
        assert_eq!(response.subprotocol(), Some("v1"));

        let asked = server.asked();
        let targets: Vec<_> = asked.iter().map(|asked| &*asked.target).collect();
        assert_eq!(targets, ["/", "/next"]);
        for asked in asked {
            assert_eq!(asked.field("authorization"), Some("Bearer x"));
        }
        let [asked] = &other.asked()[..] else { panic!("one request") };
        assert_eq!((&*asked.target, &*asked.host), ("/there", &*other.address.to_string()));
        assert_eq!((asked.field("authorization"), asked.field("cookie")), (None, None));
        assert_eq!(asked.field("x-own"), Some("1"));
    });
}

async fn error(server: &Server, limit: usize) -> RedirectError {
    let connected = Connector::new().redirects(limit).connect(&server.uri("/")).await;
    match connected {
        Err(ConnectError::Redirect { error, response }) => {
            assert!((300..400).contains(&response.status()));
            error
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_circle_is_an_error() {
    on_both_runtimes(async || {
        let server = Server::start(&[("/", 302, "/x".into()), ("/x", 302, "/".into())]).await;
        assert_eq!(error(&server, 10).await, RedirectError::Loop);
        assert_eq!(server.asked().len(), 2);
    });
}

#[test]
fn too_many_are_an_error() {
    on_both_runtimes(async || {
        let server = Server::start(&[("/", 302, "/x".into()), ("/x", 302, "/y".into())]).await;
        assert_eq!(error(&server, 1).await, RedirectError::TooMany);
        assert_eq!(server.asked().len(), 2);
    });
}

#[test]
fn a_location_that_is_none_is_an_error() {
    on_both_runtimes(async || {
        let server = Server::start(&[("/", 302, "mailto:a@b".into())]).await;
        assert_eq!(error(&server, 1).await, RedirectError::Location);
    });
}
