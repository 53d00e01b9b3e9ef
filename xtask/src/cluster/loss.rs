use core::time::Duration;
use std::time::Instant;

use crate::cluster::client::Client;
use crate::cluster::node::{Node, SOON, agree, agree_within, eventually};
use crate::cluster::{ROOM, passed};
use crate::failure::{Context as _, Result, bail};

/// How soon the others must have seen that a node is gone without a word.
const CORRECTED: Duration = Duration::from_secs(7);

/// How soon they must have seen it when it said so: before they could miss a report.
const AT_ONCE: Duration = Duration::from_millis(1500);

/// Kills the last node; gives the clients that are left.
pub(super) async fn killed(nodes: &mut Vec<Node>, mut clients: Vec<Client>) -> Result<Vec<Client>> {
    check_members(&mut clients).await?;
    let Some(mut node) = nodes.pop() else { bail!("there is no node") };
    node.demo.process.kill();
    let begin = Instant::now();
    node.demo.process.finish(SOON)?;
    clients.retain(|client| client.node != node.name);
    agree_within(nodes, clients.len(), CORRECTED.saturating_sub(begin.elapsed())).await?;
    let corrected = begin.elapsed();
    check_members(&mut clients).await?;
    let seconds = corrected.as_secs_f64();
    passed("the counts after a node was killed", format_args!("right after {seconds:.1} s"));
    Ok(clients)
}

/// Stops the last node as an operator does.
pub(super) async fn stopped(nodes: &mut Vec<Node>, mut clients: Vec<Client>) -> Result {
    let Some(node) = nodes.pop() else { bail!("there is no node") };
    clients.retain(|client| client.node != node.name);
    agree_without(&node, nodes, clients.len()).await?;
    let said = node.demo.stopped()?;
    if !said.contains("Bye: ") {
        bail!("the node that was stopped did not say so: {said}");
    }
    Ok(())
}

/// Its clients are gone already, so that it has none to wait for.
async fn agree_without(node: &Node, nodes: &[Node], clients: usize) -> Result {
    let here = async || Ok(node.stats().await?["clients_here"].as_u64());
    eventually(SOON, "the number of clients that are left", Some(0), here).await?;
    node.demo.process.terminate();
    let time = agree(nodes, clients).await?;
    if time > AT_ONCE {
        bail!("the others saw a node's end after {} ms", time.as_millis());
    }
    passed("a node that is stopped says so", format_args!("seen after {} ms", time.as_millis()));
    Ok(())
}

/// All clients are in the room, and each node reports so.
async fn check_members(clients: &mut [Client]) -> Result {
    let expected = clients.len() as u64;
    for client in clients {
        let members = async || client.members(ROOM).await;
        eventually(SOON, "the members of a room", expected, members).await.context(client.node)?;
    }
    Ok(())
}
