//! The API for backends.

use std::io::{Read as _, Write as _};
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::identity::{self, File, SECRET};
use crate::process::{Server, ask, closed, get, json as receive, text};
use crate::raw::{connect, exchange};

const KEY: &str = "a-key-of-the-api";

/// A server with an API, and its address.
struct Backend {
    server: Server,
    admin: SocketAddr,
    _files: [File; 2],
}

impl Backend {
    fn start(name: &str, more: &[&str]) -> Self {
        let keys = File::new(&format!("{name}-api"), &format!("# backends\nother-key\n{KEY}\n"));
        let secret = File::new(&format!("{name}-jwt"), SECRET);
        let options = ["--admin-listen", "127.0.0.1:0", "--api-key-file", keys.path()];
        let server = Server::start(&[&options[..], more].concat());
        let admin = admin(&server);
        Self { server, admin, _files: [keys, secret] }
    }

    /// The status and the JSON of the response to a request with the key.
    fn call(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        call(self.admin, Some(KEY), method, path, body)
    }

    fn publish(&self, request: &Value) -> (u16, Value) {
        self.call("POST", "/api/publish", &request.to_string())
    }

    fn disconnect(&self, request: &Value) -> (u16, Value) {
        self.call("POST", "/api/disconnect", &request.to_string())
    }
}

/// The address for operators.
fn admin(server: &Server) -> SocketAddr {
    let line = server.wait_for("metrics and stats on http://");
    let address = line.rsplit("http://").next().expect("an address");
    address.trim().trim_end_matches('"').parse().expect("an address")
}

fn request(key: Option<&str>, method: &str, path: &str, body: &str) -> String {
    let authorization = key.map_or(String::new(), |key| format!("Authorization: Bearer {key}\r\n"));
    format!(
        "{method} {path} HTTP/1.1\r\nHost: demo.example\r\nConnection: close\r\n{authorization}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn call(
    address: SocketAddr,
    key: Option<&str>,
    method: &str,
    path: &str,
    body: &str,
) -> (u16, Value) {
    parse(&exchange(address, &request(key, method, path, body)))
}

fn parse(response: &str) -> (u16, Value) {
    let (head, body) = response.split_once("\r\n\r\n").expect("a body");
    assert!(head.contains("\r\ncontent-type: application/json"), "{response}");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), serde_json::from_str(body).expect("JSON"))
}

/// The code of an error.
fn error((status, body): (u16, Value)) -> (u16, String) {
    let error = &body["error"];
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
    (status, error["code"].as_str().expect("a code").to_owned())
}

#[tokio::test]
async fn a_message_reaches_a_room_or_all() {
    let backend = Backend::start("publish", &[]);
    let (mut alice, id) = backend.server.connect().await;
    let (mut bob, _) = backend.server.connect().await;
    ask(&mut alice, r#"{"type":"join","room":"news"}"#).await;

    // As it is written: the order of its keys, the digits of its numbers.
    let body = r#"{"room":"news","message":{"b":1.0,"a":[]}}"#;
    assert_eq!(backend.call("POST", "/api/publish", body), (200, json!({"delivered": 1})));
    assert_eq!(
        text(&mut alice).await,
        r#"{"type":"broadcast","from":"server","room":"news","message":{"b":1.0,"a":[]}}"#
    );
    assert_eq!(backend.publish(&json!({"message": "hi"})), (200, json!({"delivered": 2})));
    for socket in [&mut alice, &mut bob] {
        let expected = r#"{"type":"broadcast","from":"server","message":"hi"}"#;
        assert_eq!(text(socket).await, expected);
    }
    for (request, delivered) in [
        (json!({"message": 1, "except": id}), 1),
        (json!({"message": 2, "except": id, "room": "news"}), 0),
        (json!({"message": 3, "except": "00000000"}), 2),
        (json!({"message": 4, "room": "nobody is here"}), 0),
        (json!({"message": null}), 2),
    ] {
        assert_eq!(backend.publish(&request), (200, json!({"delivered": delivered})), "{request}");
    }
    for (socket, messages) in
        [(&mut alice, &[json!(3), json!(null)][..]), (&mut bob, &[json!(1), json!(3), json!(null)])]
    {
        for message in messages {
            assert_eq!(receive(socket).await["message"], *message);
        }
    }
    let metrics = get(backend.admin, "/metrics");
    for line in [
        "ws_api_requests_total{route=\"publish\"} 7\n",
        "ws_api_requests_total{route=\"disconnect\"} 0\n",
        "ws_api_errors_total{code=\"bad_request\"} 0\n",
    ] {
        assert!(metrics.contains(line), "{line}{metrics}");
    }
}

#[tokio::test]
async fn only_who_has_a_key_is_served() {
    let backend = Backend::start("keys", &[]);
    let (mut alice, _) = backend.server.connect().await;
    let publish = r#"{"message":1}"#;
    for key in ["another-key", "a-key-of-the-ap", "a-key-of-the-api-", "# backends", "", "A-KEY"] {
        for (method, path) in [
            ("POST", "/api/publish"),
            ("POST", "/api/disconnect"),
            ("GET", "/api/rooms"),
            ("GET", "/api/rooms/news"),
            ("GET", "/api/unknown"),
            ("PUT", "/api/publish"),
        ] {
            let response = call(backend.admin, Some(key), method, path, publish);
            assert_eq!(error(response), (401, "unauthorized".to_owned()), "{key} {path}");
        }
    }
    let response = exchange(backend.admin, &request(None, "POST", "/api/publish", publish));
    assert!(response.contains("\r\nwww-authenticate: Bearer\r\n"), "{response}");
    assert_eq!(error(parse(&response)).0, 401);
    let basic = request(None, "POST", "/api/publish", publish)
        .replace("Connection", &format!("Authorization: Basic {KEY}\r\nConnection"));
    assert_eq!(error(parse(&exchange(backend.admin, &basic))).0, 401);
    // Nothing was published; each line of the file is a key.
    let response = call(backend.admin, Some("other-key"), "POST", "/api/publish", publish);
    assert_eq!(response, (200, json!({"delivered": 1})));
    assert_eq!(receive(&mut alice).await["message"], 1);
    // The API is not on the public address, and no log has a key.
    let public =
        exchange(backend.server.address, &request(Some(KEY), "POST", "/api/publish", publish));
    assert!(public.starts_with("HTTP/1.1 404 "), "{public}");
    for secret in [KEY, "other-key", "another-key"] {
        assert_eq!(backend.server.logged(secret), 0);
    }
}

#[test]
fn without_a_key_file_it_is_forbidden() {
    let server = Server::start(&["--admin-listen", "127.0.0.1:0"]);
    for key in [None, Some(KEY)] {
        let response = call(admin(&server), key, "POST", "/api/publish", r#"{"message":1}"#);
        assert_eq!(error(response), (403, "forbidden".to_owned()));
    }
    let output = crate::process::program().args(["--api-key-file", "/no/such/file"]).output();
    let stderr = String::from_utf8(output.expect("it runs").stderr).expect("text");
    assert!(stderr.contains("--admin-listen"), "{stderr}");
}

#[tokio::test]
async fn keys_are_read_again_at_a_hangup() {
    let backend = Backend::start("reload", &[]);
    std::fs::write(backend._files[0].path(), "new-key\n").expect("a file");
    backend.server.signal("HUP");
    backend.server.wait_for("1 API keys reloaded");
    assert_eq!(error(backend.call("GET", "/api/rooms", "")).0, 401);
    assert_eq!(call(backend.admin, Some("new-key"), "GET", "/api/rooms", "").0, 200);
}

#[test]
fn mistakes_have_codes() {
    let backend = Backend::start("mistakes", &["--max-message", "1000"]);
    let message = |len: usize| json!({"message": "x".repeat(len)}).to_string();
    let long_room = json!({"room": "x".repeat(129), "message": 1}).to_string();
    let reason = json!({"user": "alice", "reason": "x".repeat(124)}).to_string();
    for (method, path, body, status, code) in [
        ("POST", "/api/publish", "", 400, "bad_request"),
        ("POST", "/api/publish", "{}", 400, "bad_request"),
        ("POST", "/api/publish", "not JSON", 400, "bad_request"),
        ("POST", "/api/publish", "{\"message\":\"\u{1}\"}", 400, "bad_request"),
        ("POST", "/api/publish", r#"{"room":"","message":1}"#, 400, "bad_request"),
        ("POST", "/api/publish", r#"{"room":"a\n","message":1}"#, 400, "bad_request"),
        ("POST", "/api/publish", r#"{"room":null,"message":1}"#, 400, "bad_request"),
        ("POST", "/api/publish", r#"{"rom":"a","message":1}"#, 400, "bad_request"),
        ("POST", "/api/publish", r#"{"except":"x","message":1}"#, 400, "bad_request"),
        ("POST", "/api/publish", &long_room, 400, "bad_request"),
        ("POST", "/api/publish", &message(999), 413, "too_large"),
        ("POST", "/api/publish", &message(10_000), 413, "too_large"),
        ("GET", "/api/publish", "", 405, "method_not_allowed"),
        ("POST", "/api/disconnect", "{}", 400, "bad_request"),
        ("POST", "/api/disconnect", r#"{"user":"a","client":"00000001"}"#, 400, "bad_request"),
        ("POST", "/api/disconnect", r#"{"user":"a","code":1000}"#, 400, "bad_request"),
        ("POST", "/api/disconnect", &reason, 400, "bad_request"),
        ("POST", "/api/disconnect", &message(10_000), 413, "too_large"),
        ("GET", "/api/rooms?limit=0", "", 400, "bad_request"),
        ("GET", "/api/rooms?limit=1001", "", 400, "bad_request"),
        ("GET", "/api/rooms?limit=x", "", 400, "bad_request"),
        ("GET", "/api/rooms?perfix=x", "", 400, "bad_request"),
        ("DELETE", "/api/rooms", "", 405, "method_not_allowed"),
        ("GET", "/api/rooms/empty", "", 404, "not_found"),
        ("GET", "/api/rooms/%00", "", 404, "not_found"),
        ("GET", "/api/rooms/%FF", "", 400, "bad_request"),
        ("GET", "/api/other", "", 404, "not_found"),
    ] {
        let response = error(backend.call(method, path, body));
        assert_eq!(response, (status, code.to_owned()), "{method} {path} {body}");
    }
    assert_eq!(backend.call("POST", "/api/publish", &message(998)).0, 200);
}

/// A body that is longer than announced, or announced without end, is not read to its end.
#[test]
fn a_body_is_not_read_beyond_its_limit() {
    let backend = Backend::start("body", &["--max-message", "1000"]);
    let mut stream = connect(backend.admin);
    let head = request(Some(KEY), "POST", "/api/publish", "")
        .replace("Content-Length: 0", "Transfer-Encoding: chunked");
    stream.write_all(head.as_bytes()).expect("a stream");
    let chunk = format!("400\r\n{}\r\n", "x".repeat(0x400));
    for _ in 0..4 {
        stream.write_all(chunk.as_bytes()).expect("a stream");
    }
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response");
    assert_eq!(error(parse(&response)), (413, "too_large".to_owned()));
    // The key comes first.
    let mut stream = connect(backend.admin);
    let head = request(Some("wrong"), "POST", "/api/publish", "")
        .replace("Content-Length: 0", "Content-Length: 1000000");
    stream.write_all(head.as_bytes()).expect("a stream");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response");
    assert_eq!(error(parse(&response)).0, 401);
}

#[test]
fn requests_have_a_rate() {
    let backend = Backend::start("rate", &["--api-rate", "1", "--api-burst", "3"]);
    // A wrong key takes nothing.
    for _ in 0..5 {
        assert_eq!(call(backend.admin, Some("wrong"), "GET", "/api/rooms", "").0, 401);
    }
    let statuses: Vec<_> = (0..20).map(|_| backend.call("GET", "/api/rooms", "").0).collect();
    assert_eq!(statuses[..3], [200; 3]);
    assert!(statuses.contains(&429), "{statuses:?}");
    let metrics = get(backend.admin, "/metrics");
    assert!(!metrics.contains("ws_api_errors_total{code=\"rate_limited\"} 0\n"), "{metrics}");
}

#[tokio::test]
async fn a_client_is_disconnected() {
    let backend = Backend::start("client", &[]);
    let (mut alice, id) = backend.server.connect().await;
    let (mut bob, _) = backend.server.connect().await;
    let request = json!({"client": id, "code": 4000, "reason": "go away"});
    // Messages before it arrive.
    backend.publish(&json!({"message": 1}));
    assert_eq!(backend.disconnect(&request), (200, json!({"disconnected": 1})));
    assert_eq!(receive(&mut alice).await["message"], 1);
    assert_eq!(closed(&mut alice).await, (4000, "go away".to_owned()));
    backend.server.wait_for(&format!("Client {id} disconnected"));
    assert_eq!(backend.disconnect(&request), (200, json!({"disconnected": 0})));
    assert_eq!(receive(&mut bob).await["message"], 1);
    assert_eq!(ask(&mut bob, r#"{"type":"ping"}"#).await["type"], "pong");
    let metrics = get(backend.admin, "/metrics");
    assert!(metrics.contains("ws_api_disconnected_total 1\n"), "{metrics}");
    assert!(!metrics.contains(&id), "{metrics}");
}

#[tokio::test]
async fn all_clients_of_a_user_are_disconnected() {
    let secret = File::new("user-jwt", SECRET);
    let backend = Backend::start("user", &["--jwt-key-file", secret.path()]);
    let alice = json!({"sub": "alice"});
    let (mut first, _) = identity::connect(&backend.server, &alice).await;
    let (mut second, _) = identity::connect(&backend.server, &alice).await;
    let (mut bob, _) = identity::connect(&backend.server, &json!({"sub": "bob"})).await;
    let (mut unnamed, _) = identity::connect(&backend.server, &json!({})).await;
    for (user, disconnected) in [("Alice", 0), ("", 0), ("alice", 2), ("alice", 0)] {
        let (status, reply) = backend.disconnect(&json!({"user": user}));
        assert_eq!((status, &reply["disconnected"]), (200, &disconnected.into()), "{user}");
    }
    for socket in [&mut first, &mut second] {
        assert_eq!(closed(socket).await, (4503, String::new()));
    }
    for socket in [&mut bob, &mut unnamed] {
        assert_eq!(ask(socket, r#"{"type":"ping"}"#).await["type"], "pong");
    }
}

#[tokio::test]
async fn rooms_and_their_members() {
    let secret = File::new("members-jwt", SECRET);
    let backend = Backend::start("members", &["--jwt-key-file", secret.path()]);
    let (mut alice, alice_id) =
        identity::connect(&backend.server, &json!({"sub": "alice \"<a>"})).await;
    let (mut unnamed, unnamed_id) = identity::connect(&backend.server, &json!({})).await;
    assert_eq!(backend.call("GET", "/api/rooms", ""), (200, json!({"rooms": [], "total": 0})));
    for room in ["b", "a/1", "a/2", "ü \"*\""] {
        ask(&mut alice, &json!({"type": "join", "room": room}).to_string()).await;
    }
    ask(&mut unnamed, r#"{"type":"join","room":"b"}"#).await;
    let room = |name: &str, clients: u32| json!({"room": name, "clients": clients});
    for (query, rooms, next) in [
        ("", vec![room("a/1", 1), room("a/2", 1), room("b", 2), room("ü \"*\"", 1)], None),
        ("?limit=2", vec![room("a/1", 1), room("a/2", 1)], Some("a/2")),
        ("?limit=2&after=a/2", vec![room("b", 2), room("ü \"*\"", 1)], None),
        ("?prefix=a%2F", vec![room("a/1", 1), room("a/2", 1)], None),
        ("?prefix=a/&after=a/1&limit=1", vec![room("a/2", 1)], None),
        ("?prefix=%C3%BC+", vec![room("ü \"*\"", 1)], None),
        ("?prefix=x", vec![], None),
    ] {
        let mut expected = json!({"rooms": rooms, "total": 4});
        if let Some(next) = next {
            expected["next"] = next.into();
        }
        let response = backend.call("GET", &format!("/api/rooms{query}"), "");
        assert_eq!(response, (200, expected), "{query}");
    }

    let (status, reply) = backend.call("GET", "/api/rooms/b", "");
    assert_eq!((status, &reply["room"], &reply["clients"]), (200, &"b".into(), &2.into()));
    let mut members = reply["members"].as_array().expect("members").clone();
    members.sort_by_key(|member| member["user"].is_null());
    assert_eq!(
        members,
        [
            json!({"client": alice_id, "user": "alice \"<a>"}),
            json!({"client": unnamed_id, "user": null}),
        ]
    );
    let (status, reply) = backend.call("GET", "/api/rooms/a%2F1", "");
    assert_eq!((status, &reply["room"]), (200, &"a/1".into()));
    assert_eq!(backend.call("GET", "/api/rooms/%C3%BC%20%22*%22", "").0, 200);
}

#[cfg(unix)]
#[test]
fn it_listens_on_a_unix_socket_too() {
    let path = std::env::temp_dir().join(format!("ws-demo-{}-api.sock", std::process::id()));
    let listen = format!("unix:{}", path.display());
    let keys = File::new("unix-api", KEY);
    let server = Server::start(&["--admin-listen", &listen, "--api-key-file", keys.path()]);
    server.wait_for("metrics and stats on unix:");
    let mut stream = std::os::unix::net::UnixStream::connect(&path).expect("a connection");
    let request = request(Some(KEY), "POST", "/api/publish", r#"{"message":1}"#);
    stream.write_all(request.as_bytes()).expect("a stream");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response");
    assert_eq!(parse(&response), (200, json!({"delivered": 0})));
}

#[tokio::test]
async fn a_message_to_a_room_has_its_position_in_the_history() {
    let backend = Backend::start("history", &["--history", "3"]);
    let history = |query: &str| backend.call("GET", &format!("/api/history/news{query}"), "");
    assert_eq!(error(history("")), (404, "not_found".to_owned()));
    let (mut alice, id) = backend.server.connect().await;
    let joined = ask(&mut alice, r#"{"type":"join","room":"news"}"#).await;
    let epoch = &joined["epoch"];
    for offset in 1..=4 {
        let delivered = if offset == 2 { 0 } else { 1 };
        let except = if offset == 2 { &id } else { "00000000" };
        let request = json!({"room": "news", "message": offset, "except": except});
        let reply = json!({"delivered": delivered, "epoch": epoch, "offset": offset});
        assert_eq!(backend.publish(&request), (200, reply));
    }
    assert_eq!(backend.publish(&json!({"message": 5})).1.get("offset"), None);
    for message in [1, 3, 4] {
        let received = receive(&mut alice).await;
        assert_eq!((&received["message"], &received["offset"]), (&message.into(), &message.into()));
    }
    for (query, complete, offsets) in [
        ("", false, &[2, 3, 4][..]),
        ("?after=1", true, &[2, 3, 4]),
        ("?after=2&limit=1", true, &[3]),
        ("?after=4", true, &[]),
    ] {
        let (status, page) = history(query);
        assert_eq!((status, &page["complete"]), (200, &complete.into()), "{query}: {page}");
        assert_eq!((&page["room"], &page["offset"]), (&"news".into(), &4.into()));
        let broadcast = |offset: &u64| {
            json!({"type": "broadcast", "from": "server", "room": "news", "epoch": epoch,
                   "offset": offset, "message": offset})
        };
        let messages: Vec<_> = offsets.iter().map(broadcast).collect();
        assert_eq!(page["messages"], json!(messages), "{query}");
    }
    for query in ["?limit=0", "?limit=1001", "?after=-1", "?before=1"] {
        assert_eq!(error(history(query)), (400, "bad_request".to_owned()), "{query}");
    }
    // A client recovers what the backend published while it was away.
    let (mut bob, _) = backend.server.connect().await;
    let since = json!({"epoch": epoch, "offset": 3});
    let join = json!({"type": "join", "room": "news", "since": since});
    assert_eq!(ask(&mut bob, &join.to_string()).await["recovered"], true);
    assert_eq!(receive(&mut bob).await["offset"], 4);
}
