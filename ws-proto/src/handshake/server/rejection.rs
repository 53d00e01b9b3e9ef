//! The rejection of a handshake, with its HTTP response (RFC 6455 §4.2.2 and §4.4).

use alloc::boxed::Box;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::fmt;

use super::request_head::RequestHead;
use crate::handshake::headers::{Headers, InvalidHeader};

/// A rejected handshake: the reason, and the HTTP response that reports it.
#[derive(Clone, Debug)]
#[must_use = "the client waits for an answer"]
pub struct Rejection {
    kind: RejectionKind,
    headers: Headers,
    body: Option<Vec<u8>>,
    request: Option<Box<RequestHead>>,
}

/// Why a handshake was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionKind {
    /// 400: not an HTTP/1.1 request (RFC 9112).
    Malformed,
    /// 431: the head is over [`Config::max_head_size`](crate::Config::max_head_size).
    HeadTooLarge,
    /// 431: more fields than [`Config::max_headers`](crate::Config::max_headers).
    TooManyHeaders,
    /// 505: not HTTP/1.1.
    UnsupportedHttpVersion,
    /// 400: no `Host`, more than one, or not a host.
    InvalidHost,
    /// 400: the request has a body.
    HasBody,
    /// 405: another method than GET.
    MethodNotAllowed,
    /// 405: another method than CONNECT, over HTTP/2 or HTTP/3 (RFC 8441 §5).
    NotConnect,
    /// 501: a CONNECT whose `:protocol` is not `websocket`, or that has none (RFC 9220 §3).
    UnsupportedProtocol,
    /// 426: a plain request, without `Upgrade: websocket` and `Connection: upgrade`.
    NotAnUpgrade,
    /// 426: no `Sec-WebSocket-Version: 13`.
    UnsupportedVersion,
    /// 400: `Sec-WebSocket-Key` is not the Base64 of 16 bytes.
    InvalidKey,
    /// 400: `Sec-WebSocket-Extensions` does not follow the grammar (RFC 6455 §9.1). Only looked at
    /// where compression is configured.
    InvalidExtensions,
    /// 400: a duplicate of a field that may occur only once.
    RepeatedHeader,
    /// 408: the head did not arrive within
    /// [`Config::handshake_timeout`](crate::Config::handshake_timeout).
    Timeout,
    /// The application rejected the request with this status.
    Application(u16),
}

impl RejectionKind {
    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed
            | Self::InvalidHost
            | Self::HasBody
            | Self::InvalidKey
            | Self::InvalidExtensions
            | Self::RepeatedHeader => 400,
            Self::MethodNotAllowed | Self::NotConnect => 405,
            Self::Timeout => 408,
            Self::NotAnUpgrade | Self::UnsupportedVersion => 426,
            Self::HeadTooLarge | Self::TooManyHeaders => 431,
            Self::UnsupportedProtocol => 501,
            Self::UnsupportedHttpVersion => 505,
            Self::Application(status) => status,
        }
    }

    const fn explanation(self) -> &'static str {
        match self {
            Self::Malformed => "malformed HTTP request",
            Self::HeadTooLarge => "request head too large",
            Self::TooManyHeaders => "too many header fields",
            Self::UnsupportedHttpVersion => "HTTP/1.1 is required",
            Self::InvalidHost => "missing or invalid Host header",
            Self::HasBody => "a WebSocket handshake must not have a body",
            Self::MethodNotAllowed => "a WebSocket handshake must be a GET request",
            Self::NotConnect => "a WebSocket handshake over HTTP/2 must be a CONNECT request",
            Self::UnsupportedProtocol => "CONNECT is supported for the websocket protocol only",
            Self::NotAnUpgrade => "not a WebSocket request: upgrade to websocket",
            Self::UnsupportedVersion => "WebSocket version 13 is required",
            Self::InvalidKey => "missing or invalid Sec-WebSocket-Key header",
            Self::InvalidExtensions => "malformed Sec-WebSocket-Extensions header",
            Self::RepeatedHeader => "duplicate header",
            Self::Timeout => "request timed out",
            Self::Application(_) => "refused",
        }
    }
}

impl Rejection {
    pub(super) fn new(kind: RejectionKind) -> Self {
        Self { kind, headers: Headers::new(), body: None, request: None }
    }

    pub(super) fn with_request(mut self, request: Box<RequestHead>) -> Self {
        self.request = Some(request);
        self
    }

    /// Replaces the status, to serve plain HTTP on the same port by the
    /// [`request`](Self::request). Header fields of the earlier response are removed.
    pub fn with_status(self, status: u16) -> Self {
        Self { request: self.request, ..Self::new(RejectionKind::Application(status)) }
    }

    /// Adds a header field.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] for a field that would end the line or that is reserved for the framing.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, InvalidHeader> {
        self.headers.push_foreign(name, value)?;
        Ok(self)
    }

    /// Sets the body. The default is a line of text with the reason.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Returns the reason.
    pub fn kind(&self) -> RejectionKind {
        self.kind
    }

    /// Returns the HTTP status.
    pub fn status(&self) -> u16 {
        self.kind.status()
    }

    /// Returns the request, if it could be read.
    pub fn request(&self) -> Option<&RequestHead> {
        self.request.as_deref()
    }

    /// Converts into status, header fields and body, for an HTTP implementation that sends the response
    /// and adds the framing of the body.
    pub fn into_parts(self) -> (u16, Headers, Vec<u8>) {
        self.answer(None)
    }

    /// Appends the HTTP/1.1 response to `out`. End the TCP connection when it is written. The response to
    /// a HEAD request has no body (RFC 9110 §9.3.2).
    pub fn respond(&self, out: &mut Vec<u8>) {
        let has_body = self.request().is_none_or(|request| request.method() != "HEAD");
        let (status, mut headers, body) = self.clone().answer(Some("close"));
        headers.push_valid("Content-Length", format!("{}", body.len()));
        write_status_line(status, out);
        headers.write(out);
        if has_body {
            out.extend_from_slice(&body);
        }
    }

    fn answer(self, connection: Option<&str>) -> (u16, Headers, Vec<u8>) {
        let mut headers = Headers::new();
        let status = self.status();
        let mut options = Vec::from_iter(connection);
        match self.kind {
            RejectionKind::MethodNotAllowed => headers.push_valid("Allow", "GET"),
            RejectionKind::NotConnect => headers.push_valid("Allow", "CONNECT"),
            _ if status == 426 => {
                // RFC 9110 §15.5.22; HTTP/2 has no Upgrade (RFC 9113 §8.2.2).
                if !self.is_connect() {
                    headers.push_valid("Upgrade", "websocket");
                    options.insert(0, "Upgrade");
                }
                // RFC 6455 §4.4.
                headers.push_valid("Sec-WebSocket-Version", "13");
            }
            _ => {}
        }
        for (name, value) in self.headers.iter() {
            headers.push_valid(name, value);
        }
        if !options.is_empty() {
            headers.push_valid("Connection", options.join(", "));
        }
        let body = self.body.unwrap_or_else(|| {
            headers.push_valid("Content-Type", "text/plain; charset=utf-8");
            format!("{}\n", self.kind.explanation()).into_bytes()
        });
        (status, headers, body)
    }

    fn is_connect(&self) -> bool {
        self.request().is_some_and(|request| request.method() == "CONNECT")
    }
}

/// For a reason that another HTTP implementation has found.
impl From<RejectionKind> for Rejection {
    fn from(kind: RejectionKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "handshake rejected with status {}: {}", self.status(), self.kind.explanation())
    }
}

impl core::error::Error for Rejection {}

pub(super) fn write_status_line(status: u16, out: &mut Vec<u8>) {
    for part in ["HTTP/1.1 ", &status.to_string(), " ", reason(status), "\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// The reason phrase (RFC 9110 §15); empty for an unknown status.
fn reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
