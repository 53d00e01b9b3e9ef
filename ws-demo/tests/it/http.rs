//! Answers to plain HTTP.

use crate::process::Server;
use crate::raw::{self, exchange, upgrade};

/// Without the second field the connection would wait for another request.
const HOST: &str = "Host: demo.example\r\nConnection: close\r\n";

#[test]
fn answers() {
    let server = Server::start(&[]);
    let many = format!("GET / HTTP/1.1\r\n{HOST}{}\r\n", "A: b\r\n".repeat(99));
    let long = format!("GET / HTTP/1.1\r\n{HOST}A: {}\r\n\r\n", "b".repeat(16 * 1024));
    let plain = |line: &str| format!("{line} HTTP/1.1\r\n{HOST}\r\n");
    let without = |field: &str| upgrade("/ws", "").replace(field, "X-");
    for (request, status, parts) in [
        (plain("GET /"), 200, &["content-type: text/html; charset=utf-8\r\n", "</html>"][..]),
        (plain("GET /?x=1"), 200, &["</html>"]),
        (plain("POST /"), 405, &["allow: GET, HEAD\r\n"]),
        (plain("POST /ws"), 405, &["allow: GET\r\n"]),
        (plain("POST /healthz"), 405, &["allow: GET, HEAD\r\n"]),
        (plain("GET /ws"), 426, &["upgrade: websocket\r\n", "upgrade to websocket"]),
        (plain("GET /other"), 404, &["/ws is a WebSocket"]),
        (plain("GET http://demo.example"), 200, &["</html>"]),
        (plain("HEAD /"), 200, &[]),
        (plain("OPTIONS /"), 405, &[]),
        (plain("HEAD /ws"), 426, &[]),
        (plain("GET /healthz"), 200, &["ok\n"]),
        (plain("HEAD /readyz"), 200, &[]),
        (plain("GET /metrics?x"), 200, &["\n# TYPE ws_clients gauge\n"]),
        (plain("GET /stats"), 200, &["clients_here"]),
        (plain("DELETE /stats"), 405, &["use GET"]),
        (plain("GET //"), 404, &[]),
        (plain("GET /ws/"), 404, &[]),
        (plain("HEAD /other"), 404, &[]),
        (plain("POST /other"), 404, &[]),
        (plain("OPTIONS *"), 404, &[]),
        (upgrade("/other", ""), 404, &[]),
        (upgrade("/healthz", ""), 200, &["ok\n"]),
        (upgrade("/stats", "Origin: https://evil.example\r\n"), 200, &["clients_here"]),
        (upgrade("/other", "").replace("Sec-WebSocket-Key", "X-"), 404, &[]),
        (upgrade("/ws", "").replace("dGhlIHNhbXBsZSBub25jZQ==", "short"), 400, &[]),
        (without("Upgrade: websocket\r\nConnection: Upgrade\r\n"), 426, &[]),
        (without("Connection: Upgrade\r\n"), 426, &[]),
        (without("Sec-WebSocket-Key"), 400, &["Sec-WebSocket-Key"]),
        (without("Upgrade: websocket\r\n"), 426, &["sec-websocket-version: 13\r\n"]),
        (upgrade("/", "").replace("websocket", "h2c"), 426, &["upgrade: websocket\r\n"]),
        (upgrade("/", "").replace("13", "8"), 426, &["sec-websocket-version: 13\r\n"]),
        (upgrade("/", "").replace("GET", "POST"), 405, &[]),
        (upgrade("/", "Origin: http://evil.example\r\n"), 403, &["Origin and Host differ"]),
        (upgrade("/ws", "Origin: null\r\n"), 403, &[]),
        (many, 431, &[]),
        (long, 431, &[]),
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), 400, &["Host"]),
        (format!("GET /healthz HTTP/1.1\r\n{HOST}Host: b\r\n\r\n"), 400, &["Host"]),
        ("nonsense\r\n\r\n".to_owned(), 400, &[]),
    ] {
        let response = exchange(server.address, &request);
        let expected = format!("HTTP/1.1 {status} ");
        assert!(response.starts_with(&expected), "{request}\n{response}");
        for part in parts {
            assert!(response.contains(part), "{request}\n{response}");
        }
        assert!(response.contains("\r\ncontent-length: "), "{response}");
    }
    // The response has the version of the request.
    for (path, status) in [("/healthz", 200), ("/ws", 505)] {
        let response = exchange(server.address, &format!("GET {path} HTTP/1.0\r\n\r\n"));
        assert!(response.starts_with(&format!("HTTP/1.0 {status} ")), "{response}");
    }
    assert_eq!(server.logged("connected"), 0);
}

#[test]
fn the_largest_head_can_be_set() {
    let head = |len: usize| {
        let line = format!("GET /healthz HTTP/1.1\r\n{HOST}A: ");
        format!("{line}{}\r\n\r\n", "b".repeat(len - line.len() - 4))
    };
    for (max, good, bad) in
        [("8KiB", 8000, Some(8400)), ("20k", 19_900, Some(20_200)), ("0", 900_000, None)]
    {
        let server = Server::start(&["--max-head", max]);
        let response = exchange(server.address, &head(good));
        assert!(response.starts_with("HTTP/1.1 200 "), "{max}: {response}");
        if let Some(bad) = bad {
            let response = exchange(server.address, &head(bad));
            assert!(response.starts_with("HTTP/1.1 431 "), "{max}: {response}");
        }
    }
}

#[test]
fn the_page_is_pinned_down() {
    let server = Server::start(&[]);
    let page = exchange(server.address, &format!("GET / HTTP/1.1\r\n{HOST}\r\n"));
    for part in [
        "\r\nx-content-type-options: nosniff\r\n",
        "\r\ncontent-security-policy: default-src 'none'; script-src 'sha256-",
        "; style-src 'sha256-",
        "; frame-ancestors 'none'",
    ] {
        assert!(page.contains(part), "{page}");
    }
    assert!(!page.contains("unsafe-"));

    let head = exchange(server.address, &format!("HEAD / HTTP/1.1\r\n{HOST}\r\n"));
    let (expected, _body) = page.split_once("\r\n\r\n").expect("a head and a body");
    let without_date = |head: &str| {
        let fields = head.lines().filter(|line| !line.starts_with("date: "));
        fields.map(|line| format!("{line}\n")).collect::<String>()
    };
    assert_eq!(without_date(&head), without_date(&format!("{expected}\r\n\r\n")));
}

#[test]
fn pages_of_the_same_host_and_no_pages_at_all_may_connect() {
    use std::io::Write as _;

    let server = Server::start(&[]);
    for (path, origin) in [
        ("/", ""),
        ("/ws", ""),
        ("/ws?x=1", "Origin: http://demo.example\r\n"),
        ("/ws", "Origin: https://demo.example\r\n"),
    ] {
        let mut stream = raw::connect(server.address);
        stream.write_all(upgrade(path, origin).as_bytes()).expect("a stream");
        assert!(raw::head(&mut stream).starts_with("HTTP/1.1 101 "), "{path} {origin}");
    }
}

#[test]
fn a_request_that_does_not_come_is_not_waited_for() {
    let server = Server::start(&["--handshake-timeout", "100ms"]);
    for begin in ["", "GET /ws HTTP/1.1\r\nHost: demo"] {
        assert_eq!(exchange(server.address, begin), "");
    }
    let metrics = server.get("/metrics");
    assert!(metrics.contains("ws_refused_total{reason=\"timeout\"} 2\n"), "{metrics}");
}
