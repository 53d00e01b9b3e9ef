//! The log on standard error.

use std::error::Error;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use tracing::Level;
use tracing_subscriber::EnvFilter;

use crate::notice::{Journal, Notice};

/// Logged only if `--log` selects it.
const QUIET: &str = "async_nats=off";

/// The format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Lines of text
    Text,
    /// A JSON object on each line
    Json,
}

/// Starts to log what `filter` selects, such as `info` or `ws_demo=debug`; returns the journal that
/// writes to it.
///
/// # Errors
///
/// The filter is invalid.
pub(crate) fn install(filter: &str, format: Format) -> Result<Journal, Box<dyn Error>> {
    // The engine logs once what the broker's library logs repeatedly.
    let filter = format!("{QUIET},{filter}");
    let filter = EnvFilter::builder()
        .parse(filter)
        .map_err(|error| format!("--log or WS_DEMO_LOG: {error}"))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        // A log whose reader is gone must not cause a panic.
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
