//! The header fields that a proxy forwards.

use ws_proto::Headers;

#[test]
fn all_but_those_of_one_hop_and_of_the_handshake() {
    let fields = [
        ("Host", "example.com"),
        ("Cookie", "a=1"),
        ("Connection", "Upgrade, X-Hop"),
        ("connection", "x-other"),
        ("X-Hop", "1"),
        ("X-OTHER", "2"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-extensions", "permessage-deflate"),
        ("Sec-WebSocket-Protocol", "chat"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Authorization", "Basic secret"),
        ("TE", "trailers"),
        ("Trailer", "X-End"),
        ("cookie", "b=2"),
        ("X-End", "3"),
    ];
    let mut headers = Headers::new();
    for (name, value) in fields {
        headers.push(name, value).expect("valid");
    }
    let passed: Vec<_> = headers.end_to_end().collect();
    assert_eq!(passed, [("Cookie", &b"a=1"[..]), ("cookie", b"b=2"), ("X-End", b"3")]);
}
