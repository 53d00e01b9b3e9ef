//! Rooms, and the other requests of clients.

use ws_tokio::Message;

use crate::process::{Server, ask, json, text};

#[tokio::test]
async fn a_broadcast_to_a_room_reaches_its_other_members_only() {
    let server = Server::start(&[]);
    let (mut alice, id) = server.connect().await;
    let (mut bob, _) = server.connect().await;
    let (mut carol, _) = server.connect().await;
    alice.send(r#"{"type":"join","room":"tea"}"#).await.expect("a message sent");
    assert_eq!(text(&mut alice).await, r#"{"type":"joined","room":"tea","clients":1}"#);
    bob.send(r#"{"type":"join","room":"tea","ref":7}"#).await.expect("a message sent");
    assert_eq!(text(&mut bob).await, r#"{"type":"joined","room":"tea","clients":2,"ref":7}"#);

    let message = r#"{"type":"broadcast","room":"tea","message":{"b":1.0,"a":[]}}"#;
    alice.send(message).await.expect("a message sent");
    let expected = format!(
        r#"{{"type":"broadcast","from":"{id}","room":"tea","message":{{"b":1.0,"a":[]}}}}"#
    );
    assert_eq!(text(&mut bob).await, expected);

    // A broadcast to all also reaches clients in no room, and nothing arrived before it.
    alice.send(r#"{"type":"broadcast","message":1}"#).await.expect("a message sent");
    let expected = format!(r#"{{"type":"broadcast","from":"{id}","message":1}}"#);
    assert_eq!(text(&mut carol).await, expected);
    assert_eq!(text(&mut bob).await, expected);

    bob.send(r#"{"type":"leave","room":"tea"}"#).await.expect("a message sent");
    assert_eq!(text(&mut bob).await, r#"{"type":"left","room":"tea","clients":1}"#);
    alice.send(message).await.expect("a message sent");
    alice.send(r#"{"type":"broadcast","message":2}"#).await.expect("a message sent");
    assert_eq!(json(&mut bob).await["message"], 2);
}

#[tokio::test]
async fn rooms_are_listed_and_vanish_with_their_last_member() {
    let server = Server::start(&[]);
    let (mut alice, _) = server.connect().await;
    let (mut bob, id) = server.connect().await;
    for room in ["b", "ä \"quoted\""] {
        let join = serde_json::json!({"type": "join", "room": room});
        ask(&mut alice, &join.to_string()).await;
    }
    ask(&mut bob, r#"{"type":"join","room":"b"}"#).await;
    alice.send(r#"{"type":"rooms","ref":"x"}"#).await.expect("a message sent");
    assert_eq!(
        text(&mut alice).await,
        r#"{"type":"rooms","rooms":[{"room":"b","clients":2,"joined":true},{"room":"ä \"quoted\"","clients":1,"joined":true}],"total":2,"clients":2,"ref":"x"}"#
    );
    ask(&mut alice, r#"{"type":"leave","room":"b"}"#).await;
    drop(bob);
    server.wait_for(&format!("Client {id} disconnected"));
    let rooms = ask(&mut alice, r#"{"type":"rooms"}"#).await;
    assert_eq!(rooms["total"], 1, "{rooms}");
}

#[tokio::test]
async fn many_rooms_are_listed_in_pages() {
    let server = Server::start(&["--max-rooms", "0"]);
    let (mut alice, _) = server.connect().await;
    for number in 0..250 {
        ask(&mut alice, &format!(r#"{{"type":"join","room":"{}/{number:03}"}}"#, number % 2)).await;
    }
    // Without a limit the reply is short, too.
    let all = ask(&mut alice, r#"{"type":"rooms"}"#).await;
    assert_eq!((&all["total"], &all["next"]), (&250.into(), &"0/198".into()));
    assert_eq!(all["rooms"].as_array().map(Vec::len), Some(100));

    let (mut listed, mut after) = (Vec::new(), serde_json::Value::from(""));
    while !after.is_null() {
        let request =
            serde_json::json!({"type": "rooms", "prefix": "1/", "after": after, "limit": 60});
        let page = ask(&mut alice, &request.to_string()).await;
        let rooms = page["rooms"].as_array().expect("a list");
        assert!(rooms.len() <= 60);
        listed.extend(rooms.iter().map(|room| room["room"].as_str().expect("a name").to_owned()));
        after = page["next"].clone();
    }
    let odd: Vec<_> = (0..250).filter(|n| n % 2 == 1).map(|n| format!("1/{n:03}")).collect();
    assert_eq!(listed, odd);
}

#[tokio::test]
async fn mistakes_have_codes_and_give_the_reference_back() {
    let server = Server::start(&["--max-rooms", "1"]);
    let (mut alice, _) = server.connect().await;
    let long = format!(r#"{{"type":"join","room":"{}"}}"#, "x".repeat(129));
    for (request, code) in [
        (r#"{"type":"broadcast","room":"a","message":1,"ref":[1]}"#, "not_in_room"),
        (r#"{"type":"leave","room":"a"}"#, "not_in_room"),
        (r#"{"type":"join","room":""}"#, "bad_room"),
        (r#"{"type":"join","room":"a\u0000b"}"#, "bad_room"),
        (r#"{"type":"join","room":7}"#, "bad_room"),
        (r#"{"type":"join"}"#, "bad_room"),
        (&long, "bad_room"),
        (r#"{"type":"broadcast","room":{},"message":1}"#, "bad_room"),
        (r#"{"type":"broadcast","ref":2}"#, "bad_request"),
        (r#"{"type":"rooms","limit":"all","ref":2}"#, "bad_request"),
    ] {
        let error = ask(&mut alice, request).await;
        assert_eq!((&error["type"], &error["code"]), (&"error".into(), &code.into()), "{request}");
        let request: serde_json::Value = serde_json::from_str(request).expect("JSON");
        assert_eq!(error.get("ref"), request.get("ref"));
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()));
    }
    assert_eq!(ask(&mut alice, r#"{"type":"join","room":"a"}"#).await["type"], "joined");
    let error = ask(&mut alice, r#"{"type":"join","room":"b","ref":null}"#).await;
    assert_eq!(error["code"], "too_many_rooms");
    assert_eq!(ask(&mut alice, r#"{"type":"join","room":"a"}"#).await["type"], "joined");
}

#[tokio::test]
async fn a_ping_in_json_comes_back() {
    let server = Server::start(&[]);
    let (mut alice, _) = server.connect().await;
    for (ping, pong) in [
        (r#"{"type":"ping","t":17.250}"#, r#"{"type":"pong","t":17.250}"#),
        (r#"{"type":"ping","t":"x","ref":1}"#, r#"{"type":"pong","t":"x","ref":1}"#),
        (r#"{"type":"ping"}"#, r#"{"type":"pong"}"#),
    ] {
        alice.send(ping).await.expect("a message sent");
        assert_eq!(text(&mut alice).await, pong);
    }
    alice.send(Message::binary(r#"{"type":"ping"}"#)).await.expect("a message sent");
    assert_eq!(text(&mut alice).await, r#"{"type":"pong"}"#);
}
