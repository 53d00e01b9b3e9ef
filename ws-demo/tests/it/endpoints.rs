//! Plain HTTP on the port of the WebSockets.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::process::{Server, ask, get, json};
use crate::raw::{self, exchange, upgrade};

fn value(metrics: &str, name: &str) -> f64 {
    let line = metrics
        .lines()
        .find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
    let line = line.unwrap_or_else(|| panic!("no {name} in\n{metrics}"));
    line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number")
}

#[tokio::test]
async fn health_stats_and_metrics() {
    let server = Server::start(&[]);
    assert!(server.get("/healthz").ends_with("\r\n\r\nok\n"));
    assert!(server.get("/readyz").ends_with("\r\n\r\nready\n"));

    let (mut alice, _) = server.connect().await;
    let (mut bob, _) = server.connect().await;
    ask(&mut alice, r#"{"type":"join","room":"a \"b\""}"#).await;
    alice.send(r#"{"type":"broadcast","message":1}"#).await.expect("a message sent");
    json(&mut bob).await;
    ask(&mut alice, "hello").await;

    let stats = server.get("/stats");
    let (head, body) = stats.split_once("\r\n\r\n").expect("a body");
    assert!(head.contains("\r\ncontent-type: application/json\r\n"), "{head}");
    let stats: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!((&stats["clients"], &stats["rooms_here"]), (&2.into(), &1.into()), "{stats}");
    assert_eq!((&stats["nodes"], &stats["messages_in"]), (&1.into(), &3.into()), "{stats}");

    let metrics = server.get("/metrics");
    assert!(metrics.contains("\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    for (name, expected) in [
        ("ws_clients", 2.0),
        ("ws_connections", 2.0),
        ("ws_rooms", 1.0),
        ("ws_accepted_total", 2.0),
        (r#"ws_messages_total{direction="in",kind="text"}"#, 3.0),
        ("ws_broadcast_seconds_count", 1.0),
        ("ws_queue_bytes", 0.0),
        ("ws_engine_up", 1.0),
    ] {
        assert_eq!(value(&metrics, name), expected, "{name}");
    }
    let id = stats["version"].as_str().expect("a version");
    assert!(metrics.contains(&format!(r#"ws_build_info{{version="{id}"}} 1"#)), "{metrics}");
    // No values that a client chose, and no client ids.
    assert!(!metrics.contains("127.0.0.1") && !metrics.contains("a \\\"b"));
}

#[test]
fn metrics_have_the_format_that_is_asked_for() {
    let server = Server::start(&[]);
    let metrics = |accept: &str| {
        let request =
            format!("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{accept}\r\n");
        let response = exchange(server.address, &request);
        let (head, body) = response.split_once("\r\n\r\n").expect("a body");
        assert!(head.contains("\r\nvary: Accept"), "{head}");
        (head.to_owned(), body.to_owned())
    };
    let (head, text) = metrics("");
    assert!(head.contains("\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8"), "{head}");
    assert!(text.contains("# TYPE ws_accepted_total counter\n"), "{text}");
    let prometheus = "Accept: application/openmetrics-text;version=1.0.0,\
                      application/openmetrics-text;version=0.0.1;q=0.75,\
                      text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n";
    let (head, open_metrics) = metrics(prometheus);
    let content_type = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert!(head.contains(content_type), "{head}");
    assert!(open_metrics.contains("# TYPE ws_accepted counter\n"), "{open_metrics}");
    assert!(open_metrics.ends_with("# EOF\n"), "{open_metrics}");
    #[cfg(target_os = "linux")]
    for text in [text, open_metrics] {
        for name in [
            "process_cpu_seconds_total",
            "process_resident_memory_bytes",
            "process_virtual_memory_bytes",
            "process_open_fds",
            "process_max_fds",
            "process_start_time_seconds",
        ] {
            assert!(value(&text, name) >= 0.0, "{name}");
        }
    }
}

#[tokio::test]
async fn ends_are_counted_by_their_code() {
    use ws_tokio::CloseCode;

    let server = Server::start(&["--max-message", "10"]);
    let (mut alice, _) = server.connect().await;
    alice.close_and_discard(CloseCode::NORMAL).await.expect("a clean end");
    let (mut bob, _) = server.connect().await;
    bob.send("x".repeat(11)).await.expect("a message sent");
    crate::process::closed(&mut bob).await;
    drop(server.connect().await);
    exchange(server.address, &upgrade("/ws", "").replace("13", "12"));
    exchange(server.address, &upgrade("/ws", "Origin: https://evil.example\r\n"));
    server.wait_for(" disconnected (0 total)");
    let deadline = std::time::Instant::now() + crate::process::TIMEOUT;
    loop {
        let metrics = server.get("/metrics");
        if ["1000", "1006", "1009"]
            .iter()
            .all(|code| metrics.contains(&format!("ws_disconnects_total{{code=\"{code}\"}} 1\n")))
        {
            assert!(metrics.contains("ws_refused_total{reason=\"handshake\"} 1\n"), "{metrics}");
            assert!(metrics.contains("ws_refused_total{reason=\"origin\"} 1\n"), "{metrics}");
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{metrics}");
    }
}

#[test]
fn what_is_for_operators_can_be_elsewhere() {
    let server = Server::start(&["--admin-listen", "127.0.0.1:0"]);
    let line = server.wait_for("metrics and stats on http://");
    let admin = line.rsplit("http://").next().expect("an address");
    let admin = admin.trim().parse().expect("an address");
    for path in ["/metrics", "/stats"] {
        assert!(server.get(path).starts_with("HTTP/1.1 404 "), "{path}");
        assert!(get(admin, path).starts_with("HTTP/1.1 200 "), "{path}");
    }
    for path in ["/healthz", "/readyz"] {
        assert!(server.get(path).starts_with("HTTP/1.1 200 "), "{path}");
        assert!(get(admin, path).starts_with("HTTP/1.1 200 "), "{path}");
    }
    assert!(get(admin, "/").starts_with("HTTP/1.1 404 "));
    assert!(exchange(admin, &upgrade("/ws", "")).starts_with("HTTP/1.1 404 "));
}

/// Reads a response by its length, and nothing more.
fn response(stream: &mut TcpStream, with_body: bool) -> (String, String) {
    let head = raw::head(stream);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.and_then(|length| length.parse().ok()).expect("a length");
    let mut body = vec![0; if with_body { length } else { 0 }];
    stream.read_exact(&mut body).expect("a body");
    (head, String::from_utf8(body).expect("text"))
}

#[test]
fn a_connection_takes_one_request_after_the_other() {
    let server = Server::start(&[]);
    let mut stream = raw::connect(server.address);
    let request = |method: &str, path: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: demo.example\r\n\r\n")
    };
    for _ in 0..3 {
        stream.write_all(request("GET", "/healthz").as_bytes()).expect("a stream");
        let (head, body) = response(&mut stream, true);
        assert!(head.starts_with("HTTP/1.1 200 ") && !head.contains("close"), "{head}");
        assert_eq!(body, "ok\n");
    }
    // Several at once, without waiting, and one without a body.
    let many = [
        request("HEAD", "/"),
        request("GET", "/nowhere"),
        request("HEAD", "/ws"),
        request("GET", "/ws"),
        request("DELETE", "/stats"),
        request("GET", "/readyz"),
    ]
    .concat();
    stream.write_all(many.as_bytes()).expect("a stream");
    for (status, with_body) in
        [(200, false), (404, true), (426, false), (426, true), (405, true), (200, true)]
    {
        let (head, _) = response(&mut stream, with_body);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
    // After that it can still become a WebSocket.
    let first = raw::masked(raw::FIN | raw::TEXT, b"at once");
    let both = [upgrade("/ws", "").as_bytes(), &first].concat();
    stream.write_all(&both).expect("a stream");
    assert!(raw::head(&mut stream).starts_with("HTTP/1.1 101 "));
    raw::frame(&mut stream);
    assert_eq!(raw::frame(&mut stream).1, br#"{"type":"echo","original":"at once"}"#);
}

#[test]
fn a_connection_without_requests_is_not_kept() {
    let server = Server::start(&["--handshake-timeout", "200ms"]);
    let mut stream = raw::connect(server.address);
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").expect("a stream");
    response(&mut stream, true);
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).expect("an end");
    assert_eq!(rest, b"");
}

#[test]
fn other_sites_may_be_allowed() {
    let connects = |server: &Server, origin: &str| {
        let mut stream = raw::connect(server.address);
        let request = upgrade("/ws", &format!("Origin: {origin}\r\n"));
        stream.write_all(request.as_bytes()).expect("a stream");
        raw::head(&mut stream).starts_with("HTTP/1.1 101 ")
    };
    let server = Server::start(&["--origin", "https://chat.example"]);
    assert!(connects(&server, "https://chat.example"));
    assert!(connects(&server, "http://demo.example"));
    assert!(!connects(&server, "http://chat.example"));
    let server = Server::start(&["--origin", "*"]);
    assert!(connects(&server, "https://evil.example"));
    assert!(connects(&server, "null"));
}

#[test]
fn other_sites_may_import_the_client() {
    let server = Server::start(&[]);
    let response = server.get("/client.js");
    let (head, body) = response.split_once("\r\n\r\n").expect("a body");
    assert!(head.contains("\r\ncontent-type: text/javascript; charset=utf-8\r\n"), "{head}");
    assert!(head.contains("\r\naccess-control-allow-origin: *\r\n"), "{head}");
    assert!(body.contains("\nexport class Client "));
}
