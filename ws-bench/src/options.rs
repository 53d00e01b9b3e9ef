//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::sources::{self, Sources};
use ws_cli::{Target, duration, positive};

const STATUS: &str = "\
Latency counts from the moment when a message was due, not from when it could be sent at last: a
server that stalls is not spared the messages that it kept from being sent. Without --rate there is
no such moment (each reply lets the next message go), and latency is the time to the reply.

Exit status:
  0  all is well
  1  connections failed or were lost, messages were lost, or there was nothing to measure
  2  the command line is wrong
  3  the 99th percentile is over --fail-p99";

/// What the clients do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// Each client sends, and gets back what it sent
    Echo,
    /// A few clients broadcast, and all others get it
    Broadcast,
    /// The same in rooms of their own
    Rooms,
    /// Clients are connected and say nothing
    Idle,
    /// Clients connect, leave, and connect again
    Churn,
}

/// What `bench` can be told.
#[derive(Args, Clone, Debug)]
#[command(after_help = STATUS, mut_arg("proxy", |proxy| proxy.default_value("none")))]
pub struct Bench {
    #[command(flatten)]
    pub(crate) target: Target,

    /// What the clients do
    #[arg(long, short, value_enum, default_value = "echo")]
    pub(crate) mode: Mode,

    /// How many clients there are
    #[arg(long, short, value_name = "COUNT", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) clients: u32,

    /// How many messages (churn: connections) a second there are in all. Without it, echo and churn
    /// go as fast as the server answers, and broadcast and rooms send 20
    #[arg(long, short, value_name = "PER SECOND", value_parser = rate)]
    pub(crate) rate: Option<f64>,

    /// How long is measured
    #[arg(long, short, value_name = "TIME", default_value = "10s", value_parser = positive)]
    pub(crate) duration: Duration,

    /// How long the load goes on before it is measured
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) warmup: Duration,

    /// The size of each message
    #[arg(long, short, value_name = "BYTES", default_value_t = 128)]
    pub(crate) size: usize,

    /// Sends binary messages (echo only)
    #[arg(long)]
    pub(crate) binary: bool,

    /// How many messages of a client's are on their way at once, without --rate (echo only)
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) depth: u32,

    /// How many clients broadcast, in each room [default: 1]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) senders: Option<u32>,

    /// How many rooms there are [default: 10]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rooms: Option<u32>,

    /// How many threads the clients run on [default: half of the processors]
    #[arg(long, value_name = "COUNT")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,

    /// How many connections are opened a second, before the load
    #[arg(long, value_name = "PER SECOND", value_parser = rate)]
    pub(crate) connect_rate: Option<f64>,

    /// An address or a network (CIDR) of this machine to connect from; repeat it for more. Each
    /// address has ports of its own: --source 127.0.0.0/28 is 14 times as many
    #[arg(long = "source", value_name = "ADDRESS", value_parser = sources::network)]
    #[cfg_attr(unix, arg(conflicts_with = "unix_socket"))]
    sources: Vec<ipnet::IpNet>,

    /// How long to wait for what is still on its way at the end
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub(crate) drain: Duration,

    /// Writes the report as JSON; -: to standard output, instead of the table
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Draws the report as a picture
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// Fails if the 99th percentile of the latency is over this
    #[arg(long, value_name = "TIME", value_parser = positive)]
    pub(crate) fail_p99: Option<Duration>,

    /// Shows no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl Bench {
    /// The addresses that clients connect from.
    pub(crate) fn sources(&self) -> Sources {
        Sources::new(&self.sources)
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && (1e-3..=1e7).contains(&rate) => Ok(rate),
        Ok(_) => Err("expected 0.001 to 10000000 a second".to_owned()),
        Err(_) => Err("expected a number, such as 100 or 0.5".to_owned()),
    }
}
