//! A WebSocket server to run: welcome, echo, broadcast, and a page to try it.

mod args;
mod client;
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
mod script;
mod server;
mod shutdown;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Command, Serve};
use server::Server;

#[tokio::main]
async fn main() -> ExitCode {
    let ended = match Arguments::parse().into_command() {
        Command::Serve(serve) => run(*serve).await,
        Command::Script => script::play().await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ws-demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(serve: Serve) -> Result<(), Box<dyn Error>> {
    let journal = log::install()?;
    let stop = shutdown::requested()?;
    let server = Server::bind(&serve.listen, serve.settings(), journal).await?;
    server.run(stop).await;
    Ok(())
}
