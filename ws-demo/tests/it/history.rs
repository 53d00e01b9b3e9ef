//! The history of rooms: what a client missed while it was away.

use std::time::Instant;

use serde_json::{Value, json};
use ws_tokio::{ClientStream, WebSocket};

use crate::process::{Server, TIMEOUT, ask, json as next, program};

type Client = WebSocket<ClientStream>;

/// A client that has joined the room, and the reply.
async fn join(server: &Server, since: Option<&Value>) -> (Client, Value) {
    let (mut client, _) = server.connect().await;
    let mut request = json!({"type": "join", "room": "tea"});
    if let Some(since) = since {
        request["since"] = since.clone();
    }
    let joined = ask(&mut client, &request.to_string()).await;
    assert_eq!((&joined["type"], &joined["room"]), (&"joined".into(), &"tea".into()), "{joined}");
    (client, joined)
}

async fn publish(client: &mut Client, message: u64) {
    let request = json!({"type": "broadcast", "room": "tea", "message": message});
    client.send(request.to_string()).await.expect("a message sent");
}

/// Messages have been handled that were sent before.
async fn settle(client: &mut Client) {
    assert_eq!(ask(client, r#"{"type":"ping"}"#).await["type"], "pong");
}

fn position(message: &Value) -> Value {
    json!({"epoch": message["epoch"], "offset": message["offset"]})
}

#[tokio::test]
async fn a_client_that_reconnects_receives_exactly_what_it_missed() {
    let server = Server::start(&["--history", "10"]);
    let (mut alice, joined) = join(&server, None).await;
    assert_eq!((&joined["offset"], joined.get("recovered")), (&0.into(), None), "{joined}");
    assert_eq!(joined["epoch"].as_str().map(str::len), Some(16), "{joined}");
    let (mut bob, _) = join(&server, None).await;
    publish(&mut alice, 1).await;
    let first = next(&mut bob).await;
    assert_eq!((&first["epoch"], &first["offset"]), (&joined["epoch"], &1.into()), "{first}");
    drop(bob);

    for message in 2..=6 {
        publish(&mut alice, message).await;
    }
    settle(&mut alice).await;
    let (mut bob, joined) = join(&server, Some(&position(&first))).await;
    assert_eq!((&joined["offset"], &joined["recovered"]), (&6.into(), &true.into()), "{joined}");
    publish(&mut alice, 7).await;
    for message in 2..=7_u64 {
        let received = next(&mut bob).await;
        assert_eq!(received["type"], "broadcast", "{received}");
        assert_eq!((&received["message"], &received["offset"]), (&message.into(), &message.into()));
    }
    // A member has missed nothing: it is not recovered.
    let again = json!({"type": "join", "room": "tea", "since": position(&first), "ref": 1});
    let again = ask(&mut bob, &again.to_string()).await;
    assert_eq!((again.get("recovered"), &again["offset"]), (None, &7.into()), "{again}");
    settle(&mut bob).await;

    let metrics = server.get("/metrics");
    assert!(metrics.contains("ws_recoveries_total{result=\"recovered\"} 1\n"), "{metrics}");
    assert!(!metrics.contains("ws_history_bytes 0\n"), "{metrics}");
}

/// While messages are published, clients reconnect after some of them: none is missing, none repeated.
#[tokio::test]
async fn clients_that_reconnect_again_and_again_receive_each_message_once() {
    const MESSAGES: u64 = 300;
    let server = &Server::start(&["--history", "1000"]);
    let (mut alice, start) = join(server, None).await;
    let epoch = &start["epoch"];
    let receive = async |stays_for: u64| {
        let (mut offset, mut connections) = (0, 0);
        while offset < MESSAGES {
            let since = json!({"epoch": epoch, "offset": offset});
            let (mut client, joined) = join(server, Some(&since)).await;
            assert_eq!(joined["recovered"], true, "{joined}");
            connections += 1;
            for _ in 0..stays_for.min(MESSAGES - offset) {
                let message = next(&mut client).await;
                offset += 1;
                assert_eq!(
                    (&message["offset"], &message["message"]),
                    (&offset.into(), &offset.into())
                );
            }
        }
        connections
    };
    let publish = async {
        for message in 1..=MESSAGES {
            publish(&mut alice, message).await;
            // The others run meanwhile.
            settle(&mut alice).await;
        }
    };
    let (one, other, third, ()) = tokio::join!(receive(1), receive(7), receive(40), publish);
    assert_eq!((one, other, third), (300, 43, 8));
}

#[tokio::test]
async fn the_history_outlives_the_last_member() {
    let server = Server::start(&["--history", "10"]);
    let (mut alice, _) = join(&server, None).await;
    let (mut bob, _) = join(&server, None).await;
    publish(&mut alice, 1).await;
    let first = next(&mut bob).await;
    drop(bob);
    publish(&mut alice, 2).await;
    settle(&mut alice).await;
    assert_eq!(ask(&mut alice, r#"{"type":"leave","room":"tea"}"#).await["type"], "left");
    assert_eq!(ask(&mut alice, r#"{"type":"rooms"}"#).await["total"], 0);
    let (mut bob, joined) = join(&server, Some(&position(&first))).await;
    assert_eq!((&joined["recovered"], &joined["clients"]), (&true.into(), &1.into()), "{joined}");
    assert_eq!(next(&mut bob).await["message"], 2);
}

#[tokio::test]
async fn what_the_server_does_not_have_is_not_recovered() {
    let server = Server::start(&["--history", "2"]);
    let (mut alice, joined) = join(&server, None).await;
    for message in 1..=4 {
        publish(&mut alice, message).await;
    }
    settle(&mut alice).await;
    let epoch = &joined["epoch"];
    for (since, recovered) in [
        (json!({"epoch": epoch, "offset": 2}), true),
        (json!({"epoch": epoch, "offset": 1}), false),
        (json!({"epoch": epoch, "offset": 5}), false),
        (json!({"epoch": "0123456789abcdef", "offset": 2}), false),
        (json!({"epoch": 7, "offset": 2}), false),
        (json!(2), false),
    ] {
        let (mut bob, joined) = join(&server, Some(&since)).await;
        assert_eq!(joined["recovered"], recovered, "{since}: {joined}");
        assert_eq!((&joined["epoch"], &joined["offset"]), (epoch, &4.into()));
        if recovered {
            assert_eq!(next(&mut bob).await["offset"], 3);
            assert_eq!(next(&mut bob).await["offset"], 4);
        }
        settle(&mut bob).await;
    }

    let server = Server::start(&[]);
    let (_, joined) = join(&server, Some(&position(&joined))).await;
    assert_eq!((&joined["recovered"], joined.get("epoch")), (&false.into(), None), "{joined}");
}

#[tokio::test]
async fn what_is_too_old_is_not_recovered() {
    let server = Server::start(&["--history", "10", "--history-age", "100ms"]);
    let (mut alice, start) = join(&server, None).await;
    publish(&mut alice, 1).await;
    settle(&mut alice).await;
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let (_, joined) = join(&server, Some(&position(&start))).await;
        assert_eq!(joined["epoch"], start["epoch"]);
        if joined["recovered"] == false {
            break;
        }
        assert!(Instant::now() < deadline, "{joined}");
    }
    while !server.get("/metrics").contains("ws_history_bytes 0\n") {
        assert!(Instant::now() < deadline, "it is not removed");
    }
}

#[test]
fn limits_that_cannot_work_are_refused() {
    for (arguments, explanation) in [
        (
            &["--history", "1", "--history-bytes", "1MiB"][..],
            "--history-bytes 1048576: must be at least 1050624",
        ),
        (
            &["--history", "1", "--history-total-bytes", "64k", "--max-message", "62000"],
            "--history-total-bytes 64000: must be at least 64048",
        ),
        (
            &["--history", "1", "--engine", "nats://127.0.0.1:1"],
            "--history: works within one node only",
        ),
    ] {
        let output = program().args(["--listen", "127.0.0.1:0"]).args(arguments).output();
        let output = output.expect("it runs");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(explanation), "{arguments:?}: {error}");
    }
}
