//! Times as values of options.

use std::time::Duration;

/// Parses a time such as `250ms` or `1m 30s`, up to a year, which every clock can represent.
///
/// # Errors
///
/// The message for the user.
pub fn duration(text: &str) -> Result<Duration, String> {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    match humantime::parse_duration(text) {
        Ok(duration) if duration > YEAR => Err("must be at most a year".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(error.to_string()),
    }
}

/// Parses a time as [`duration`] does, and rejects zero.
///
/// # Errors
///
/// The message for the user.
pub fn positive(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be more than zero".to_owned()),
        positive => Ok(positive),
    }
}
