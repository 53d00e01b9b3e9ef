use serde_json::json;

use crate::cluster::broker::Broker;
use crate::cluster::client::Client;
use crate::cluster::node::{Node, agree};
use crate::cluster::outage::wait_for_engine;
use crate::cluster::passed;
use crate::failure::{Result, bail};

const MAX_PAYLOAD: usize = 64 * 1024;

/// A broker whose limit is lower than the server's: a message over it is refused, not lost.
pub(super) async fn run(broker: &mut Broker, nodes: &[Node], clients: &mut [Client]) -> Result {
    broker.kill()?;
    for node in nodes {
        wait_for_engine(node, 0).await?;
    }
    broker.come_back(&format!("max_payload: {MAX_PAYLOAD}"))?;
    agree(nodes, clients.len()).await?;
    let Some((sender, others)) = clients.split_first_mut() else { bail!("there are no clients") };
    let largest = json!("x".repeat(MAX_PAYLOAD - 30 - 2));
    let too_large = json!("x".repeat(MAX_PAYLOAD - 30 - 1));
    sender.speaker.broadcast(None, &too_large).await?;
    let error = sender.listener.answer("error").await?;
    if error["code"] != "too_large" {
        bail!("a message over the broker's limit was answered by {error}");
    }
    sender.speaker.broadcast(None, &largest).await?;
    // The second message must arrive first, also at the clients of the sender's node.
    for client in others {
        if client.listener.hear().await?["message"] != largest {
            bail!("a client of {} did not receive the largest message first", client.node);
        }
    }
    passed("max_payload", "the largest message reaches all, a larger one is refused");
    Ok(())
}
