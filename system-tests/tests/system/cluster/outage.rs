use serde_json::json;

use crate::cluster::client::Client;
use crate::cluster::node::{Node, agree};
use crate::cluster::{Cluster, ROOM};

const OTHER_ROOM: &str = "joined while the broker was away";

#[tokio::test(flavor = "multi_thread")]
async fn nodes_serve_without_the_broker_and_are_connected_when_it_is_back() {
    let Cluster { mut broker, mut nodes, mut clients } = Cluster::start().await;
    nodes.push(Node::start(&broker, "d", &["--engine-required"]));
    agree(&nodes, clients.len()).await;
    for client in clients.iter_mut().filter(|client| client.node != "c") {
        client.join(ROOM).await;
    }

    broker.kill();
    for node in &nodes {
        node.wait_for_engine(false).await;
    }
    assert!(nodes[0].is_ready() && !nodes[3].is_ready(), "only `d` requires its engine");
    let mut here: Vec<_> = clients.iter_mut().filter(|client| client.node == "a").collect();
    broadcast(&mut here, None).await;
    broadcast(&mut here, Some(ROOM)).await;
    for client in &mut here {
        client.join(OTHER_ROOM).await;
    }
    broadcast(&mut here, Some(OTHER_ROOM)).await;
    nodes.push(Node::start(&broker, "e", &[]));
    let mut late = Client::connect(&nodes[4]).await;
    assert_eq!(late.welcomed_as, 1);
    late.join(OTHER_ROOM).await;

    broker.restart("");
    clients.push(late);
    let time = agree(&nodes, clients.len()).await;
    println!("all nodes agree after {:.1} s", time.as_secs_f64());
    // Messages to rooms that were joined before, or meanwhile, reach all clients again.
    for (room, members) in [(None, "abce"), (Some(ROOM), "ab"), (Some(OTHER_ROOM), "ae")] {
        let members = clients.iter_mut().filter(|client| members.contains(client.node));
        broadcast(&mut members.collect::<Vec<_>>(), room).await;
    }
    assert_eq!(nodes[0].metric("ws_engine_dropped_total"), 3, "broadcasts without the broker");
    assert!(nodes[3].is_ready(), "a node that requires its engine is ready with it");
    let first = nodes.swap_remove(0);
    first.server.process.terminate();
    check_log(&first.server.process.stopped());
}

/// The first client sends; the others must receive the message next.
async fn broadcast(clients: &mut [&mut Client], room: Option<&str>) {
    let (sender, others) = clients.split_first_mut().expect("clients");
    sender.sender.broadcast(room, &json!("text")).await;
    for client in others {
        client.receiver.expect(&sender.id, room, &json!("text")).await;
    }
}

/// The engine's state was reported once for each change.
fn check_log(log: &str) {
    let count = |part: &str| log.lines().filter(|line| line.contains(part)).count();
    let found = ["cannot be reached", "engine: connected to", "async_nats"].map(count);
    assert_eq!(found, [1, 2, 0], "{log}");
}
