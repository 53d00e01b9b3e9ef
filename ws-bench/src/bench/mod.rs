//! `bench`: load on a server, and what it makes of it.

mod chart;
mod churn;
mod client;
mod clock;
mod cpu;
mod ledger;
mod open;
mod output;
mod pacer;
mod plan;
mod progress;
mod reasons;
mod recorder;
mod report;
mod role;
mod run;
mod server;
mod shard;
mod sources;
mod stamp;
mod table;
mod tally;
mod walls;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;

use output::Output;
use plan::Plan;
use sources::Sources;
use ws_cli::{Target, duration, positive, stop_signal};

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
    target: Target,

    /// What the clients do
    #[arg(long, short, value_enum, default_value = "echo")]
    mode: Mode,

    /// How many clients there are
    #[arg(long, short, value_name = "COUNT", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    clients: u32,

    /// How many messages (churn: connections) a second there are in all. Without it, echo and churn
    /// go as fast as the server answers, and broadcast and rooms send 20
    #[arg(long, short, value_name = "PER SECOND", value_parser = rate)]
    rate: Option<f64>,

    /// How long is measured
    #[arg(long, short, value_name = "TIME", default_value = "10s", value_parser = positive)]
    duration: Duration,

    /// How long the load goes on before it is measured
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    warmup: Duration,

    /// The size of each message
    #[arg(long, short, value_name = "BYTES", default_value_t = 128)]
    size: usize,

    /// Sends binary messages (echo only)
    #[arg(long)]
    binary: bool,

    /// How many messages of a client's are on their way at once, without --rate (echo only)
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    depth: u32,

    /// How many clients broadcast, in each room [default: 1]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    senders: Option<u32>,

    /// How many rooms there are [default: 10]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    rooms: Option<u32>,

    /// How many threads the clients run on [default: half of the processors]
    #[arg(long, value_name = "COUNT")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,

    /// How many connections are opened a second, before the load
    #[arg(long, value_name = "PER SECOND", value_parser = rate)]
    connect_rate: Option<f64>,

    /// An address or a network (CIDR) of this machine to connect from; repeat it for more. Each
    /// address has ports of its own: --source 127.0.0.0/28 is 14 times as many
    #[arg(long = "source", value_name = "ADDRESS", value_parser = sources::network)]
    #[cfg_attr(unix, arg(conflicts_with = "unix_socket"))]
    sources: Vec<ipnet::IpNet>,

    /// How long to wait for what is still on its way at the end
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    drain: Duration,

    /// Writes the report as JSON; -: to standard output, instead of the table
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Draws the report as a picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// Fails if the 99th percentile of the latency is over this
    #[arg(long, value_name = "TIME", value_parser = positive)]
    fail_p99: Option<Duration>,

    /// Shows no progress
    #[arg(long, short)]
    quiet: bool,
}

impl Bench {
    /// Puts load on the server, and reports.
    ///
    /// # Errors
    ///
    /// When there is no server, this machine's limits do not allow so much, or the report cannot be
    /// written.
    pub async fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let plan = match Plan::new(&self) {
            Ok(plan) => plan,
            Err(mistake) => {
                eprintln!("error: {mistake}\n\nFor more information, try '--help'.");
                return Ok(ExitCode::from(2));
            }
        };
        let to_stdout = self.json.as_ref().is_some_and(|path| path.as_os_str() == "-");
        // Before the run: nobody wants to learn after it that its report is lost.
        let json = self.json.as_deref().filter(|_| !to_stdout).map(Output::create).transpose()?;
        let svg = self.svg.as_deref().map(Output::create).transpose()?;
        let stop = stop_signal()?;
        let report = run::run(&self, plan, stop).await?;
        let text = serde_json::to_string_pretty(&report)? + "\n";
        if let Some(json) = json {
            json.write(&text)?;
        }
        if let Some(svg) = svg {
            svg.write(&chart::draw(&report))?;
        }
        let shown = if to_stdout { text } else { table::lay_out(&report) };
        Output::stdout().write(&shown)?;
        Ok(ExitCode::from(report.status()))
    }

    fn sources(&self) -> Sources {
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
