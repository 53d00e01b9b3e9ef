//! A load tool for WebSocket servers.

use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Builder;
use ws_bench::Bench;

/// Puts load on a WebSocket server, and reports latency and lost messages
#[derive(Debug, Parser)]
#[command(name = "ws-bench", version)]
struct Arguments {
    #[command(flatten)]
    bench: Bench,
}

fn main() -> ExitCode {
    let Arguments { bench } = Arguments::parse();
    let run = || Builder::new_multi_thread().enable_all().build()?.block_on(bench.run());
    match run() {
        Ok(status) => status,
        Err(error) => {
            eprintln!("ws-bench: {error}");
            ExitCode::FAILURE
        }
    }
}
