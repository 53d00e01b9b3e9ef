//! The log on standard error.

use std::error::Error;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use tracing::Level;
use tracing_subscriber::EnvFilter;

use crate::notice::{Journal, Notice};

/// What is logged only when it is asked for.
const QUIET: &str = "async_nats=off";

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// An object on each line
    Json,
}

/// Begins to log what `filter` lets through, as in `info` or `ws_demo=debug`; returns the journal
/// that leads there.
///
/// # Errors
///
/// The filter makes no sense.
pub(crate) fn install(filter: &str, format: Format) -> Result<Journal, Box<dyn Error>> {
    // What the broker's library tells, and tells again, is told here once; who wants more asks for it.
    let filter = format!("{QUIET},{filter}");
    let filter = EnvFilter::builder()
        .parse(filter)
        .map_err(|error| format!("--log or WS_DEMO_LOG: {error}"))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        // When nobody reads the log any more, that is no reason to panic over it.
        .log_internal_errors(false);
    match format {
        Format::Text => subscriber.init(),
        Format::Json => subscriber.json().flatten_event(true).init(),
    }
    Ok(Arc::new(log))
}

fn log(notice: &Notice<'_>) {
    match notice.level() {
        Level::DEBUG => tracing::debug!("{notice}"),
        _ => tracing::info!("{notice}"),
    }
}
