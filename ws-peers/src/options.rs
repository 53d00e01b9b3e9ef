//! The arguments of both programs.

use clap::{Args, Parser, ValueEnum};
use ws_futures::{Config, Deflate, Delivery};

/// An echo server.
#[derive(Debug, Parser)]
pub struct Server {
    /// Address to listen on, such as 127.0.0.1:9001
    pub(crate) address: String,
    /// Runtime to run on
    #[arg(long, value_enum, default_value_t = ServerRuntime::Tokio)]
    pub(crate) runtime: ServerRuntime,
    /// Number of threads to run on
    #[arg(long, default_value_t = 1)]
    pub(crate) threads: usize,
    /// Send back each part of a message as it arrives
    #[arg(long)]
    chunked: bool,
    #[command(flatten)]
    common: Common,
}

/// An echo client for the conformance suite.
#[derive(Debug, Parser)]
pub struct Client {
    /// URL of the suite
    url: String,
    /// Name of this client in the reports
    agent: String,
    /// Number of cases
    cases: u32,
    /// Runtime to run on
    #[arg(long, value_enum, default_value_t = ClientRuntime::Tokio)]
    pub(crate) runtime: ClientRuntime,
    #[command(flatten)]
    common: Common,
}

/// What servers run on.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ServerRuntime {
    /// `ws-async-std`
    AsyncStd,
    /// axum with the extractor of `ws-tokio`
    Axum,
    /// `ws-futures` with the runtime of its examples
    Smol,
    /// `ws-tokio`
    Tokio,
}

/// What clients run on.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ClientRuntime {
    /// `ws-async-std`
    AsyncStd,
    /// `ws-futures` with the timer of its examples
    Smol,
    /// `ws-tokio`
    Tokio,
}

#[derive(Args, Debug)]
struct Common {
    /// Largest message and frame to accept, in bytes
    #[arg(long, value_name = "BYTES")]
    max_message: Option<usize>,
    /// Negotiate permessage-deflate
    #[arg(long)]
    deflate: bool,
}

impl Server {
    pub(crate) fn config(&self) -> Config {
        let delivery = if self.chunked { Delivery::Chunked } else { Delivery::Whole };
        Config { delivery, ..self.common.config() }
    }
}

impl Client {
    pub(crate) fn config(&self) -> Config {
        self.common.config()
    }

    /// The address of each case, in order.
    pub(crate) fn cases(&self) -> impl Iterator<Item = String> + '_ {
        let Self { url, agent, cases, .. } = self;
        (1..=*cases).map(move |case| format!("{url}/runCase?case={case}&agent={agent}"))
    }
}

impl Common {
    fn config(&self) -> Config {
        let mut config = Config::default();
        if let Some(size) = self.max_message {
            config.incoming.max_message_size = size;
            config.incoming.max_frame_size = size;
        }
        config.deflate = self.deflate.then(Deflate::default);
        config
    }
}
