//! The client's side of the opening handshake (RFC 6455 §4.1).
//!
//! ```
//! use ws_proto::{Config, client::{ClientProgress, ClientRequest}};
//!
//! let mut output = Vec::new();
//! let seed = [7; 32]; // in production, from the operating system's generator
//! let handshake = ClientRequest::new("example.com", "/chat")
//!     .subprotocol("chat.v2")
//!     .header("Authorization", "Bearer 31337")
//!     .send(Config::default(), seed, &mut output)?;
//! assert!(output.starts_with(b"GET /chat HTTP/1.1\r\nHost: example.com\r\n"));
//!
//! let mut response = *b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!";
//! let mut input = response.as_mut_slice();
//! match handshake.receive(&mut input)? {
//!     ClientProgress::NeedsInput(_handshake) => unreachable!("the response is complete"),
//!     ClientProgress::Open(_connection, response) => panic!("{:?}", response.subprotocol()),
//!     ClientProgress::Refused(response) => assert_eq!(response.body(), b"no!"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod choices;
mod error;
mod extended_connect;
mod request;
mod uri;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rand::rngs::StdRng;

use super::body::Body;
use super::head::{HeadBuffer, HeadError};
use super::headers::{Headers, Single};
use crate::config::Config;
use crate::connection::Connection;
use crate::time::Instant;

pub use error::{ClientHandshakeError, ClientHandshakeErrorKind};
pub use extended_connect::{ExtendedConnect, ExtendedConnectOutcome};
pub use request::ClientRequest;
pub(crate) use uri::is_reg_name;
pub use uri::{InvalidUri, Uri};

/// An opening handshake whose response has not arrived completely.
#[derive(Debug)]
pub struct ClientHandshake {
    config: Arc<Config>,
    generator: Box<StdRng>,
    /// What `Sec-WebSocket-Accept` must be.
    accept: String,
    subprotocols: Vec<String>,
    head: HeadBuffer,
    /// Bytes of interim responses, which share the limit of the final one's head.
    interim: usize,
    refused: Option<(Response, Body)>,
    deadline: Option<Instant>,
}

/// The result of [`ClientHandshake::receive`].
#[derive(Debug)]
pub enum ClientProgress {
    /// The response is not complete.
    NeedsInput(ClientHandshake),
    /// The connection is open.
    Open(Connection, Response),
    /// The server responded with another status than 101. End the TCP connection.
    Refused(Response),
}

/// The server's response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

impl Response {
    /// Returns the HTTP status: 101 for an open connection, or 200 to 299 by extended CONNECT.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the value of the first header field with this name, case ignored, if it is UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// Returns all header fields.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Returns the subprotocol that the server chose.
    pub fn subprotocol(&self) -> Option<&str> {
        self.header("sec-websocket-protocol")
    }

    /// Returns the `Location` of a redirect that a client may follow (301, 302, 303, 307 or 308, RFC 9110
    /// §15.4): a reference, as the server has sent it.
    pub fn redirects_to(&self) -> Option<&str> {
        match self.status {
            301 | 302 | 303 | 307 | 308 => self.header("location"),
            _ => None,
        }
    }

    /// The body of a refusal, at most [`Config::max_body_size`] bytes of it; less if the stream ended or
    /// the deadline passed before it was complete; of a redirect the part that arrived together with the
    /// head.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl ClientHandshake {
    /// Takes bytes from the front of `input`, no further than the end of the response: what
    /// follows stays in `input` and belongs to the connection.
    ///
    /// A refusal is complete with its body or [`Config::max_body_size`] bytes of it; a redirect with its
    /// head, and the part of its body that is in `input`. When nothing more arrives,
    /// [`receive_eof`](Self::receive_eof) or [`handle_timeout`](Self::handle_timeout) completes it.
    ///
    /// # Errors
    ///
    /// The response is no valid answer to the request (RFC 6455 §4.1): end the TCP connection. What
    /// cannot become a response, such as the greeting of another protocol, is an error at the first
    /// byte that shows it.
    pub fn receive(
        mut self,
        input: &mut &mut [u8],
    ) -> Result<ClientProgress, ClientHandshakeError> {
        let head = loop {
            if let Some((mut response, mut body)) = self.refused.take() {
                // The body of a redirect is not needed to follow it.
                if !body.receive(input) && response.redirects_to().is_none() {
                    self.refused = Some((response, body));
                    return Ok(ClientProgress::NeedsInput(self));
                }
                response.body = body.finish();
                return Ok(ClientProgress::Refused(response));
            }

            let head = self.head.receive(input, (&*self.config).into()).map_err(sort)?;
            let Some(head) = head else { return Ok(ClientProgress::NeedsInput(self)) };
            let (status, headers) = head.parse_response().map_err(sort)?;
            match status {
                101 => break headers,
                // Interim responses precede the final one (RFC 9110 §15.2).
                100..200 => {
                    self.interim += head.len();
                    if self.interim > self.config.max_head_size {
                        return Err(ClientHandshakeErrorKind::HeadTooLarge.into());
                    }
                }
                _ => {
                    let body = Body::new(status, &headers, self.config.max_body_size);
                    let response = Response { status, headers, body: Vec::new() };
                    self.refused = Some((response, body));
                }
            }
        };

        self.check(&head)?;
        let extension = choices::check(&head, &self.subprotocols, &self.config)?;
        let connection =
            Connection::with_generator(self.config, self.generator).with_extension(extension);
        let response = Response { status: 101, headers: head, body: Vec::new() };
        Ok(ClientProgress::Open(connection, response))
    }

    /// Reports that no more bytes arrive: the stream has ended or failed. A refusal whose head is
    /// complete is returned with the part of its body that has arrived.
    ///
    /// # Errors
    ///
    /// [`ClientHandshakeErrorKind::UnexpectedEof`]: no head of a refusal is complete.
    pub fn receive_eof(mut self) -> Result<Response, ClientHandshakeError> {
        self.cut_off().ok_or_else(|| ClientHandshakeErrorKind::UnexpectedEof.into())
    }

    /// Returns when to call [`handle_timeout`](Self::handle_timeout):
    /// [`Config::handshake_timeout`] after the first call of this.
    pub fn poll_timeout(&mut self, now: Instant) -> Option<Instant> {
        let timeout = self.config.handshake_timeout?;
        Some(*self.deadline.get_or_insert(now + timeout))
    }

    /// Ends the handshake if the deadline has passed; `None` if it has not. A refusal whose head is
    /// complete is returned with the part of its body that has arrived.
    ///
    /// # Errors
    ///
    /// [`ClientHandshakeErrorKind::Timeout`]: end the TCP connection.
    pub fn handle_timeout(
        &mut self,
        now: Instant,
    ) -> Result<Option<Response>, ClientHandshakeError> {
        match self.deadline {
            Some(deadline) if deadline <= now => match self.cut_off() {
                Some(response) => Ok(Some(response)),
                None => Err(ClientHandshakeErrorKind::Timeout.into()),
            },
            _ => Ok(None),
        }
    }

    /// A refusal, as far as it has arrived.
    fn cut_off(&mut self) -> Option<Response> {
        let (mut response, body) = self.refused.take()?;
        response.body = body.finish();
        Some(response)
    }

    /// RFC 6455 §4.1, the client's duties 2 to 4; the others are in `choices`.
    fn check(&self, headers: &Headers) -> Result<(), ClientHandshakeErrorKind> {
        match headers.single("upgrade") {
            Single::Value(value) if value.eq_ignore_ascii_case(b"websocket") => {}
            _ => return Err(ClientHandshakeErrorKind::MissingUpgrade),
        }
        if !headers.has_token("connection", "upgrade") {
            return Err(ClientHandshakeErrorKind::MissingUpgrade);
        }
        match headers.single("sec-websocket-accept") {
            Single::Value(value) if value == self.accept.as_bytes() => {}
            _ => return Err(ClientHandshakeErrorKind::InvalidAccept),
        }
        Ok(())
    }
}

fn sort(error: HeadError) -> ClientHandshakeError {
    match error {
        HeadError::Malformed | HeadError::UnsupportedVersion => ClientHandshakeErrorKind::Malformed,
        HeadError::TlsAlert => ClientHandshakeErrorKind::TlsAlert,
        HeadError::TooLarge => ClientHandshakeErrorKind::HeadTooLarge,
        HeadError::TooManyHeaders => ClientHandshakeErrorKind::TooManyHeaders,
    }
    .into()
}
