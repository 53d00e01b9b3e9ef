//! Who is in a room, and who enters and exits it.

use std::collections::BTreeSet;

use crate::process::{Server, ask, json, text};

#[tokio::test]
async fn a_member_is_notified_of_others_that_enter_and_exit() {
    for arguments in [&[][..], &["--history", "10"]] {
        let server = Server::start(arguments);
        let (mut alice, _) = server.connect().await;
        let (mut bob, bob_id) = server.connect().await;
        let (mut carol, carol_id) = server.connect().await;
        let joined = ask(&mut alice, r#"{"type":"join","room":"tea","presence":true}"#).await;
        assert_eq!(joined["type"], "joined", "{joined}");
        for client in [&mut bob, &mut carol] {
            ask(client, r#"{"type":"join","room":"tea"}"#).await;
        }
        for id in [&bob_id, &carol_id] {
            let expected = format!(r#"{{"type":"entered","room":"tea","client":"{id}"}}"#);
            assert_eq!(text(&mut alice).await, expected);
        }
        assert_eq!(ask(&mut bob, r#"{"type":"leave","room":"tea"}"#).await["type"], "left");
        let expected = format!(r#"{{"type":"exited","room":"tea","client":"{bob_id}"}}"#);
        assert_eq!(text(&mut alice).await, expected);
        drop(carol);
        let exited = json(&mut alice).await;
        assert_eq!((&exited["type"], &exited["client"]), (&"exited".into(), &carol_id.into()));

        // Without `presence` it is notified no longer; nor was Bob, who never asked.
        ask(&mut alice, r#"{"type":"join","room":"tea"}"#).await;
        ask(&mut bob, r#"{"type":"join","room":"tea"}"#).await;
        for client in [&mut alice, &mut bob] {
            assert_eq!(text_after_ping(client).await, r#"{"type":"pong"}"#);
        }
    }
}

async fn text_after_ping(client: &mut ws_tokio::WebSocket<ws_tokio::ClientStream>) -> String {
    client.send(r#"{"type":"ping"}"#).await.expect("a message sent");
    text(client).await
}

#[tokio::test]
async fn the_members_of_a_room_are_listed_for_members() {
    let server = Server::start(&[]);
    let (mut alice, alice_id) = server.connect().await;
    let (mut bob, bob_id) = server.connect().await;
    let request = r#"{"type":"presence","room":"tea","ref":1}"#;
    let error = ask(&mut alice, request).await;
    assert_eq!((&error["code"], &error["ref"]), (&"not_in_room".into(), &1.into()), "{error}");
    let error = ask(&mut alice, r#"{"type":"presence"}"#).await;
    assert_eq!(error["code"], "bad_room", "{error}");
    for client in [&mut alice, &mut bob] {
        ask(client, r#"{"type":"join","room":"tea"}"#).await;
    }
    let listed = ask(&mut bob, request).await;
    assert_eq!((&listed["type"], &listed["clients"]), (&"presence".into(), &2.into()), "{listed}");
    assert_eq!((&listed["room"], &listed["ref"]), (&"tea".into(), &1.into()), "{listed}");
    let members = listed["members"].as_array().expect("a list");
    let members: BTreeSet<_> = members.iter().map(|it| it["client"].as_str()).collect();
    assert_eq!(members, BTreeSet::from([Some(&*alice_id), Some(&*bob_id)]));
}
