//! The demonstration, as its script prints it.

use std::collections::HashMap;
use std::process::Command;

const EXPECTED: &str = r#"=== WebSocket Server Demo ===
[ws] Client <alice> connected (1 total)
[Alice] Connected
[Alice] Received: welcome
[ws] Client <bob> connected (2 total)
[Bob] Connected
[Bob] Received: welcome

--- Sending messages ---

[ws] Message from <alice>: {"type":"echo","text":"Hello from Alice"}
[Alice] Received: echo
[ws] Message from <bob>: {"type":"broadcast","message":"Hi everyone!"}
[Alice] Received: broadcast from <bob>: "Hi everyone!"
[ws] Message from <alice>: {"type":"broadcast","message":"Hey Bob!"}
[Bob] Received: broadcast from <alice>: "Hey Bob!"

--- Connection stats ---

Active clients: 2

--- Shutting down ---

[ws] Close from <alice>: code=1000 reason="Done"
[Alice] Disconnected
[ws] Close from <bob>: code=1000 reason="Done"
[Bob] Disconnected
Server closed
"#;

#[test]
fn the_script_is_this() {
    // The configuration of a server does not apply to it.
    let output = Command::new(env!("CARGO_BIN_EXE_ws-demo"))
        .arg("script")
        .env("WS_DEMO_LISTEN", "127.0.0.1:1")
        .output()
        .expect("the program runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(named(&text), EXPECTED);
}

/// The text with the ids of clients replaced by names, in the order in which they occur; an id
/// that differs between lines gets a name of its own.
fn named(text: &str) -> String {
    let mut names = ["<alice>", "<bob>", "<stranger>"].into_iter();
    let mut ids = HashMap::new();
    let mut named = String::new();
    for word in text.split_inclusive([' ', ':', '\n']) {
        let id = word.trim_end_matches([' ', ':', '\n']);
        if id.len() == 8 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            let name = ids.entry(id).or_insert_with(|| names.next().unwrap_or("<another>"));
            named += name;
            named += &word[id.len()..];
        } else {
            named += word;
        }
    }
    named
}
