//! A node whose broker is unreachable. `cargo xtask cluster` checks nodes with a broker.

use crate::process::{Server, ask, json};

/// No broker listens there.
const BROKER: &str = "nats://alice:secret@127.0.0.1:1";

#[tokio::test]
async fn without_the_broker_clients_reach_each_other() {
    let server = Server::start(&["--engine", BROKER]);
    let (mut alice, _) = server.connect().await;
    let (mut bob, id) = server.connect().await;
    for client in [&mut alice, &mut bob] {
        let joined = ask(client, r#"{"type":"join","room":"a"}"#).await;
        assert_eq!(joined["type"], "joined", "{joined}");
    }
    for message in
        [r#"{"type":"broadcast","message":1}"#, r#"{"type":"broadcast","room":"a","message":1}"#]
    {
        bob.send(message).await.expect("a message sent");
        assert_eq!(json(&mut alice).await["from"], id.as_str());
    }
}

#[test]
fn a_broker_that_is_away_is_told_of_once_and_without_its_password() {
    let server = Server::start(&["--engine", BROKER]);
    server.wait_for("nats://127.0.0.1:1 cannot be reached");
    server.wait_for("DEBUG [ws] engine: client error");
    assert_eq!(server.logged("cannot be reached"), 1);
    assert_eq!(server.logged("secret"), 0);
    assert!(server.get("/metrics").contains("\nws_engine_up 0\n"));
}

#[test]
fn only_who_requires_the_broker_is_not_ready_without_it() {
    for (arguments, answer) in
        [(&["--engine", BROKER][..], "200 "), (&["--engine", BROKER, "--engine-required"], "503 ")]
    {
        let server = Server::start(arguments);
        let response = server.get("/readyz");
        assert!(response.starts_with(&format!("HTTP/1.1 {answer}")), "{response}");
    }
}
