//! A WebSocket server to run: welcome, echo, broadcast, and a page to try it.

mod admission;
mod api;
mod api_access;
mod auth;
mod bearer;
mod broadcast;
mod certificate;
mod client;
mod command;
mod disconnect;
mod endpoint;
mod engine;
mod expiry;
mod history;
mod id;
mod identity;
mod journal;
mod listener;
mod log;
mod metrics;
mod nofile;
mod notice;
mod origin;
mod page;
mod presence;
mod protocol;
mod proxy;
mod rate;
mod refused;
mod room;
mod room_list;
mod routes;
mod server;
mod service;
mod signals;
mod supervisor;
mod throttle;

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;

use command::Arguments;

fn main() -> ExitCode {
    match Arguments::read().and_then(command::Command::run) {
        Ok(status) => status,
        // What reads the output has read enough, as `head -1` does.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            // The reader of standard error may be gone.
            let _ = writeln!(io::stderr(), "ws-demo: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
