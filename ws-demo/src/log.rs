//! The log on standard error.

use std::error::Error;
use std::io::{self, IsTerminal as _};
use std::sync::Arc;

use tracing::Level;
use tracing_subscriber::EnvFilter;

use crate::notice::{Journal, Notice};

/// What is logged, as in `info` or `ws_demo=debug`.
const FILTER: &str = "WS_DEMO_LOG";

/// Begins to log; returns the journal that leads there.
pub(crate) fn install() -> Result<Journal, Box<dyn Error>> {
    let filter = match std::env::var(FILTER) {
        Ok(filter) => {
            EnvFilter::builder().parse(filter).map_err(|error| format!("{FILTER}: {error}"))?
        }
        Err(_) => EnvFilter::new("info"),
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        // When nobody reads the log any more, that is no reason to panic over it.
        .log_internal_errors(false)
        .init();
    Ok(Arc::new(log))
}

fn log(notice: &Notice<'_>) {
    match notice.level() {
        Level::DEBUG => tracing::debug!("{notice}"),
        _ => tracing::info!("{notice}"),
    }
}
