//! What a client needs for redirects: the target, and what is sent with the request.

use ws_proto::Config;
use ws_proto::client::{ClientProgress, ClientRequest, Response, Uri};

fn response(status: u16, location: &str) -> Response {
    let text = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n{location}\r\n");
    let sent = ClientRequest::new("a", "/").send(Config::default(), [7; 32], &mut Vec::new());
    match sent.expect("valid").receive(&mut text.into_bytes().as_mut_slice()) {
        Ok(ClientProgress::Refused(response)) => response,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_statuses_of_a_redirect() {
    for (status, follows) in [
        (200, false),
        (300, false),
        (301, true),
        (302, true),
        (303, true),
        (304, false),
        (305, false),
        (307, true),
        (308, true),
        (403, false),
    ] {
        let response = response(status, "Location: /x\r\n");
        assert_eq!(response.redirects_to(), follows.then_some("/x"), "{status}");
    }
    assert_eq!(response(302, "").redirects_to(), None);
}

fn sent(request: ClientRequest) -> String {
    let mut out = Vec::new();
    request.send(Config::default(), [7; 32], &mut out).expect("valid");
    String::from_utf8(out).expect("text")
}

fn request() -> ClientRequest {
    let uri: Uri = "ws://me:secret@a/old".parse().expect("valid");
    ClientRequest::for_uri(&uri)
        .subprotocol("chat")
        .user_agent(Some("own/1"))
        .header("cookie", "a=b")
        .header("X-Own", "kept")
}

#[test]
fn a_redirected_request_is_the_same_at_another_address() {
    let uri: Uri = "wss://you:known@b:1/new?x".parse().expect("valid");
    let redirected = request().redirected_to(&uri);
    let sent = sent(redirected.clone());
    assert!(sent.starts_with("GET /new?x HTTP/1.1\r\nHost: b:1\r\n"), "{sent}");
    for field in [
        "Sec-WebSocket-Protocol: chat",
        "cookie: a=b",
        "X-Own: kept",
        // From the first URI: a server does not choose the client's user name.
        "Authorization: Basic bWU6c2VjcmV0",
        "User-Agent: own/1",
    ] {
        assert!(sent.contains(&format!("\r\n{field}\r\n")), "{field}: {sent}");
    }
    let over_http2 = redirected.extended_connect(Config::default(), [7; 32]).expect("valid");
    assert_eq!((over_http2.scheme(), over_http2.authority()), ("https", "b:1"));
}

#[test]
fn credentials_are_dropped() {
    let asked = request().header("Proxy-Authorization", "Basic eDp5").without_credentials();
    let asked = sent(asked);
    assert!(!asked.contains("uthorization") && !asked.contains("ookie"), "{asked}");
    assert!(asked.contains("\r\nX-Own: kept\r\n"), "{asked}");
    assert!(asked.contains("\r\nUser-Agent: own/1\r\n"), "{asked}");
    assert!(asked.contains("\r\nSec-WebSocket-Protocol: chat\r\n"), "{asked}");
    let with_field = ClientRequest::new("a", "/").header("AUTHORIZATION", "Bearer x");
    assert!(!sent(with_field.without_credentials()).contains("Bearer"));
}

/// A field that cannot be sent to the first URI cannot be sent to another.
#[test]
fn an_invalid_field_stays_invalid() {
    let uri: Uri = "ws://b/".parse().expect("valid");
    let request = ClientRequest::new("a", "/").header("X", "a\r\nY: b").redirected_to(&uri);
    let outcome = request.without_credentials().send(Config::default(), [7; 32], &mut Vec::new());
    assert!(outcome.is_err());
}
