//! Nodes of the demo server with a NATS broker: what clients receive, also when nodes and the broker end.

mod api;
mod broker;
mod client;
mod delivery;
mod joins;
mod loss;
mod node;
mod outage;
mod payload;
mod presence;

use crate::cluster::broker::Broker;
use crate::cluster::client::Client;
use crate::cluster::node::{Node, agree};

const CLIENTS_EACH: usize = 3;

/// A name with characters that are special to a broker, and some that URLs and logs must escape.
const ROOM: &str = "a.b *.> ü/🦀";

/// Three nodes, `a`, `b` and `c`, and the clients of each, in this order.
struct Cluster {
    broker: Broker,
    nodes: Vec<Node>,
    clients: Vec<Client>,
}

impl Cluster {
    async fn start() -> Self {
        let broker = Broker::start();
        let nodes = ["a", "b", "c"].map(|name| Node::start(&broker, name, &[])).into();
        let mut cluster = Self { broker, nodes, clients: Vec::new() };
        cluster.agree().await;
        for node in &cluster.nodes {
            for _ in 0..CLIENTS_EACH {
                cluster.clients.push(Client::connect(node).await);
            }
        }
        cluster.agree().await;
        cluster
    }

    /// Waits until each node has the others and the number of all clients.
    async fn agree(&self) {
        agree(&self.nodes, self.clients.len()).await;
    }

    /// All clients join the room.
    async fn join(&mut self) {
        for client in &mut self.clients {
            client.join(ROOM).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_welcome_has_the_clients_of_all_nodes() {
    let cluster = Cluster::start().await;
    let last = Client::connect(&cluster.nodes[0]).await;
    assert_eq!(last.welcomed_as, 10);
    drop(last);
    cluster.agree().await;
}
