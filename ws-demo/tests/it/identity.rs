//! Signed tokens: who a client is, what it may do, and for how long.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, process};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::hmac;
use serde_json::{Value, json};
use ws_tokio::{ClientStream, WebSocket};

use crate::process::{Server, ask, closed, json, program, text};
use crate::raw::{exchange, upgrade};

pub(crate) const SECRET: &str = "a secret of 32 bytes, or of more";
const OTHER_SECRET: &str = "another secret of 32 bytes or so";

/// A file, until it is dropped.
pub(crate) struct File(PathBuf);

impl File {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let path = env::temp_dir().join(format!("ws-demo-{}-{name}", process::id()));
        fs::write(&path, text).expect("a file");
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("a path")
    }

    fn write(&self, text: &str) {
        fs::write(&self.0, text).expect("a file");
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // It is only in a directory for temporary files.
        let _ = fs::remove_file(&self.0);
    }
}

/// A token that is signed by HS256.
pub(crate) fn token(secret: &str, claims: &Value) -> String {
    let header = BASE64.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let message = format!("{header}.{}", BASE64.encode(claims.to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("{message}.{}", BASE64.encode(hmac::sign(&key, message.as_bytes())))
}

fn auth(token: &str) -> String {
    json!({"type": "auth", "token": token}).to_string()
}

/// Seconds since the Unix epoch.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs_f64()
}

/// A server that accepts tokens that are signed with [`SECRET`].
pub(crate) fn server(name: &str, more: &[&str]) -> (Server, File) {
    let key = File::new(name, SECRET);
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0", "--jwt-key-file", key.path()]).args(more);
    command.env("WS_DEMO_LOG", "trace");
    (Server::start_command(command), key)
}

/// A client with these claims, after its welcome, and its id.
pub(crate) async fn connect(server: &Server, claims: &Value) -> (WebSocket<ClientStream>, String) {
    let mut socket = server.open().await;
    let answer = ask(&mut socket, &auth(&token(SECRET, claims))).await;
    assert_eq!(answer["type"], "auth_ok", "{answer}");
    let welcome = json(&mut socket).await;
    (socket, welcome["id"].as_str().expect("an id").to_owned())
}

async fn code(socket: &mut WebSocket<ClientStream>, request: &str) -> Value {
    ask(socket, request).await["code"].take()
}

#[tokio::test]
async fn bad_tokens_are_closed_with_4501() {
    let (server, _key) = server("bad", &["--jwt-audience", "chat"]);
    let good = json!({"sub": "alice", "aud": "chat"});
    let (message, signature) = {
        let token = token(SECRET, &good);
        let (message, signature) = token.rsplit_once('.').expect("a signature");
        (message.to_owned(), signature.to_owned())
    };
    let unsigned = BASE64.encode(r#"{"alg":"none"}"#);
    for (token, reason) in [
        ("nonsense".to_owned(), "not valid"),
        (token(OTHER_SECRET, &good), "not valid"),
        (format!("{unsigned}.{}.", BASE64.encode(good.to_string())), "not valid"),
        (format!("{message}."), "not valid"),
        (format!("{message}.{}", signature.to_lowercase()), "not valid"),
        (token(SECRET, &json!({"aud": "chat", "exp": now() - 1.0})), "has expired"),
        (token(SECRET, &json!({"aud": "chat", "nbf": now() + 60.0})), "not valid yet"),
        (token(SECRET, &json!({"aud": "other"})), "another audience"),
        (token(SECRET, &json!({"sub": "alice"})), "another audience"),
    ] {
        let mut socket = server.open().await;
        let error = ask(&mut socket, &auth(&token)).await;
        assert_eq!(error["code"], "auth_failed", "{token}");
        assert!(error["message"].as_str().expect("a text").contains(reason), "{error} {token}");
        let (code, closing) = closed(&mut socket).await;
        assert_eq!(code, 4501, "{token}");
        assert!(closing.contains(reason), "{closing}");

        let bearer = format!("Authorization: Bearer {token}\r\n");
        let response = exchange(server.address, &upgrade("/ws", &bearer));
        assert!(response.starts_with("HTTP/1.1 401 "), "{response}");
        assert!(response.contains("www-authenticate: Bearer error=\"invalid_token\"\r\n"));
        assert!(response.contains(reason), "{response}");
        // Without its signature it is no secret, but that is the longer part.
        assert_eq!(server.logged(&token), 0);
    }
    connect(&server, &good).await;
    let metrics = server.get("/metrics");
    for (result, count) in
        [("ok", 1), ("invalid", 10), ("expired", 2), ("not_yet_valid", 2), ("audience", 4)]
    {
        let line = format!("ws_tokens_total{{result=\"{result}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
}

/// The key file is public: a token that is signed with its text as the secret is refused.
#[tokio::test]
async fn a_public_key_is_no_secret() {
    let public = include_str!("../../src/identity/keys/tests/rsa_public.pem");
    let key = File::new("public", public);
    let server = Server::start(&["--jwt-key-file", key.path()]);
    for secret in [public, public.trim_end()] {
        let mut socket = server.open().await;
        let error = ask(&mut socket, &auth(&token(secret, &json!({"sub": "mallory"})))).await;
        assert_eq!(error["code"], "auth_failed");
        assert_eq!(closed(&mut socket).await.0, 4501);
    }
}

#[tokio::test]
async fn the_upgrade_may_have_the_token() {
    let (server, _key) = server("bearer", &[]);
    for scheme in ["Bearer", "bearer"] {
        let token = token(SECRET, &json!({"sub": "alice", "read": ["a"]}));
        let mut connector = ws_tokio::Connector::new();
        connector = connector.header("Authorization", format!("{scheme} {token}"));
        let (mut socket, _) = connector.connect(&server.uri()).await.expect("a connection");
        // It needs no `auth_ok`, and may send large messages at once.
        assert_eq!(json(&mut socket).await["type"], "welcome");
        let large = "x".repeat(100_000);
        assert_eq!(ask(&mut socket, &large).await["original"], large);
        assert_eq!(code(&mut socket, r#"{"type":"join","room":"b"}"#).await, "forbidden");
        assert_eq!(ask(&mut socket, r#"{"type":"join","room":"a"}"#).await["type"], "joined");
    }
    // Another scheme may be for a proxy.
    let basic = ws_tokio::Connector::new().header("Authorization", "Basic YTpi");
    let (mut socket, _) = basic.connect(&server.uri()).await.expect("a connection");
    assert_eq!(code(&mut socket, "hello").await, "auth_required");
}

#[tokio::test]
async fn rooms_are_allowed_by_name_or_prefix() {
    let (server, _key) = server("rooms", &[]);
    let claims = json!({"sub": "alice", "read": ["news", "team-*"], "write": ["team-1"]});
    let (mut alice, _) = connect(&server, &claims).await;
    let (mut bob, _) = connect(&server, &json!({"sub": "bob"})).await;
    for (request, expected) in [
        (json!({"type": "join", "room": "news"}), Value::Null),
        (json!({"type": "join", "room": "team-1"}), Value::Null),
        (json!({"type": "join", "room": "team-2"}), Value::Null),
        (json!({"type": "join", "room": "team"}), "forbidden".into()),
        (json!({"type": "join", "room": "newsroom"}), "forbidden".into()),
        (json!({"type": "join", "room": "other", "ref": 1}), "forbidden".into()),
        (json!({"type": "broadcast", "room": "news", "message": 1}), "forbidden".into()),
        (json!({"type": "broadcast", "room": "team-2", "message": 1}), "forbidden".into()),
        (json!({"type": "broadcast", "message": 1}), "forbidden".into()),
    ] {
        let answer = ask(&mut alice, &request.to_string()).await;
        assert_eq!(answer.get("code").cloned().unwrap_or_default(), expected, "{request}");
        assert_eq!(answer.get("ref"), request.get("ref"), "{request}");
    }
    // Of other rooms she does not see the names.
    let (mut other, _) = connect(&server, &json!({"sub": "other"})).await;
    for room in ["secret", "team", "team-3"] {
        ask(&mut other, &json!({"type": "join", "room": room}).to_string()).await;
    }
    let rooms = ask(&mut alice, r#"{"type":"rooms"}"#).await;
    let names: Vec<_> = rooms["rooms"].as_array().expect("rooms").iter().collect();
    let names: Vec<_> = names.iter().map(|room| room["room"].as_str().expect("a name")).collect();
    assert_eq!(names, ["news", "team-1", "team-2", "team-3"], "{rooms}");
    // Bob may use all rooms, but not send to everyone.
    assert_eq!(ask(&mut bob, r#"{"type":"join","room":"team-1"}"#).await["clients"], 2);
    assert_eq!(code(&mut bob, r#"{"type":"broadcast","message":1}"#).await, "forbidden");
    bob.send(r#"{"type":"broadcast","room":"team-1","message":2}"#).await.expect("sent");
    assert_eq!(json(&mut alice).await["message"], 2);
    alice.send(r#"{"type":"broadcast","room":"team-1","message":3}"#).await.expect("sent");
    assert_eq!(json(&mut bob).await["message"], 3);

    let (mut carol, _) = connect(&server, &json!({"sub": "carol", "everyone": true})).await;
    carol.send(r#"{"type":"broadcast","message":4}"#).await.expect("sent");
    assert_eq!(json(&mut alice).await["message"], 4);
    assert_eq!(json(&mut bob).await["message"], 4);
    let metrics = server.get("/metrics");
    assert!(metrics.contains("ws_forbidden_total 7\n"), "{metrics}");
    assert!(!metrics.contains("alice") && !metrics.contains("team-"), "{metrics}");
}

#[tokio::test]
async fn the_end_of_a_token_closes_with_4503() {
    let (server, _key) = server("end", &[]);
    let (mut alice, _) = connect(&server, &json!({"sub": "alice", "exp": now() + 2.0})).await;
    let (mut bob, _) = connect(&server, &json!({"sub": "bob", "exp": now() + 2.0})).await;
    // Bob renews his, and then stays.
    let renewed = token(SECRET, &json!({"sub": "bob", "exp": now() + 1000.0}));
    assert_eq!(ask(&mut bob, &auth(&renewed)).await, json!({"type": "auth_ok"}));
    let (code, reason) = closed(&mut alice).await;
    assert_eq!((code, reason.as_str()), (4503, "the token has expired"));
    assert_eq!(ask(&mut bob, r#"{"type":"ping"}"#).await["type"], "pong");
    server.wait_for(" error: the token has expired");
    let metrics = server.get("/metrics");
    assert!(metrics.contains("ws_tokens_expired_total 1\n"), "{metrics}");
    assert!(metrics.contains("ws_disconnects_total{code=\"4503\"} 1\n"), "{metrics}");
}

#[tokio::test]
async fn a_renewal_replaces_the_rights() {
    let (server, _key) = server("renewal", &[]);
    let (mut alice, _) = connect(&server, &json!({"sub": "alice"})).await;
    for room in ["a", "b"] {
        let join = json!({"type": "join", "room": room});
        assert_eq!(ask(&mut alice, &join.to_string()).await["type"], "joined");
    }
    let narrower = token(SECRET, &json!({"sub": "alice", "read": ["a"], "everyone": true}));
    let renewal = json!({"type": "auth", "token": narrower, "ref": 7});
    assert_eq!(ask(&mut alice, &renewal.to_string()).await, json!({"type": "auth_ok", "ref": 7}));
    assert_eq!(text(&mut alice).await, r#"{"type":"left","room":"b","clients":0}"#);
    assert_eq!(code(&mut alice, r#"{"type":"join","room":"b"}"#).await, "forbidden");
    alice.send(r#"{"type":"broadcast","message":1}"#).await.expect("sent");
    assert_eq!(ask(&mut alice, r#"{"type":"ping"}"#).await["type"], "pong");

    // Neither a bad token nor that of another user may renew it.
    let (mut bob, _) = connect(&server, &json!({"sub": "bob"})).await;
    for (socket, token, reason) in [
        (&mut alice, token(OTHER_SECRET, &json!({"sub": "alice"})), "not valid"),
        (&mut bob, token(SECRET, &json!({"sub": "alice"})), "another user"),
    ] {
        let error = ask(socket, &auth(&token)).await;
        assert_eq!(error["code"], "auth_failed");
        let (code, closing) = closed(socket).await;
        assert_eq!(code, 4501);
        assert!(closing.contains(reason), "{closing}");
    }
}

#[tokio::test]
async fn removed_keys_disconnect_their_clients() {
    let key = |id: &str, secret: &str| json!({"kty": "oct", "kid": id, "alg": "HS256", "k": BASE64.encode(secret)});
    let (old, new) = (key("old", SECRET), key("new", OTHER_SECRET));
    let set = File::new("set", &json!({"keys": [old, new]}).to_string());
    let server = Server::start(&["--jwks-file", set.path()]);
    let claims = json!({"sub": "alice"});
    let (mut alice, _) = connect(&server, &claims).await;
    let mut bob = server.open().await;
    assert_eq!(ask(&mut bob, &auth(&token(OTHER_SECRET, &claims))).await["type"], "auth_ok");
    json(&mut bob).await;

    set.write(&json!({"keys": [new]}).to_string());
    server.signal("HUP");
    let (code, reason) = closed(&mut alice).await;
    assert_eq!((code, reason.as_str()), (4503, "the token was revoked"));
    assert_eq!(ask(&mut bob, r#"{"type":"ping"}"#).await["type"], "pong");
    let mut socket = server.open().await;
    assert_eq!(ask(&mut socket, &auth(&token(SECRET, &claims))).await["code"], "auth_failed");
    server.wait_for("1 keys reloaded");
    server.wait_for("1 clients disconnected: their token or key was removed");

    // A file that is broken removes nothing, an empty set everything.
    set.write("{");
    server.signal("HUP");
    server.wait_for("keys not reloaded, the former ones stay in use: key file ");
    assert_eq!(ask(&mut bob, r#"{"type":"ping"}"#).await["type"], "pong");
    set.write(r#"{"keys":[]}"#);
    server.signal("HUP");
    assert_eq!(closed(&mut bob).await.0, 4503);
    let metrics = server.get("/metrics");
    assert!(metrics.contains("ws_tokens_revoked_total 2\n"), "{metrics}");
}

#[tokio::test]
async fn static_tokens_may_be_used_besides() {
    let tokens = File::new("besides", "static-token\nanother-token\n");
    let (server, _key) = server("besides-key", &["--auth-token-file", tokens.path()]);
    let (mut alice, _) = connect(&server, &json!({"sub": "alice"})).await;
    let mut bob = server.open().await;
    assert_eq!(ask(&mut bob, &auth("static-token")).await["type"], "auth_ok");
    json(&mut bob).await;
    // A static token allows everything.
    bob.send(r#"{"type":"broadcast","message":1}"#).await.expect("sent");
    assert_eq!(json(&mut alice).await["message"], 1);
    let mut carol = server.open().await;
    assert_eq!(ask(&mut carol, &auth("another-token")).await["type"], "auth_ok");
    json(&mut carol).await;

    tokens.write("another-token\n");
    server.signal("HUP");
    let (code, reason) = closed(&mut bob).await;
    assert_eq!((code, reason.as_str()), (4503, "the token was revoked"));
    assert_eq!(ask(&mut alice, r#"{"type":"ping"}"#).await["type"], "pong");
    assert_eq!(ask(&mut carol, r#"{"type":"ping"}"#).await["type"], "pong");
    server.wait_for("1 tokens reloaded");
}

#[test]
fn mistakes_are_explained_at_the_start() {
    let private =
        File::new("private", include_str!("../../src/identity/keys/tests/rsa_private.pem"));
    let secret = File::new("both", SECRET);
    for (arguments, status, explanation) in [
        (vec!["--jwt-key-file", "/no/such/file"], 1, "cannot read the key file /no/such/file"),
        (vec!["--jwt-key-file", private.path()], 1, "a private key"),
        (vec!["--jwks-file", secret.path()], 1, "no JWK Set"),
        (vec!["--jwks-file", secret.path(), "--jwt-key-file", secret.path()], 2, "cannot be used"),
        (vec!["--jwt-audience", "chat"], 1, "--jwt-audience: needs --jwt-key-file"),
    ] {
        let output = program().args(["--listen", "127.0.0.1:0"]).args(&arguments).output();
        let output = output.expect("it runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?} {stderr}");
        assert!(stderr.contains(explanation), "{arguments:?} {stderr}");
        assert!(!stderr.contains(SECRET) && !stderr.contains("MII"), "{stderr}");
    }
}

#[tokio::test]
async fn members_see_the_user_of_others() {
    let (server, _key) = server("presence", &[]);
    let (mut alice, _) = connect(&server, &json!({"sub": "alice"})).await;
    let (mut bob, id) = connect(&server, &json!({"sub": "bob \"b\""})).await;
    ask(&mut alice, r#"{"type":"join","room":"a","presence":true}"#).await;
    ask(&mut bob, r#"{"type":"join","room":"a"}"#).await;
    let entered = json!({"type": "entered", "room": "a", "client": id, "user": "bob \"b\""});
    assert_eq!(json(&mut alice).await, entered);
    let listed = ask(&mut bob, r#"{"type":"presence","room":"a"}"#).await;
    let members = listed["members"].as_array().expect("a list");
    assert!(members.contains(&json!({"client": id, "user": "bob \"b\""})), "{listed}");
}
