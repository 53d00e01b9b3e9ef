//! The server's side of the opening handshake (RFC 6455 §4.2), in two steps: the request arrives, and the
//! application answers it when it has decided.
//!
//! ```
//! use ws_proto::{Config, server::{ServerHandshake, ServerProgress}};
//!
//! let mut request = *b"GET /chat HTTP/1.1\r\n\
//!     Host: example.com\r\n\
//!     Upgrade: websocket\r\n\
//!     Connection: Upgrade\r\n\
//!     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
//!     Sec-WebSocket-Version: 13\r\n\r\n";
//! let mut input = request.as_mut_slice();
//! let mut output = Vec::new();
//!
//! let connection = match ServerHandshake::new(Config::default()).receive(&mut input) {
//!     Ok(ServerProgress::NeedsInput(_handshake)) => unreachable!("the head is complete"),
//!     Ok(ServerProgress::Request(request)) => {
//!         assert_eq!(request.target(), "/chat");
//!         request.accept().respond(&mut output)
//!     }
//!     Err(rejection) => panic!("{rejection}"), // or: rejection.respond(&mut output)
//! };
//! assert!(output.starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
//! # drop(connection);
//! ```

mod origin;
mod rejection;
mod request;
mod request_head;

use alloc::sync::Arc;

use super::head::{HeadBuffer, HeadError};
use crate::config::Config;
use crate::time::Instant;

pub use rejection::{Rejection, RejectionKind};
pub use request::{Accept, PseudoHeaders, ServerRequest};
pub use request_head::RequestHead;

/// An opening handshake whose request has not arrived completely.
#[derive(Debug)]
pub struct ServerHandshake {
    config: Arc<Config>,
    head: HeadBuffer,
    deadline: Option<Instant>,
}

/// The result of [`ServerHandshake::receive`].
#[derive(Debug)]
pub enum ServerProgress {
    /// The head is not complete.
    NeedsInput(ServerHandshake),
    /// A valid request that waits for an answer.
    Request(ServerRequest),
}

impl ServerHandshake {
    /// Creates a handshake.
    pub fn new(config: impl Into<Arc<Config>>) -> Self {
        Self { config: config.into(), head: HeadBuffer::request(), deadline: None }
    }

    /// Takes bytes from the front of `input`, no further than the end of the head: what follows
    /// stays in `input` and belongs to the connection. Empty lines before the request are ignored
    /// (RFC 9112 §2.2); they count as part of the head.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] with its response. Input that cannot become a request, such as the beginning of
    /// TLS, is rejected at the first byte that shows it.
    pub fn receive(mut self, input: &mut &mut [u8]) -> Result<ServerProgress, Rejection> {
        let head = self.head.receive(input, (&*self.config).into()).map_err(reject_head)?;
        let Some(head) = head else { return Ok(ServerProgress::NeedsInput(self)) };
        let (line, headers) = head.parse_request().map_err(reject_head)?;
        ServerRequest::new(self.config, line, headers).map(ServerProgress::Request)
    }

    /// Returns when to call [`handle_timeout`](Self::handle_timeout):
    /// [`Config::handshake_timeout`] after the first call of this.
    pub fn poll_timeout(&mut self, now: Instant) -> Option<Instant> {
        let timeout = self.config.handshake_timeout?;
        Some(*self.deadline.get_or_insert(now + timeout))
    }

    /// Ends the handshake if the deadline has passed.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send: 408.
    pub fn handle_timeout(&self, now: Instant) -> Result<(), Rejection> {
        match self.deadline {
            Some(deadline) if deadline <= now => Err(Rejection::new(RejectionKind::Timeout)),
            _ => Ok(()),
        }
    }
}

fn reject_head(error: HeadError) -> Rejection {
    Rejection::new(match error {
        HeadError::Malformed | HeadError::TlsAlert => RejectionKind::Malformed,
        HeadError::UnsupportedVersion => RejectionKind::UnsupportedHttpVersion,
        HeadError::TooLarge => RejectionKind::HeadTooLarge,
        HeadError::TooManyHeaders => RejectionKind::TooManyHeaders,
    })
}
