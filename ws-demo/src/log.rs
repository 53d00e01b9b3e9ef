//! The log on standard error.

mod events;
mod queue;

use std::error::Error;
use std::io::{self, IsTerminal as _};
use std::panic;
use std::sync::Arc;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use crate::journal::Journal;
use queue::LogQueue;

/// Logged only if `--log` selects it.
const QUIET: &str = "async_nats=off";

/// The time for which the end of the program waits for the reader of the log.
const FINISH: Duration = Duration::from_secs(1);

/// The format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Lines of text
    Text,
    /// A JSON object on each line
    Json,
}

/// The log. When it is dropped, it waits up to a second until all lines are written.
pub(crate) struct Log {
    queue: LogQueue,
    format: Format,
    /// As it was set.
    filter: EnvFilter,
    /// The same with everything that the server logs.
    debug: EnvFilter,
    set_filter: Arc<dyn Fn(EnvFilter) + Send + Sync>,
}

impl Log {
    /// Starts to log what `filter` selects, such as `info` or `ws_demo=debug`.
    ///
    /// Logging never waits: a thread writes the lines, and those that do not fit into its queue are
    /// dropped and counted.
    ///
    /// # Errors
    ///
    /// The filter is invalid, or the thread cannot be started.
    pub(crate) fn install(filter: &str, format: Format) -> Result<Self, Box<dyn Error>> {
        // The engine logs once what the broker's library logs repeatedly.
        let parse = |filter: String| EnvFilter::builder().parse(filter);
        let debug = parse(format!("{QUIET},{filter},ws_demo=debug"));
        let filter = parse(format!("{QUIET},{filter}"))
            .map_err(|error| format!("--log or WS_DEMO_LOG: {error}"))?;
        let queue = LogQueue::start(output()?, report)?;
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter.clone())
            .with_target(false)
            .with_ansi(io::stderr().is_terminal())
            .with_writer(queue.clone())
            .log_internal_errors(false);
        let set_filter: Arc<dyn Fn(EnvFilter) + Send + Sync> = match format {
            Format::Text => {
                let subscriber = subscriber.with_filter_reloading();
                let handle = subscriber.reload_handle();
                subscriber.init();
                // It fails only if a thread has panicked within the subscriber.
                Arc::new(move |filter| drop(handle.reload(filter)))
            }
            Format::Json => {
                let subscriber = subscriber.json().flatten_event(true).with_filter_reloading();
                let handle = subscriber.reload_handle();
                subscriber.init();
                Arc::new(move |filter| drop(handle.reload(filter)))
            }
        };
        // The standard hook would wait for standard error.
        panic::set_hook(Box::new(|panic| {
            tracing::error!("[ws] {}", panic.to_string().replace('\n', " "));
        }));
        Ok(Self { queue, format, filter, debug: debug?, set_filter })
    }

    /// A function that switches between the filter and debug.
    pub(crate) fn switch(&self) -> impl FnMut() + Send + 'static {
        let Self { filter, debug, set_filter, .. } = self;
        let (filter, debug, set_filter) = (filter.clone(), debug.clone(), Arc::clone(set_filter));
        let mut is_debug = false;
        move || {
            is_debug = !is_debug;
            set_filter(if is_debug { debug.clone() } else { filter.clone() });
            let level = if is_debug { "debug" } else { "as it was set" };
            tracing::info!("[ws] the log is switched by SIGUSR2: {level}");
        }
    }

    /// The journal that writes to the log.
    pub(crate) fn journal(&self) -> Journal {
        let queue = self.queue.clone();
        let write = match self.format {
            Format::Text => events::text,
            Format::Json => events::fields,
        };
        Journal::new(write, move || queue.lost())
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.queue.finish(FINISH);
    }
}

/// Standard error without the lock of the standard library, which would be held for as long as a write
/// takes.
#[cfg(unix)]
fn output() -> io::Result<impl io::Write + Send> {
    use std::os::fd::AsFd as _;
    Ok(std::fs::File::from(io::stderr().as_fd().try_clone_to_owned()?))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
fn output() -> io::Result<impl io::Write + Send> {
    Ok(io::stderr())
}

fn report(dropped: u64) {
    tracing::warn!(dropped, "[ws] log lines dropped: the output did not accept them in time");
}
