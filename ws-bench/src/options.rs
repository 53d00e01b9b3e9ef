//! The options of a run.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::sources::{self, Sources};
use ws_cli::{Target, duration, positive, size};

const STATUS: &str = "\
With --rate, the latency of a message counts from the time when it was scheduled, not from when it was
sent: a stall of the server delays every message that was scheduled during it, and shows in each of
them. Without --rate, each reply triggers the next message, and latency is the time until the reply.

Times are numbers with a unit, such as 250ms or 1m 30s.

Exit status:
  0  no problem was found
  1  connections failed or were lost, messages were lost, or there was nothing to measure
  2  the command line is invalid
  3  the 99th percentile of the latency is over --fail-p99";

/// The load that the clients put on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// Each client sends messages, and the server returns each to its sender
    Echo,
    /// A few clients broadcast, and all others receive each message
    Broadcast,
    /// The same, with the clients in several rooms
    Rooms,
    /// Clients stay connected and send nothing
    Idle,
    /// Clients connect, close, and connect again
    Churn,
}

/// The options of a run, for a command line.
///
/// Parsed by itself ([`clap::Parser`]) or flattened into the options of another program:
///
/// ```
/// use clap::Parser;
///
/// #[derive(Parser)]
/// struct Arguments {
///     #[command(flatten)]
///     bench: ws_bench::Bench,
/// }
///
/// Arguments::parse_from(["bench", "ws://127.0.0.1:9001/ws", "--clients", "10"]);
/// ```
#[derive(Args, Clone, Debug)]
#[command(after_help = STATUS, mut_arg("proxy", |proxy| proxy.default_value("none")))]
pub struct Bench {
    #[command(flatten)]
    pub(crate) target: Target,

    /// Load that the clients put on the server
    #[arg(long, short, value_enum, default_value = "echo")]
    pub(crate) mode: Mode,

    /// Number of clients
    #[arg(long, short, value_name = "COUNT", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) clients: u32,

    /// Messages (churn: connections) a second of all clients together [default: echo and churn: as fast
    /// as the server answers; broadcast and rooms: 20]
    #[arg(long, short, value_name = "PER SECOND", value_parser = rate)]
    pub(crate) rate: Option<f64>,

    /// Length of the measurement
    #[arg(long, short, value_name = "TIME", default_value = "10s", value_parser = positive)]
    pub(crate) duration: Duration,

    /// Length of the load before the measurement
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) warmup: Duration,

    /// Size of each message, such as 128 or 64k
    #[arg(long, short, value_name = "BYTES", default_value = "128", value_parser = size)]
    pub(crate) size: usize,

    /// Send binary messages instead of text (echo only)
    #[arg(long)]
    pub(crate) binary: bool,

    /// Number of messages of each client that wait for a reply at the same time (echo without --rate
    /// only)
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) depth: u32,

    /// Number of clients that send, in each room (broadcast and rooms only) [default: 1]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) senders: Option<u32>,

    /// Number of rooms (rooms only) [default: 10]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rooms: Option<u32>,

    /// Number of threads that the clients run on [default: half of the processors]
    #[arg(long, value_name = "COUNT")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,

    /// Connections to open a second, before the load [default: no limit]
    #[arg(long, value_name = "PER SECOND", value_parser = rate)]
    pub(crate) connect_rate: Option<f64>,

    /// Address or network (CIDR) of this machine to connect from; may be repeated. Each address adds its
    /// own ports: 127.0.0.0/28 has 14 addresses [default: the system chooses]
    #[arg(long = "source", value_name = "ADDRESS", value_parser = sources::network)]
    #[cfg_attr(unix, arg(conflicts_with = "unix_socket"))]
    sources: Vec<ipnet::IpNet>,

    /// Time limit for messages that have not arrived at the end of the load
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub(crate) drain: Duration,

    /// File to write the report to, as JSON; '-' for standard output, instead of the table
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// File to draw the report to, as an SVG image
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,

    /// Exit with status 3 if the 99th percentile of the latency is over this time [default: no limit]
    #[arg(long, value_name = "TIME", value_parser = positive)]
    pub(crate) fail_p99: Option<Duration>,

    /// Do not show the progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

impl Bench {
    /// Returns the addresses that clients connect from.
    pub(crate) fn sources(&self) -> Sources {
        Sources::new(&self.sources)
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && (1e-3..=1e7).contains(&rate) => Ok(rate),
        Ok(_) => Err("must be 0.001 to 10000000 a second".to_owned()),
        Err(_) => Err("expected a number, such as 100 or 0.5".to_owned()),
    }
}
