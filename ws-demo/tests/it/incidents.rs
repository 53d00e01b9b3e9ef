//! What the log shows of an incident.

use serde_json::Value;
use ws_tokio::{Close, CloseCode};

use crate::identity;
use crate::process::{Server, ask, closed, program};
use crate::raw::{self, exchange, upgrade};

/// A server with a JSON log.
fn server(arguments: &[&str]) -> Server {
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0", "--log-format", "json"]).args(arguments);
    Server::start_command(command)
}

/// The first event with this message.
fn event(server: &Server, message: &str) -> Value {
    let line = server.wait_for(&format!(r#""message":"{message}""#));
    serde_json::from_str(&line).expect("JSON")
}

#[tokio::test]
async fn a_session_has_fields() {
    let server = server(&["--log", "debug"]);
    let (mut alice, id) = server.connect().await;
    ask(&mut alice, "hello").await;
    let close = Close::new(CloseCode::new(4000), "it is \"late\"");
    alice.close_and_discard(close).await.expect("a clean end");

    let connected = event(&server, "connected");
    assert_eq!((&connected["client"], &connected["clients"]), (&id.clone().into(), &1.into()));
    assert_eq!(connected["address"], "127.0.0.1");
    let message = event(&server, "message");
    assert_eq!((&message["text"], &message["bytes"]), (&"hello".into(), &5.into()));
    assert_eq!(event(&server, "close received")["code"], 4000);
    let session = event(&server, "disconnected");
    for (field, value) in [
        ("client", Value::from(id)),
        ("address", "127.0.0.1".into()),
        ("code", 4000.into()),
        ("reason", "it is \"late\"".into()),
        // "hello" and the Close frame: headers, mask, payload.
        ("bytes_in", (2 + 4 + 5 + 2 + 4 + 2 + 12).into()),
        ("clients", 0.into()),
    ] {
        assert_eq!(session[field], value, "{field} in {session}");
    }
    assert!(session["duration"].is_f64() && session["bytes_out"].is_u64(), "{session}");
}

#[tokio::test]
async fn the_text_log_has_a_line_for_a_session() {
    let server = Server::start(&[]);
    let (mut alice, id) = server.connect().await;
    alice.close_and_discard(CloseCode::NORMAL).await.expect("a clean end");
    let line = server.wait_for(&format!("[ws] Session of {id}: address=127.0.0.1 code=1000 "));
    for part in [r#" reason="" duration=0."#, "s bytes_in=8 bytes_out="] {
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn refusals_are_logged_with_address_and_reason_and_repetitions_are_counted() {
    let server = server(&["--trusted-proxy", "127.0.0.1", "--max-per-ip", "1"]);
    let from = |address: &str| format!("X-Forwarded-For: {address}\r\n");
    let _alice = raw::open(&server);
    let refuse = |request: &str, status: &str| {
        let response = exchange(server.address, request);
        assert!(response.starts_with(&format!("HTTP/1.1 {status} ")), "{response}");
    };
    for last in 1..=3 {
        let origin =
            format!("Origin: https://evil.example\r\n{}", from(&format!("192.0.2.{last}")));
        refuse(&upgrade("/ws", &origin), "403");
    }
    refuse(&upgrade("/ws", ""), "429");
    refuse(&upgrade("/ws", &from("192.0.2.4")).replace("13", "12"), "426");
    refuse("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "426");
    refuse("GET / HTTP/1.1\r\nHo st: x\r\n\r\n", "400");
    server.signal("TERM");
    event(&server, "stopped");

    let refused = server.lines(r#""message":"refused""#);
    let refused: Vec<Value> =
        refused.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |reason: &str| -> Vec<(&str, u64)> {
        let events = refused.iter().filter(|event| event["reason"] == reason);
        let facts = |event| -> Option<_> {
            let event: &Value = event;
            Some((event["address"].as_str()?, event["count"].as_u64()?))
        };
        events.map(|event| facts(event).expect("an address and a count")).collect()
    };
    assert_eq!(of("origin"), [("192.0.2.1", 1), ("192.0.2.3", 2)]);
    assert_eq!(of("per_ip"), [("127.0.0.1", 1)]);
    assert_eq!(of("upgrade_required"), [("127.0.0.1", 1)]);
    // A bad head is not proxied: its fields are not known.
    assert_eq!(of("handshake"), [("192.0.2.4", 1), ("127.0.0.1", 1)]);
    assert!(refused.iter().any(|event| {
        event["error"] == "handshake rejected with status 426: WebSocket version 13 is required"
    }));
}

#[tokio::test]
async fn a_full_server_and_a_wrong_token_are_logged() {
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0", "--max-connections", "1"]);
    command.env("WS_DEMO_AUTH_TOKEN", "correct-horse");
    let server = Server::start_command(command);
    let mut socket = server.open().await;
    assert!(exchange(server.address, &upgrade("/ws", "")).starts_with("HTTP/1.1 503 "));
    server.wait_for("INFO [ws] Refused 127.0.0.1: full");
    ask(&mut socket, r#"{"type":"auth","token":"battery"}"#).await;
    assert_eq!(closed(&mut socket).await.0, 4501);
    server.wait_for(" error: the token is not valid (127.0.0.1)");
    assert_eq!(server.logged("battery"), 0);
}

#[tokio::test]
async fn the_first_message_over_the_rate_is_logged() {
    let server = server(&["--msg-rate", "1", "--msg-burst", "1"]);
    let (mut alice, id) = server.connect().await;
    for _ in 0..3 {
        ask(&mut alice, "hello").await;
    }
    let event = event(&server, "rate limited");
    assert_eq!((&event["client"], &event["address"]), (&id.into(), &"127.0.0.1".into()));
    assert_eq!(server.logged("rate limited"), 1);
}

/// Without file descriptors the server tries to accept ten times a second.
#[cfg(target_os = "linux")]
#[test]
fn a_server_without_file_descriptors_logs_it_once() {
    let mut command = std::process::Command::new("sh");
    command.args(["-c", r#"ulimit -n 40 && exec "$0" --listen 127.0.0.1:0"#]);
    let program = program();
    command.arg(program.get_program());
    for (name, value) in program.get_envs() {
        assert_eq!(value, None);
        command.env_remove(name);
    }
    let server = Server::start_command(command);
    let clients: Vec<_> = (0..50).map(|_| raw::connect(server.address)).collect();
    server.wait_for("WARN [ws] cannot accept: ");
    drop(clients);
    assert!(server.get("/healthz").ends_with("ok\n"));
    assert_eq!(server.logged("cannot accept"), 1);
}

#[tokio::test]
async fn the_user_of_a_token_is_logged_and_the_token_is_not() {
    let claims = serde_json::json!({"sub": "ann \"a\""});
    let (server, _key) = identity::server("logged", &["--log-format", "json"]);
    let (socket, id) = identity::connect(&server, &claims).await;
    drop(socket);
    for message in ["connected", "disconnected"] {
        let event = event(&server, message);
        assert_eq!((&event["client"], &event["user"]), (&id.clone().into(), &claims["sub"]));
    }
    let token = identity::token(identity::SECRET, &claims);
    let signature = token.rsplit('.').next().expect("a signature");
    assert_eq!(server.logged(signature), 0);
}
