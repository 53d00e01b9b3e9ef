//! Error messages for failures to connect.

use ws_tokio::client::ClientHandshakeErrorKind;
use ws_tokio::{ConnectError, HandshakeError, TlsErrorKind};

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
        ConnectError::Tls(error) if error.kind() == TlsErrorKind::NotTls => {
            "the server does not use TLS on this port: use ws:// or http://".to_owned()
        }
        ConnectError::Tls(error) => format!("TLS: {error}"),
        ConnectError::Handshake(HandshakeError::Response(error))
            if error.kind() == ClientHandshakeErrorKind::TlsAlert =>
        {
            "the server expects TLS on this port: use wss:// or https://".to_owned()
        }
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
