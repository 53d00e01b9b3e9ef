//! The opening handshake over HTTP/2 (RFC 8441) and HTTP/3 (RFC 9220).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use rand::rngs::StdRng;

use super::error::{ClientHandshakeError, ClientHandshakeErrorKind};
use super::{Response, choices};
use crate::config::Config;
use crate::connection::Connection;
use crate::handshake::headers::Headers;

/// A request by extended CONNECT, for an HTTP implementation that sends it and reads its response.
///
/// The pseudo-header fields are `:method = CONNECT`, `:protocol = websocket`,
/// [`:scheme`](Self::scheme), [`:authority`](Self::authority) and [`:path`](Self::path). It may be
/// sent only to a server that has announced `SETTINGS_ENABLE_CONNECT_PROTOCOL`; another one is asked
/// over HTTP/1.1.
///
/// ```
/// use ws_proto::{Config, client::{ExtendedConnectOutcome, ClientRequest}};
///
/// let seed = [7; 32]; // in production, from the operating system's generator
/// let request = ClientRequest::new("example.com", "/chat").extended_connect(Config::default(), seed)?;
/// assert_eq!((request.authority(), request.path()), ("example.com", "/chat"));
/// assert_eq!(request.headers().get("sec-websocket-version"), Some("13"));
///
/// match request.receive(200, [], b"")? {
///     ExtendedConnectOutcome::Open(_connection, response) => assert_eq!(response.subprotocol(), None),
///     ExtendedConnectOutcome::Refused(response) => panic!("{}", response.status()),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ExtendedConnect {
    pub(super) config: Arc<Config>,
    pub(super) generator: Box<StdRng>,
    pub(super) scheme: &'static str,
    pub(super) authority: String,
    pub(super) path: String,
    pub(super) headers: Headers,
    pub(super) subprotocols: Vec<String>,
}

/// What a server answered to an extended CONNECT.
#[derive(Debug)]
pub enum ExtendedConnectOutcome {
    /// The connection is open: its frames are the data of the stream.
    Open(Connection, Response),
    /// The server refused.
    Refused(Response),
}

impl ExtendedConnect {
    /// Returns the value of `:scheme`: `https` over TLS ([`ClientRequest::secure`](super::ClientRequest::secure)), else
    /// `http` (RFC 8441 §5).
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// Returns the value of `:authority`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Returns the value of `:path`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the other header fields. HTTP/2 requires their names in lower case.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Takes the response. Any status from 200 to 299 opens the connection (RFC 8441 §5); of another
    /// one `body` is the beginning of its content, and is cut at [`Config::max_body_size`].
    ///
    /// # Errors
    ///
    /// The response is no valid answer to the request: reset the stream.
    pub fn receive<'h>(
        self,
        status: u16,
        headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
        body: &[u8],
    ) -> Result<ExtendedConnectOutcome, ClientHandshakeError> {
        let mut fields = Headers::new();
        for (name, value) in headers {
            fields.push(name, value).map_err(|_invalid| ClientHandshakeErrorKind::Malformed)?;
        }
        if !(200..300).contains(&status) {
            let body = body[..body.len().min(self.config.max_body_size)].into();
            return Ok(ExtendedConnectOutcome::Refused(Response { status, headers: fields, body }));
        }
        let extension = choices::check(&fields, &self.subprotocols, &self.config)?;
        let connection =
            Connection::with_generator(self.config, self.generator).with_extension(extension);
        Ok(ExtendedConnectOutcome::Open(
            connection,
            Response { status, headers: fields, body: Vec::new() },
        ))
    }
}
