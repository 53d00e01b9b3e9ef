use std::fmt::Debug;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;

use crate::cluster::broker::Broker;
use crate::http;
use crate::process::free_address;
use crate::server::{self, Server};

/// How long nodes may take to agree without disturbances.
pub(super) const SOON: Duration = Duration::from_secs(10);

/// A node: a server, and its answers to operators.
pub(super) struct Node {
    pub(super) name: &'static str,
    pub(super) server: Server,
    /// The address for operators and backends.
    pub(super) operators: SocketAddr,
}

impl Node {
    pub(super) fn start(broker: &Broker, name: &'static str, arguments: &[&str]) -> Self {
        let operators = free_address();
        let (engine, address) = (broker.url(), operators.to_string());
        let options = ["--engine", &engine, "--admin-listen", &address];
        let server = server::demo(&[&options, arguments].concat());
        Self { name, server, operators }
    }

    pub(super) fn is_ready(&self) -> bool {
        http::get(self.server.address, "/readyz").0 == 200
    }

    pub(super) fn stats(&self) -> Value {
        let (_, body) = http::get(self.operators, "/stats");
        serde_json::from_str(&body).expect("JSON")
    }

    pub(super) fn metric(&self, name: &str) -> u64 {
        let (_, body) = http::get(self.operators, "/metrics");
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        body.lines().find_map(value).unwrap_or_else(|| panic!("no metric {name}"))
    }

    /// Checks that the node reports neither dropped nor missing messages.
    pub(super) fn check_nothing_is_missing(&self) {
        for name in ["ws_engine_dropped_total", "ws_engine_gaps_total"] {
            assert_eq!(self.metric(name), 0, "{name} of node {}", self.name);
        }
    }

    /// Waits until the node has lost the broker, or has reached it again.
    pub(super) async fn wait_for_engine(&self, up: bool) {
        let metric = async || self.metric("ws_engine_up");
        eventually(SOON, self.name, u64::from(up), metric).await;
    }
}

/// Waits until each of these nodes has the others and the number of all clients; returns how long
/// that took.
pub(super) async fn agree(nodes: &[Node], clients: usize) -> Duration {
    let expected = vec![(Some(clients as u64), Some(nodes.len() as u64), true); nodes.len()];
    eventually(SOON, "(clients, nodes, up)", expected, async || {
        let stats = nodes.iter().map(Node::stats);
        stats
            .map(|stats| {
                (stats["clients"].as_u64(), stats["nodes"].as_u64(), stats["engine_up"] == true)
            })
            .collect()
    })
    .await
}

/// Repeats the query until the answer is the expected one; returns how long that took.
pub(super) async fn eventually<T: PartialEq + Debug>(
    limit: Duration,
    what: &str,
    expected: T,
    mut ask: impl AsyncFnMut() -> T,
) -> Duration {
    let begin = Instant::now();
    loop {
        let found = ask().await;
        if found == expected {
            return begin.elapsed();
        }
        assert!(begin.elapsed() < limit, "{what}: expected {expected:?}, found {found:?}");
        // A node notifies no client of a change of its counts.
        sleep(Duration::from_millis(20)).await;
    }
}
