//! Authentication of clients.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs, process};

use ws_tokio::Message;

use crate::process::{Server, ask, closed, json, program, text};

const TOKEN: &str = "correct-horse";

/// A file with tokens, until it is dropped.
struct Tokens(PathBuf);

impl Tokens {
    fn new(name: &str, text: &str) -> Self {
        let path = env::temp_dir().join(format!("ws-demo-{}-{name}", process::id()));
        fs::write(&path, text).expect("a file");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path")
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        // It is only in a directory for temporary files.
        let _ = fs::remove_file(&self.0);
    }
}

fn auth(token: &str) -> String {
    serde_json::json!({"type": "auth", "token": token}).to_string()
}

fn server(more: &[&str]) -> Server {
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0"]).args(more);
    command.envs([("WS_DEMO_LOG", "trace"), ("WS_DEMO_AUTH_TOKEN", TOKEN)]);
    Server::start_command(command)
}

#[tokio::test]
async fn who_is_no_client_yet_is_told_so_only_so_often() {
    let server = server(&["--msg-rate", "1", "--msg-burst", "2"]);
    let mut socket = server.open().await;
    for _ in 0..2 {
        assert_eq!(ask(&mut socket, "hello").await["code"], "auth_required");
    }
    assert_eq!(ask(&mut socket, "hello").await["code"], "rate_limited");
}

#[tokio::test]
async fn the_token_comes_first_and_then_the_welcome() {
    let tokens = Tokens::new("first", &format!("# staff\nother-token\n{TOKEN}\n"));
    let server = Server::start(&["--auth-token-file", tokens.path()]);
    let mut alice = server.open().await;
    alice.send(r#"{"type":"auth","token":"correct-horse","ref":1}"#).await.expect("a message sent");
    assert_eq!(text(&mut alice).await, r#"{"type":"auth_ok","ref":1}"#);
    let welcome = json(&mut alice).await;
    assert_eq!((&welcome["type"], &welcome["clients"]), (&"welcome".into(), &1.into()));
    // Every request is allowed now, also large messages.
    let large = "x".repeat(100_000);
    assert_eq!(ask(&mut alice, &large).await["original"], large);
    // Another token may replace it; it must be good, too.
    assert_eq!(ask(&mut alice, &auth("other-token")).await["type"], "auth_ok");
    assert_eq!(ask(&mut alice, &auth("whatever")).await["code"], "auth_failed");
    assert_eq!(closed(&mut alice).await.0, 4501);
}

#[tokio::test]
async fn a_wrong_token_is_closed_with_4501() {
    let server = server(&[]);
    for wrong in ["Correct-horse", "correct-hors", "", "correct-horse "] {
        let mut socket = server.open().await;
        let error = ask(&mut socket, &auth(wrong)).await;
        assert_eq!(error["code"], "auth_failed", "{wrong}");
        assert_eq!(closed(&mut socket).await.0, 4501, "{wrong}");
    }
    let mut socket = server.open().await;
    ask(&mut socket, r#"{"type":"auth"}"#).await;
    assert_eq!(closed(&mut socket).await.0, 4501);
}

#[tokio::test]
async fn no_token_in_time_is_closed_with_4502() {
    let server = server(&["--auth-timeout", "100ms"]);
    let mut socket = server.open().await;
    assert_eq!(json(&mut socket).await["code"], "auth_timeout");
    assert_eq!(closed(&mut socket).await.0, 4502);
}

/// The time limit also runs while the client sends other messages.
#[tokio::test]
async fn nothing_else_counts_or_is_told_before() {
    let server = server(&["--auth-timeout", "2s"]);
    let mut alice = server.open().await;
    ask(&mut alice, &auth(TOKEN)).await;
    json(&mut alice).await;

    let mut mallory = server.open().await;
    for request in [
        "hello",
        r#"{"type":"broadcast","message":"spam"}"#,
        r#"{"type":"join","room":"secret"}"#,
        r#"{"type":"rooms"}"#,
        r#"{"type":"ping","t":1}"#,
    ] {
        assert_eq!(ask(&mut mallory, request).await["code"], "auth_required", "{request}");
    }
    mallory.send(Message::binary(vec![0xFF])).await.expect("a message sent");
    assert_eq!(json(&mut mallory).await["code"], "auth_required");

    // Alice's next message is the reply to her own: no message of Mallory reached her, nor hers
    // Mallory.
    assert_eq!(ask(&mut alice, r#"{"type":"rooms"}"#).await["total"], 0);
    alice.send(r#"{"type":"broadcast","message":"private"}"#).await.expect("a message sent");
    let error = json(&mut mallory).await;
    assert_eq!(error["code"], "auth_timeout", "{error}");
    assert_eq!(closed(&mut mallory).await.0, 4502);
    assert_eq!(server.logged("connected ("), 1);
}

#[tokio::test]
async fn messages_are_small_before() {
    let server = server(&[]);
    let mut socket = server.open().await;
    let answer = ask(&mut socket, &"x".repeat(4096)).await;
    assert_eq!(answer["code"], "auth_required");
    socket.send("x".repeat(4097)).await.expect("a message sent");
    assert_eq!(closed(&mut socket).await.0, 1009);
}

#[tokio::test]
async fn no_log_has_a_token() {
    let server = server(&[]);
    let mut socket = server.open().await;
    ask(&mut socket, &format!("{{'token': '{TOKEN}'}}")).await;
    ask(&mut socket, &auth(TOKEN)).await;
    json(&mut socket).await;
    ask(&mut socket, &auth(TOKEN)).await;
    ask(&mut socket, &format!(r#"{{"type":"auth","token":"{TOKEN}","x"}}"#)).await;
    ask(&mut socket, r#"{"type":"echo"}"#).await;
    let mut wrong = server.open().await;
    ask(&mut wrong, &auth("wrong-battery")).await;
    closed(&mut wrong).await;
    server.wait_for(" error: the token is not valid");
    server.wait_for("(not shown)");
    server.wait_for(r#"{"type":"echo"}"#);
    for secret in [TOKEN, "wrong-battery"] {
        assert_eq!(server.logged(secret), 0);
    }
}

#[tokio::test]
async fn tokens_are_read_again_at_a_hangup() {
    let tokens = Tokens::new("again", "old-token");
    let server = Server::start(&["--auth-token-file", tokens.path()]);
    fs::write(&tokens.0, "new-token").expect("a file");
    server.signal("HUP");
    server.wait_for("1 tokens reloaded");
    let mut socket = server.open().await;
    assert_eq!(ask(&mut socket, &auth("new-token")).await["type"], "auth_ok");
    let mut socket = server.open().await;
    assert_eq!(ask(&mut socket, &auth("old-token")).await["code"], "auth_failed");

    fs::write(&tokens.0, "").expect("a file");
    server.signal("HUP");
    server.wait_for("tokens not reloaded, the former ones stay valid: no token in the token file ");
    let mut socket = server.open().await;
    assert_eq!(ask(&mut socket, &auth("new-token")).await["type"], "auth_ok");
}

/// A client that sends a token to a server that requires none is answered, not echoed.
/// As of a file system in the network that does not answer: here, a pipe.
#[test]
fn a_file_that_cannot_be_read_now_delays_no_client() {
    let file = Tokens::new("slow", "alice-token\n");
    let server = Server::start(&["--auth-token-file", file.path(), "--threads", "1"]);
    fs::remove_file(file.path()).expect("a file");
    let status = Command::new("mkfifo").arg(file.path()).status().expect("a program");
    assert!(status.success());
    server.signal("HUP");
    // Ready when the server opens it, too.
    let mut pipe = OpenOptions::new().write(true).open(file.path()).expect("a pipe");
    let response = server.get("/healthz");
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    pipe.write_all(b"bob-token\ncarol-token\n").expect("a pipe that is read");
    drop(pipe);
    server.wait_for("2 tokens reloaded");
}

#[test]
fn a_file_that_cannot_be_read_now_does_not_delay_the_end() {
    let file = Tokens::new("stuck", "alice-token\n");
    let server = Server::start(&["--auth-token-file", file.path()]);
    fs::remove_file(file.path()).expect("a file");
    let status = Command::new("mkfifo").arg(file.path()).status().expect("a program");
    assert!(status.success());
    server.signal("HUP");
    let _pipe = OpenOptions::new().write(true).open(file.path()).expect("a pipe");
    server.signal("TERM");
    assert!(server.ended().success());
}

#[tokio::test]
async fn an_open_server_takes_any_token() {
    let server = Server::start(&[]);
    let (mut socket, _) = server.connect().await;
    assert_eq!(ask(&mut socket, &auth("whatever")).await["type"], "auth_ok");
    assert_eq!(server.logged("whatever"), 0);
}
