use core::time::Duration;
use std::time::Instant;

use crate::cluster::client::Client;
use crate::cluster::node::{Node, SOON, agree, agree_within, eventually};
use crate::cluster::{ROOM, passed};
use crate::failure::{Context as _, Result, bail};

/// The time limit for the others to detect that a node is gone without notice.
const CORRECTED: Duration = Duration::from_secs(7);

/// The time limit for the others to detect a node that announced its end: less than a missed report
/// takes.
const AT_ONCE: Duration = Duration::from_millis(1500);

/// Kills the last node; returns the remaining clients.
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
        bail!("the node that was stopped did not announce it: {said}");
    }
    Ok(())
}

/// Its clients have left already, so that it has none to wait for.
async fn agree_without(node: &Node, nodes: &[Node], clients: usize) -> Result {
    let here = async || Ok(node.stats().await?["clients_here"].as_u64());
    eventually(SOON, "the number of remaining clients", Some(0), here).await?;
    node.demo.process.terminate();
    let time = agree(nodes, clients).await?;
    if time > AT_ONCE {
        bail!("the others detected a node's end after {} ms", time.as_millis());
    }
    passed("a stopped node announces it", format_args!("detected after {} ms", time.as_millis()));
    Ok(())
}

/// All clients are in the room, and each node reports it.
async fn check_members(clients: &mut [Client]) -> Result {
    let expected = clients.len() as u64;
    for client in clients {
        let members = async || client.members(ROOM).await;
        eventually(SOON, "the members of a room", expected, members).await.context(client.node)?;
    }
    Ok(())
}
