//! Error messages for failures to connect.

use ws_tokio::{ConnectError, HandshakeError};

use crate::printable::Printable;

/// How much is shown of the body of a refusal, in characters.
const SHOWN: usize = 200;

/// Describes the error in one line, with the first line of the body where the server refused.
pub fn describe_connect_error(error: &ConnectError) -> String {
    match error {
        ConnectError::Unreachable(unreachable) => match unreachable.attempts() {
            // A single address adds nothing to the URL of the command line.
            [(_address, error)] => error.to_string(),
            _ => unreachable.to_string(),
        },
        ConnectError::Tls(error) => format!("TLS: {error}"),
        ConnectError::Handshake(refusal @ HandshakeError::Refused(response)) => {
            let body = String::from_utf8_lossy(response.body());
            let hint = body.lines().next().unwrap_or_default();
            match hint.is_empty() || hint.starts_with('<') {
                true => refusal.to_string(),
                false => format!("{refusal}: {}", Printable::new(hint, SHOWN)),
            }
        }
        error => error.to_string(),
    }
}
