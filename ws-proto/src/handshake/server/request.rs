//! A request for a WebSocket, and the answer that grants it (RFC 6455 §4.2.1 and §4.2.2).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;

use super::rejection::{Rejection, RejectionKind};
use super::request_head::RequestHead;
use crate::config::Config;
use crate::connection::Connection;
use crate::deflate::{Parameters, accept_offers};
use crate::handshake::head::RequestLine;
use crate::handshake::headers::{EXTENSIONS, Headers, InvalidHeader, Single, is_host, is_token};
use crate::handshake::key;

/// A valid request for a WebSocket, waiting for an answer.
#[derive(Debug)]
#[must_use = "the client waits for an answer: accept or reject"]
pub struct Request {
    config: Arc<Config>,
    head: RequestHead,
    /// The extension that both sides can use, and the answer that says so.
    extension: Option<(String, Parameters)>,
}

impl Request {
    /// A request that another HTTP/1.1 implementation has read.
    ///
    /// # Errors
    ///
    /// A [`Rejection`] is an answer ready to be sent.
    pub fn from_parts<'h>(
        config: impl Into<Arc<Config>>,
        method: &str,
        target: &str,
        headers: impl IntoIterator<Item = (&'h str, &'h [u8])>,
    ) -> Result<Self, Rejection> {
        let mut fields = Headers::new();
        for (name, value) in headers {
            fields
                .push(name, value)
                .map_err(|_invalid| Rejection::new(RejectionKind::Malformed))?;
        }
        let line = RequestLine { method: method.into(), target: target.into(), current: true };
        Self::new(config.into(), line, fields)
    }

    pub(super) fn new(
        config: Arc<Config>,
        line: RequestLine,
        headers: Headers,
    ) -> Result<Self, Rejection> {
        let mut head = RequestHead {
            method: into_text(line.method)?,
            target: into_text(line.target)?,
            host: String::new(),
            headers,
        };
        let checked = check(&mut head, line.current).and_then(|()| {
            accept_offers(head.headers.get_all(EXTENSIONS), &config)
                .map_err(|_malformed| RejectionKind::InvalidExtensions)
        });
        match checked {
            Ok(extension) => Ok(Self { config, head, extension }),
            Err(kind) => Err(Rejection::new(kind).with_request(Box::new(head))),
        }
    }

    /// The subprotocols that the client offers, in its order of preference (RFC 6455 §1.9).
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.head.headers.list("sec-websocket-protocol")
    }

    /// The one of `supported` that the client prefers, for [`Accept::subprotocol`].
    ///
    /// ```
    /// use ws_proto::server::{Accept, Request};
    /// use ws_proto::InvalidHeader;
    ///
    /// fn accept(request: Request) -> Result<Accept, InvalidHeader> {
    ///     match request.choose_subprotocol(&["chat.v2", "chat.v1"]) {
    ///         Some(chosen) => request.accept().subprotocol(chosen),
    ///         // Go on without, or reject: that is up to you.
    ///         None => Ok(request.accept()),
    ///     }
    /// }
    /// ```
    pub fn choose_subprotocol<'s>(&self, supported: &[&'s str]) -> Option<&'s str> {
        self.subprotocols().find_map(|offer| supported.iter().copied().find(|name| *name == offer))
    }

    /// Begins a positive answer. Compression is part of it if the client offers it and
    /// [`Config`] has it.
    pub fn accept(mut self) -> Accept {
        let key = self.head.headers.get("sec-websocket-key").unwrap_or_default();
        let mut headers = Headers::new();
        headers.push_valid("Upgrade", "websocket");
        headers.push_valid("Connection", "Upgrade");
        headers.push_valid("Sec-WebSocket-Accept", key::accept(key.as_bytes()));
        let extension = self.extension.take().map(|(answer, parameters)| {
            headers.push_valid(EXTENSIONS, answer);
            parameters
        });
        Accept { request: self, headers, extension }
    }

    /// A negative answer with this status, such as 401, 403 or 503.
    pub fn reject(self, status: u16) -> Rejection {
        Rejection::new(RejectionKind::Application(status)).with_request(Box::new(self.head))
    }
}

impl Deref for Request {
    type Target = RequestHead;

    fn deref(&self) -> &RequestHead {
        &self.head
    }
}

/// A positive answer: 101 and its header fields.
#[derive(Debug)]
#[must_use = "the client waits for the response"]
pub struct Accept {
    request: Request,
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
        if !offered || !is_token(name) || self.headers.get("sec-websocket-protocol").is_some() {
            return Err(InvalidHeader::Subprotocol(name.into()));
        }
        self.headers.push_valid("Sec-WebSocket-Protocol", name);
        Ok(self)
    }

    /// Adds a header field.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`]: what would end the line or belongs to the handshake is refused.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, InvalidHeader> {
        self.headers.push_foreign(name, value)?;
        Ok(self)
    }

    /// The header fields of the answer, for an HTTP implementation that sends it.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The connection, for an HTTP implementation that has sent the answer itself.
    pub fn into_connection(self) -> Connection {
        Connection::server(self.request.config).with_extension(self.extension)
    }

    /// Appends the response to `out`; the connection is open then.
    pub fn respond(self, out: &mut Vec<u8>) -> Connection {
        out.extend_from_slice(b"HTTP/1.1 101 Switching Protocols\r\n");
        self.headers.write(out);
        self.into_connection()
    }
}

/// Checks what RFC 6455 §4.2.1 and RFC 9112 ask of the request, and finds its host.
fn check(head: &mut RequestHead, current: bool) -> Result<(), RejectionKind> {
    if !current {
        return Err(RejectionKind::UnsupportedHttpVersion);
    }
    reduce_target(head)?;
    let headers = &head.headers;
    match headers.single("host") {
        Single::Value(host) if head.host.is_empty() => {
            let host = core::str::from_utf8(host).map_err(|_error| RejectionKind::InvalidHost)?;
            head.host = host.into();
        }
        Single::Value(_) => {}
        Single::Absent | Single::Repeated => return Err(RejectionKind::InvalidHost),
    }
    if !is_host(&head.host) {
        return Err(RejectionKind::InvalidHost);
    }
    // A body would be taken for frames (RFC 9112 §6.3).
    match headers.single("content-length") {
        Single::Absent | Single::Value(b"0") => {}
        _ => return Err(RejectionKind::HasBody),
    }
    if headers.get_all("transfer-encoding").next().is_some() {
        return Err(RejectionKind::HasBody);
    }
    if head.method != "GET" {
        return Err(RejectionKind::MethodNotAllowed);
    }
    if !headers.has_token("upgrade", "websocket") || !headers.has_token("connection", "upgrade") {
        return Err(RejectionKind::NotAnUpgrade);
    }
    match headers.single("sec-websocket-version") {
        Single::Value(b"13") => {}
        Single::Repeated => return Err(RejectionKind::RepeatedHeader),
        _ => return Err(RejectionKind::UnsupportedVersion),
    }
    match headers.single("sec-websocket-key") {
        Single::Value(key) if key::is_valid(key) => {}
        Single::Repeated => return Err(RejectionKind::RepeatedHeader),
        _ => return Err(RejectionKind::InvalidKey),
    }
    match headers.single("origin") {
        Single::Repeated => Err(RejectionKind::RepeatedHeader),
        _ => Ok(()),
    }
}

/// Reduces an absolute target to origin form (RFC 9112 §3.2.2).
fn reduce_target(head: &mut RequestHead) -> Result<(), RejectionKind> {
    if head.target.starts_with('/') {
        return Ok(());
    }
    let (scheme, rest) = head.target.split_once("://").ok_or(RejectionKind::Malformed)?;
    if !["http", "https", "ws", "wss"].iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
        return Err(RejectionKind::Malformed);
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.is_empty() {
        return Err(RejectionKind::InvalidHost);
    }
    let target = match path.starts_with('/') {
        true => String::from(path),
        false => alloc::format!("/{path}"),
    };
    head.host = authority.into();
    head.target = target;
    Ok(())
}

fn into_text(bytes: Vec<u8>) -> Result<String, Rejection> {
    String::from_utf8(bytes).map_err(|_error| Rejection::new(RejectionKind::Malformed))
}
