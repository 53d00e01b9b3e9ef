//! A WebSocket server to run: welcome, echo, broadcast, and a page to try it.

mod client;
mod command;
mod http;
mod hub;
mod id;
mod log;
mod notice;
mod origin;
mod outbox;
mod page;
mod printable;
mod protocol;
mod remote;
mod server;
mod shutdown;

use std::process::ExitCode;

use clap::Parser as _;

use command::Arguments;

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().into_command().run().await {
        Ok(status) => status,
        Err(error) => {
            eprintln!("ws-demo: {error}");
            ExitCode::FAILURE
        }
    }
}
