mod broker;
mod client;
mod delivery;
mod joins;
mod loss;
mod node;
mod outage;
mod payload;

use std::time::Instant;

use tokio::runtime::Builder;

use crate::cluster::broker::Broker;
use crate::cluster::client::Client;
use crate::cluster::node::{Node, agree};
use crate::failure::Result;
use crate::outcome::Outcome;
use crate::{demo, note, packages};

const CLIENTS_EACH: usize = 3;

/// A name with characters that are special to a broker, and some that URLs and logs must escape.
const ROOM: &str = "a.b *.> ü/🦀";

pub(crate) fn run() -> Result<Outcome> {
    let nats = packages::program("nats-server", "nats-server")?;
    let program = demo::build()?;
    Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let begin = Instant::now();
        let mut broker = Broker::start(&nats)?;
        let mut nodes = Vec::new();
        for name in ["a", "b", "c"] {
            nodes.push(Node::start(&program, &broker, name, &[])?);
        }
        agree(&nodes, 0).await?;
        let mut clients = Vec::new();
        for node in &nodes {
            for _ in 0..CLIENTS_EACH {
                clients.push(Client::connect(node).await?);
            }
        }
        agree(&nodes, clients.len()).await?;
        let last = Client::connect(&nodes[0]).await?;
        passed("the welcome has the clients of all nodes", last.welcomed_as(10)?);
        drop(last);
        agree(&nodes, clients.len()).await?;

        let mut clients = delivery::run(clients).await?;
        joins::run(&mut clients).await?;
        for node in &nodes {
            node.check_nothing_is_missing().await?;
        }
        let mut clients = loss::killed(&mut nodes, clients).await?;
        nodes.push(Node::start(&program, &broker, "d", &["--engine-required"])?);
        clients.push(Client::connect(&nodes[2]).await?);
        agree(&nodes, clients.len()).await?;
        let late = outage::run(&mut broker, &mut nodes, &mut clients, &program).await?;
        clients.push(late);
        payload::run(&mut broker, &nodes, &mut clients).await?;
        loss::stopped(&mut nodes, clients).await?;
        outage::check_log(nodes)?;
        note::print(&format!("three nodes, all checks, in {:.1} s", begin.elapsed().as_secs_f64()));
        Ok(Outcome::Passed)
    })
}

fn passed(what: &str, seen: impl core::fmt::Display) {
    println!("ok     {what}: {seen}");
}
