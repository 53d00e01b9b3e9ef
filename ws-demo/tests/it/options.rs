//! The command line and the environment.

use std::process::Output;
use std::time::{Duration, Instant};

use crate::identity::File;
use crate::process::{Server, program};
use crate::raw::exchange;

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = program().args(arguments).output().expect("it runs");
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

#[test]
fn the_environment_configures_and_flags_go_before_it() {
    let mut command = program();
    command
        .arg("serve")
        .envs([("WS_DEMO_LISTEN", "127.0.0.1:0"), ("WS_DEMO_HANDSHAKE_TIMEOUT", "100ms")]);
    let server = Server::start_command(command);
    assert_ne!(server.address.port(), 9001);
    let begin = Instant::now();
    assert_eq!(exchange(server.address, ""), "");
    // The default is 10 s.
    assert!(begin.elapsed() < Duration::from_secs(5));

    let mut command = program();
    command.args(["--listen", "127.0.0.1:0"]).env("WS_DEMO_LISTEN", "127.0.0.1:1");
    Server::start_command(command);
}

#[test]
fn mistakes_end_it_with_an_explanation() {
    let (status, explanation) = run(&["--listen", "9001"]);
    assert_eq!(status, Some(2));
    assert!(explanation.contains("expected a host and a port"), "{explanation}");

    let server = Server::start(&[]);
    let taken = server.address.to_string();
    let (status, explanation) = run(&["--listen", &taken]);
    assert_eq!(status, Some(1));
    assert!(explanation.contains(&format!("cannot listen on {taken}: ")), "{explanation}");

    let mut command = program();
    command.args(["--listen", "127.0.0.1:0"]).env("WS_DEMO_LOG", "ws_demo=loud");
    let output = command.output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("WS_DEMO_LOG: "));
}

/// The output of `--print-config`.
fn printed(arguments: &[&str], variables: &[(String, String)]) -> String {
    let mut command = program();
    command.args(arguments).envs(variables.iter().cloned());
    let output = command.output().expect("it runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_settings_can_be_printed_and_given_back() {
    let text = printed(
        &[
            "--print-config",
            "--listen",
            "[::1]:1,unix:/run/x",
            "--compress",
            "--ping-interval",
            "1m",
        ],
        &[("WS_DEMO_ORIGIN".to_owned(), "https://a.example,*".to_owned())],
    );
    for line in [
        "# from the command line\nWS_DEMO_LISTEN=[::1]:1,unix:/run/x\n",
        "# from the command line\nWS_DEMO_COMPRESS=true\n",
        "# from the environment\nWS_DEMO_ORIGIN=https://a.example,*\n",
        "WS_DEMO_MAX_MESSAGE=1048576\n",
        "WS_DEMO_SLOW=close\n",
        "# WS_DEMO_TLS_CERT is not set\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let variables: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let again = printed(&["serve", "--print-config"], &variables);
    let values = |text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.starts_with("# from ")).map(str::to_owned).collect()
    };
    assert_eq!(values(&again), values(&text));
}

#[test]
fn passwords_are_not_printed() {
    let engine = "nats://node:secret@a:4222,nats://node:secret@b:4222";
    let text = printed(&["--print-config", "--engine", engine], &[]);
    assert!(text.contains("WS_DEMO_ENGINE=nats://***@a:4222,nats://***@b:4222\n"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn passwords_are_in_no_explanation() {
    for engine in ["nats://node:sec/ret@a:4222", "nats://sec/ret@a:4222", "node:sec/ret@a:4222"] {
        let (status, explanation) = run(&["--engine", engine]);
        assert_eq!(status, Some(2), "{explanation}");
        assert!(explanation.contains("--engine"), "{explanation}");
        assert!(!explanation.contains("sec"), "{explanation}");
    }
}

/// Offsets of several nodes would differ.
#[test]
fn a_history_is_that_of_one_node() {
    let file = File::new("engine", "nats://127.0.0.1:1\n");
    for (engine, status) in [("--engine=nats://127.0.0.1:1", 2), ("--engine-file", 1)] {
        let path = (engine == "--engine-file").then(|| file.path());
        let arguments = ["--listen=127.0.0.1:0", "--history=5", engine];
        let (code, explanation) = run(&[&arguments[..], path.as_slice()].concat());
        assert_eq!(code, Some(status), "{explanation}");
        assert!(explanation.contains("--history: works within one node only"), "{explanation}");
    }
}

#[test]
fn the_log_can_be_json() {
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0", "--log-format", "json"]);
    let server = Server::start_command(command);
    let line = server.wait_for("listening");
    let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!((&line["level"], &line["message"]), (&"INFO".into(), &"listening".into()));
    assert_eq!(line["endpoint"], format!("http://{}", server.address));
}

#[test]
fn messages_are_logged_only_on_request() {
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0"]);
    let server = Server::start_command(command);
    exchange(server.address, "GET /ws HTTP/1.1\r\nHost: demo.example\r\nConnection: close\r\n\r\n");
    assert_eq!(server.logged("DEBUG"), 0);
}

#[test]
fn shells_complete_commands_and_options() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = program().args(["completions", shell]).output().expect("it runs");
        assert!(output.status.success());
        let script = String::from_utf8(output.stdout).expect("text");
        for part in ["healthcheck", "max-message", "fail-p99"] {
            assert!(script.contains(part), "{shell}: {part}");
        }
    }
    let (status, explanation) = run(&["completions", "cmd"]);
    assert_eq!(status, Some(2));
    assert!(explanation.contains("bash, elvish, fish, powershell, zsh"), "{explanation}");
}

/// As in `ws-demo --print-config | head -0`.
#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    for arguments in [&["--print-config"][..], &["completions", "bash"], &["script"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = program();
        let output = command.args(arguments).stdout(writer).output().expect("it runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*stderr), (Some(0), ""), "{arguments:?}");
    }
}
