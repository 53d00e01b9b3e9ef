//! A WebSocket request, and the response that accepts it (RFC 6455 §4.2.1 and §4.2.2).

mod check;
mod pseudo_headers;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;

use super::rejection::{Rejection, RejectionKind, write_status_line};
use super::request_head::RequestHead;
use crate::config::Config;
use crate::connection::Connection;
use crate::deflate::{Parameters, accept_offers};
use crate::handshake::characters::is_token;
use crate::handshake::head::RequestLine;
use crate::handshake::headers::{EXTENSIONS, Headers, InvalidHeader};
use crate::handshake::key;

pub use pseudo_headers::PseudoHeaders;

/// A valid WebSocket request, to be accepted or rejected.
#[derive(Debug)]
#[must_use = "the client waits for an answer: accept or reject"]
pub struct ServerRequest {
    config: Arc<Config>,
    head: RequestHead,
    way: Way,
    /// The extension that both sides can use, and the field that accepts it.
    extension: Option<(String, Parameters)>,
}

/// The form of a WebSocket request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// HTTP/1.1 (RFC 6455 §4.1).
    Upgrade,
    /// HTTP/2 and HTTP/3 (RFC 8441, RFC 9220).
    ExtendedConnect,
}

impl ServerRequest {
    /// Checks a request that another HTTP/1.1 implementation has read.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] with its response.
    pub fn from_parts<'h>(
        config: impl Into<Arc<Config>>,
        method: &str,
        target: &str,
        headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
    ) -> Result<Self, Rejection> {
        let line = RequestLine { method: method.into(), target: target.into(), current: true };
        Self::new(config.into(), line, collect(headers)?)
    }

    /// Checks a request over HTTP/2 (RFC 8441) or HTTP/3 (RFC 9220): an extended CONNECT in both, without
    /// a key and without connection-specific fields.
    ///
    /// The HTTP implementation has to announce `SETTINGS_ENABLE_CONNECT_PROTOCOL`, to
    /// answer with the [`status`](Accept::status) and the [`headers`](Accept::headers), and to carry
    /// the frames in the stream's data from then on. The end of the stream is the end of TCP's, a
    /// reset of it one of TCP's (`RST_STREAM`, or `H3_REQUEST_CANCELLED`).
    ///
    /// # Errors
    ///
    /// A [`Rejection`] with its response.
    pub fn from_pseudo_headers<'h>(
        config: impl Into<Arc<Config>>,
        pseudo: &PseudoHeaders<'_>,
        headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
    ) -> Result<Self, Rejection> {
        let mut head = RequestHead {
            method: pseudo.method.into(),
            target: pseudo.path.into(),
            host: pseudo.authority.into(),
            headers: collect(headers)?,
        };
        let checked = check::extended_connect(&mut head, pseudo.protocol);
        Self::checked(config.into(), head, Way::ExtendedConnect, checked)
    }

    pub(super) fn new(
        config: Arc<Config>,
        line: RequestLine,
        headers: Headers,
    ) -> Result<Self, Rejection> {
        let mut head =
            RequestHead { method: line.method, target: line.target, host: String::new(), headers };
        let checked = check::upgrade(&mut head, line.current);
        Self::checked(config, head, Way::Upgrade, checked)
    }

    fn checked(
        config: Arc<Config>,
        head: RequestHead,
        way: Way,
        checked: Result<(), RejectionKind>,
    ) -> Result<Self, Rejection> {
        let negotiated = checked.and_then(|()| {
            accept_offers(head.headers.get_all(EXTENSIONS), &config)
                .map_err(|_malformed| RejectionKind::InvalidExtensions)
        });
        match negotiated {
            Ok(extension) => Ok(Self { config, head, way, extension }),
            Err(kind) => Err(Rejection::new(kind).with_request(Box::new(head))),
        }
    }

    /// Replaces the configuration, for an application that chooses limits and compression by the
    /// request.
    ///
    /// # Errors
    ///
    /// [`RejectionKind::InvalidExtensions`], checked only by a configuration with compression.
    pub fn with_config(self, config: impl Into<Arc<Config>>) -> Result<Self, Rejection> {
        Self::checked(config.into(), self.head, self.way, Ok(()))
    }

    /// Returns the subprotocols that the client offers, in its order of preference (RFC 6455 §1.9).
    /// Elements that are not tokens are left out.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.head.headers.list("sec-websocket-protocol").filter(|offer| is_token(offer))
    }

    /// Returns the one of `supported` that the client prefers, for [`Accept::subprotocol`].
    ///
    /// ```
    /// use ws_proto::server::{Accept, ServerRequest};
    /// use ws_proto::InvalidHeader;
    ///
    /// fn accept(request: ServerRequest) -> Result<Accept, InvalidHeader> {
    ///     match request.choose_subprotocol(&["chat.v2", "chat.v1"]) {
    ///         Some(chosen) => request.accept().subprotocol(chosen),
    ///         // Accept without a subprotocol, or reject.
    ///         None => Ok(request.accept()),
    ///     }
    /// }
    /// ```
    pub fn choose_subprotocol<'s>(&self, supported: &[&'s str]) -> Option<&'s str> {
        self.subprotocols().find_map(|offer| supported.iter().copied().find(|name| *name == offer))
    }

    /// Accepts the request. Compression is part of the response if the client offers it and [`Config`] has
    /// it.
    pub fn accept(mut self) -> Accept {
        // The fields below, and a few of the application.
        let mut headers = Headers::with_capacity(8, 256);
        if self.way == Way::Upgrade {
            let key = self.head.headers.get("sec-websocket-key").unwrap_or_default();
            headers.push_valid("Upgrade", "websocket");
            headers.push_valid("Connection", "Upgrade");
            headers.push_valid("Sec-WebSocket-Accept", key::accept(key.as_bytes()));
        }
        let extension = self.extension.take().map(|(answer, parameters)| {
            headers.push_valid(EXTENSIONS, answer);
            parameters
        });
        Accept { request: self, headers, extension }
    }

    /// Rejects the request with a status such as 401, 403 or 503.
    pub fn reject(self, status: u16) -> Rejection {
        Rejection::new(RejectionKind::Application(status)).with_request(Box::new(self.head))
    }
}

impl Deref for ServerRequest {
    type Target = RequestHead;

    fn deref(&self) -> &RequestHead {
        &self.head
    }
}

/// The response that accepts a request: its status and its header fields.
#[derive(Debug)]
#[must_use = "the client waits for the response"]
pub struct Accept {
    request: ServerRequest,
    headers: Headers,
    extension: Option<Parameters>,
}

impl Accept {
    /// Chooses one of the subprotocols that the client offered.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader::Subprotocol`] if it was not offered or another one is chosen already
    /// (RFC 6455 §4.2.2).
    pub fn subprotocol(mut self, name: &str) -> Result<Self, InvalidHeader> {
        let offered = self.request.subprotocols().any(|offer| offer == name);
        if !offered || self.headers.get("sec-websocket-protocol").is_some() {
            return Err(InvalidHeader::Subprotocol(name.into()));
        }
        self.headers.push_valid("Sec-WebSocket-Protocol", name);
        Ok(self)
    }

    /// Adds a header field.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] for a field that would end the line or that is reserved for the handshake.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, InvalidHeader> {
        self.headers.push_foreign(name, value)?;
        Ok(self)
    }

    /// Returns the HTTP status: 101, or 200 for an extended CONNECT (RFC 8441 §5).
    pub fn status(&self) -> u16 {
        match self.request.way {
            Way::Upgrade => 101,
            Way::ExtendedConnect => 200,
        }
    }

    /// Returns the header fields, for an HTTP implementation that sends the response.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Converts into the connection, for an HTTP implementation that has sent the response.
    pub fn into_connection(self) -> Connection {
        Connection::server(self.request.config).with_extension(self.extension)
    }

    /// Appends the HTTP/1.1 response to `out` and returns the open connection.
    pub fn respond(self, out: &mut Vec<u8>) -> Connection {
        // The status line, and the fields that are usual.
        out.reserve(256);
        write_status_line(self.status(), out);
        self.headers.write(out);
        self.into_connection()
    }
}

fn collect<'h>(
    headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
) -> Result<Headers, Rejection> {
    let mut fields = Headers::new();
    for (name, value) in headers {
        fields.push(name, value).map_err(|_invalid| Rejection::new(RejectionKind::Malformed))?;
    }
    Ok(fields)
}
