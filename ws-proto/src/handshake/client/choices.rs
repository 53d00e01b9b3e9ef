//! The subprotocol and the extension that a server has chosen (RFC 6455 §4.1, RFC 7692 §7.1).

use alloc::string::String;

use super::error::ClientHandshakeErrorKind;
use crate::config::Config;
use crate::deflate::{Parameters, check_response};
use crate::handshake::headers::{EXTENSIONS, Headers, Single};

/// Checks the subprotocol; returns the extension.
pub(super) fn check(
    headers: &Headers,
    subprotocols: &[String],
    config: &Config,
) -> Result<Option<Parameters>, ClientHandshakeErrorKind> {
    match headers.single("sec-websocket-protocol") {
        Single::Absent => {}
        Single::Value(value) if subprotocols.iter().any(|offer| offer.as_bytes() == value) => {}
        _ => return Err(ClientHandshakeErrorKind::InvalidSubprotocol),
    }
    check_response(headers.get_all(EXTENSIONS), config)
}
