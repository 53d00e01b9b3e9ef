use std::time::{Duration, Instant};

use crate::cluster::client::Client;
use crate::cluster::node::{SOON, agree, eventually};
use crate::cluster::{Cluster, ROOM};

/// The time limit for the others to detect that a node is gone without notice.
const CORRECTED: Duration = Duration::from_secs(7);

/// The time limit for the others to detect a node that announced its end: less than a missed report
/// takes.
const AT_ONCE: Duration = Duration::from_millis(1500);

#[tokio::test(flavor = "multi_thread")]
async fn the_counts_are_right_after_a_node_was_killed() {
    let mut cluster = Cluster::start().await;
    cluster.join().await;
    check_members(&mut cluster.clients).await;
    let mut node = cluster.nodes.pop().expect("a node");
    let begin = Instant::now();
    node.server.process.kill();
    cluster.clients.retain(|client| client.node != node.name);
    cluster.agree().await;
    let corrected = begin.elapsed();
    assert!(corrected < CORRECTED, "{corrected:?}");
    println!("right after {:.1} s", corrected.as_secs_f64());
    check_members(&mut cluster.clients).await;
}

/// Its clients have left already, so that it has none to wait for.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_stopped_announces_it() {
    let Cluster { broker: _broker, mut nodes, mut clients } = Cluster::start().await;
    let node = nodes.pop().expect("a node");
    clients.retain(|client| client.node != node.name);
    let here = async || node.stats()["clients_here"].as_u64();
    eventually(SOON, "remaining clients", Some(0), here).await;
    node.server.process.terminate();
    let time = agree(&nodes, clients.len()).await;
    assert!(time < AT_ONCE, "detected after {time:?}");
    println!("detected after {} ms", time.as_millis());
    let log = node.server.process.stopped();
    assert!(log.contains("Bye: "), "{log}");
}

/// All clients are in the room, and each node reports it.
async fn check_members(clients: &mut [Client]) {
    let expected = clients.len() as u64;
    for client in clients {
        eventually(SOON, client.node, expected, async || client.members(ROOM).await).await;
    }
}
