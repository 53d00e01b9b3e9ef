//! The method CONNECT (RFC 9110 §9.3.6).

use alloc::format;
use alloc::vec::Vec;

use super::TunnelProgress;
use super::destination::Destination;
use super::error::{TunnelError, TunnelErrorKind};
use crate::credentials::Credentials;
use crate::handshake::Headers;
use crate::handshake::head::{HeadBuffer, HeadError, HeadLimits};

/// As for the server's own response, and as in most HTTP clients.
const LIMITS: HeadLimits = HeadLimits { bytes: 16 * 1024, headers: 100 };

#[derive(Debug)]
pub(super) struct HttpConnect {
    /// Whether a user name and a password were sent.
    authorized: bool,
    head: HeadBuffer,
    /// Bytes of interim responses, which share the limit of the final one's head.
    interim: usize,
}

impl HttpConnect {
    pub(super) fn new(
        destination: &Destination,
        credentials: Option<Credentials>,
        out: &mut Vec<u8>,
    ) -> Self {
        let mut headers = Headers::new();
        headers.push_valid("Host", format!("{destination}"));
        if let Some(credentials) = &credentials {
            headers.push_valid("Proxy-Authorization", credentials.basic());
        }
        out.extend_from_slice(format!("CONNECT {destination} HTTP/1.1\r\n").as_bytes());
        headers.write(out);
        Self { authorized: credentials.is_some(), head: HeadBuffer::response(), interim: 0 }
    }

    pub(super) fn receive(&mut self, input: &mut &mut [u8]) -> Result<TunnelProgress, TunnelError> {
        loop {
            let head = self.head.receive(input, LIMITS).map_err(sort)?;
            let Some(head) = head else { return Ok(TunnelProgress::NeedsInput) };
            let (status, headers) = head.parse_response().map_err(sort)?;
            let kind = match status {
                // Fields that would frame a body are ignored (RFC 9110 §9.3.6).
                200..300 => return Ok(TunnelProgress::Open),
                // Interim responses precede the final one (RFC 9110 §15.2).
                100 | 102..200 => {
                    self.interim += head.len();
                    if self.interim <= LIMITS.bytes {
                        continue;
                    }
                    TunnelErrorKind::HeadTooLarge
                }
                101 => TunnelErrorKind::Malformed,
                403 => TunnelErrorKind::NotAllowed,
                407 if !takes_basic(&headers) => TunnelErrorKind::UnsupportedAuthentication,
                // 401 is for servers, but tinyproxy sends it for a wrong password.
                401 | 407 if self.authorized => TunnelErrorKind::WrongCredentials,
                401 | 407 => TunnelErrorKind::AuthenticationRequired,
                status => TunnelErrorKind::Status(status),
            };
            return Err(kind.into());
        }
    }
}

/// Whether one of the challenges is for the scheme Basic (RFC 9110 §11.7.1). A proxy that names none
/// is assumed to accept it.
fn takes_basic(headers: &Headers) -> bool {
    let scheme = |challenge: &str| challenge.split([' ', '\t']).next().unwrap_or_default().len();
    let is_basic = |challenge: &str| challenge[..scheme(challenge)].eq_ignore_ascii_case("basic");
    let mut challenges = headers.list("proxy-authenticate").peekable();
    challenges.peek().is_none() || challenges.any(is_basic)
}

fn sort(error: HeadError) -> TunnelError {
    match error {
        HeadError::Malformed | HeadError::TlsAlert | HeadError::UnsupportedVersion => {
            TunnelErrorKind::Malformed
        }
        HeadError::TooLarge => TunnelErrorKind::HeadTooLarge,
        HeadError::TooManyHeaders => TunnelErrorKind::TooManyHeaders,
    }
    .into()
}
