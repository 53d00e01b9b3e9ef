//! Times on the command line.

use std::time::Duration;

/// A time that clocks can be counted on to express.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    match humantime::parse_duration(text) {
        Ok(duration) if duration > YEAR => Err("expected a year at most".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(error.to_string()),
    }
}

/// The same, and not zero.
pub(crate) fn positive(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("expected more than no time at all".to_owned()),
        positive => Ok(positive),
    }
}
