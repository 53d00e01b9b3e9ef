use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::cluster::client::Client;
use crate::cluster::node::{Node, SOON, eventually};
use crate::cluster::{CLIENTS_EACH, Cluster};

const ROOM: &str = "presence *.> ü";

/// The time limit for the others to detect that a node is gone without notice.
const CORRECTED: Duration = Duration::from_secs(7);

#[tokio::test(flavor = "multi_thread")]
async fn a_member_knows_the_members_on_other_nodes_until_their_node_is_killed() {
    let Cluster { broker, nodes: _nodes, mut clients } = Cluster::start().await;
    let (watcher, others) = clients.split_at_mut(CLIENTS_EACH);
    let watcher = &mut watcher[0];
    watcher.sender.send(&json!({ "type": "join", "room": ROOM, "presence": true })).await;
    watcher.receiver.answer("joined").await;
    let mut members = BTreeSet::from([watcher.id.clone()]);
    // One on each of the other nodes.
    for other in others.iter_mut().step_by(CLIENTS_EACH) {
        other.join(ROOM).await;
        check_notice(watcher, "entered", &other.id).await;
        members.insert(other.id.clone());
    }
    check_list(watcher, &members).await;
    for other in others.iter_mut().step_by(CLIENTS_EACH) {
        check_list(other, &members).await;
    }

    let mut node = Node::start(&broker, "d", &[]);
    let mut late = Client::connect(&node).await;
    late.join(ROOM).await;
    check_notice(watcher, "entered", &late.id).await;
    let begin = Instant::now();
    node.server.process.kill();
    check_notice(watcher, "exited", &late.id).await;
    let corrected = begin.elapsed();
    assert!(corrected < CORRECTED, "{corrected:?}");
    println!("right after {:.1} s", corrected.as_secs_f64());
    check_list(watcher, &members).await;

    for other in others.iter_mut().step_by(CLIENTS_EACH) {
        other.leave(ROOM).await;
        check_notice(watcher, "exited", &other.id).await;
    }
    check_list(watcher, &BTreeSet::from([watcher.id.clone()])).await;
}

async fn check_notice(watcher: &mut Client, kind: &str, client: &str) {
    let notice = watcher.receiver.answer(kind).await;
    assert_eq!(notice, json!({ "type": kind, "room": ROOM, "client": client }));
}

async fn check_list(client: &mut Client, members: &BTreeSet<String>) {
    let ask = async || {
        client.sender.send(&json!({ "type": "presence", "room": ROOM })).await;
        let presence = client.receiver.answer("presence").await;
        let listed = presence["members"].as_array().expect("a list");
        let ids = listed.iter().filter_map(|member| member["client"].as_str());
        (presence["clients"].as_u64(), ids.map(str::to_owned).collect::<BTreeSet<_>>())
    };
    let expected = (Some(members.len() as u64), members.clone());
    eventually(SOON, "the members of a room", expected, ask).await;
}
