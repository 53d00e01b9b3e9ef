use std::path::Path;
use std::time::Instant;

use serde_json::json;

use crate::cluster::broker::Broker;
use crate::cluster::client::Client;
use crate::cluster::node::{Node, SOON, agree, eventually};
use crate::cluster::{ROOM, passed};
use crate::failure::{Context as _, Result, bail};

const OTHER_ROOM: &str = "joined while the broker was away";

/// Kills the broker and restarts it. The first two nodes have clients in the room; the third one
/// requires its engine. Returns a client of a node that was started meanwhile.
pub(super) async fn run(
    broker: &mut Broker,
    nodes: &mut Vec<Node>,
    clients: &mut [Client],
    program: &Path,
) -> Result<Client> {
    broker.kill()?;
    for node in &*nodes {
        wait_for_engine(node, 0).await?;
    }
    let ready = [nodes[0].get("/readyz").await?.0, nodes[2].get("/readyz").await?.0];
    if ready != [200, 503] {
        bail!("without the broker /readyz returned {ready:?}");
    }
    let mut here = neighbours(clients);
    for room in [None, Some(ROOM)] {
        tell(&mut here, room, "local").await?;
    }
    for client in &mut here {
        client.join(OTHER_ROOM).await?;
    }
    tell(&mut here, Some(OTHER_ROOM), "local").await?;
    nodes.push(Node::start(program, broker, "e", &[])?);
    let mut late = Client::connect(&nodes[3]).await?;
    late.welcomed_as(1)?;
    late.join(OTHER_ROOM).await?;
    passed("without the broker", "clients stay, talk on their node, join; new nodes start");

    let begin = Instant::now();
    broker.come_back("")?;
    agree(nodes, clients.len() + 1).await?;
    let recovered = begin.elapsed();
    let first = clients[0].id.clone();
    // Messages to rooms that were joined before, or meanwhile, reach all clients again.
    for room in [None, Some(ROOM), Some(OTHER_ROOM)] {
        clients[0].speaker.broadcast(room, &json!("everywhere")).await?;
        let others = clients[1..].iter_mut().chain([&mut late]);
        for client in others {
            let is_member = match room {
                None => true,
                Some(ROOM) => client.node == "a" || client.node == "b",
                Some(_) => client.node == "a" || client.node == "e",
            };
            if is_member {
                client.listener.expect(&first, room, &json!("everywhere")).await?;
            }
        }
    }
    let dropped = nodes[0].metric("ws_engine_dropped_total").await?;
    if dropped != 3 {
        bail!("3 broadcasts were not forwarded, but {dropped} are counted");
    }
    if nodes[2].get("/readyz").await?.0 != 200 {
        bail!("a node that requires its engine is not ready with it");
    }
    passed(
        "the broker is back",
        format_args!("all agree after {:.1} s, all rooms reach all nodes", recovered.as_secs_f64()),
    );
    Ok(late)
}

/// The engine's state was reported once for each change.
pub(super) fn check_log(nodes: Vec<Node>) -> Result {
    let Some(node) = nodes.into_iter().next() else { bail!("there is no node") };
    node.demo.process.terminate();
    let log = node.demo.stopped()?;
    let count = |part: &str| log.lines().filter(|line| line.contains(part)).count();
    let seen = (count("cannot be reached"), count("engine: connected to"), count("async_nats"));
    if seen != (2, 3, 0) {
        bail!("the broker was down twice, but the logged lines are {seen:?}:\n{log}");
    }
    passed("the log", "one line when the broker is lost, one when it is back");
    Ok(())
}

/// The clients of the first node.
fn neighbours(clients: &mut [Client]) -> Vec<&mut Client> {
    clients.iter_mut().filter(|client| client.node == "a").collect()
}

async fn tell(clients: &mut [&mut Client], room: Option<&str>, message: &str) -> Result {
    let from = clients[0].id.clone();
    clients[0].speaker.broadcast(room, &json!(message)).await?;
    for client in &mut clients[1..] {
        client.listener.expect(&from, room, &json!(message)).await?;
    }
    Ok(())
}

pub(super) async fn wait_for_engine(node: &Node, up: u64) -> Result {
    let metric = async || node.metric("ws_engine_up").await;
    eventually(SOON, "ws_engine_up", up, metric).await.context(node.name)?;
    Ok(())
}
