use core::fmt::Debug;
use core::time::Duration;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::cluster::broker::Broker;
use crate::demo::Demo;
use crate::failure::{Context as _, Result, bail};

/// How long nodes may take to agree without disturbances.
pub(super) const SOON: Duration = Duration::from_secs(10);

/// A node: a server, and its answers to operators.
pub(super) struct Node {
    pub(super) name: &'static str,
    pub(super) demo: Demo,
}

impl Node {
    pub(super) fn start(
        program: &Path,
        broker: &Broker,
        name: &'static str,
        arguments: &[&str],
    ) -> Result<Self> {
        let url = broker.url();
        let arguments = [&["--engine", &url], arguments].concat();
        Ok(Self { name, demo: Demo::start(program, &arguments, &format!("cluster-{name}"))? })
    }

    /// Returns the status and the body of a resource.
    pub(super) async fn get(&self, path: &str) -> Result<(u16, String)> {
        let mut response = String::new();
        let exchange = async {
            let mut stream = TcpStream::connect(self.demo.address).await?;
            let request = format!("GET {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            stream.read_to_string(&mut response).await
        };
        timeout(SOON, exchange).await.context(format_args!("{}{path}", self.name))??;
        let (head, body) = response.split_once("\r\n\r\n").context("the response has no end")?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok((status.context(format_args!("no status: {head}"))?, body.to_owned()))
    }

    pub(super) async fn stats(&self) -> Result<Value> {
        let (_, body) = self.get("/stats").await?;
        serde_json::from_str(&body).context("/stats")
    }

    /// Returns a value of the metrics.
    pub(super) async fn metric(&self, name: &str) -> Result<u64> {
        let (_, body) = self.get("/metrics").await?;
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        body.lines().find_map(value).context(format_args!("no metric {name}"))
    }

    /// Checks that the node reports neither dropped nor missing messages.
    pub(super) async fn check_nothing_is_missing(&self) -> Result {
        for name in ["ws_engine_dropped_total", "ws_engine_gaps_total"] {
            let count = self.metric(name).await?;
            if count != 0 {
                bail!("{name} of node {} is {count}", self.name);
            }
        }
        Ok(())
    }
}

/// Waits until each of these nodes has the others and the number of all clients; returns how long
/// that took.
pub(super) async fn agree(nodes: &[Node], clients: usize) -> Result<Duration> {
    agree_within(nodes, clients, SOON).await
}

pub(super) async fn agree_within(
    nodes: &[Node],
    clients: usize,
    limit: Duration,
) -> Result<Duration> {
    let expected = (Some(clients as u64), Some(nodes.len() as u64), true);
    let expected = vec![expected; nodes.len()];
    eventually(limit, "(clients, nodes, up)", expected, async || {
        let mut seen = Vec::new();
        for node in nodes {
            let stats = node.stats().await?;
            let up = stats["engine_up"] == true;
            seen.push((stats["clients"].as_u64(), stats["nodes"].as_u64(), up));
        }
        Ok(seen)
    })
    .await
}

/// Repeats the query until the answer is the expected one; returns how long that took.
pub(super) async fn eventually<T: PartialEq + Debug>(
    limit: Duration,
    what: &str,
    expected: T,
    mut ask: impl AsyncFnMut() -> Result<T>,
) -> Result<Duration> {
    let begin = Instant::now();
    loop {
        let seen = ask().await?;
        if seen == expected {
            return Ok(begin.elapsed());
        }
        if begin.elapsed() > limit {
            bail!("{what}: expected {expected:?}, found {seen:?}");
        }
        // A node notifies no client of a change of its counts.
        sleep(Duration::from_millis(20)).await;
    }
}
