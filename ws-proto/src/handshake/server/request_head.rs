//! The head of a request.

use alloc::string::String;

use super::origin::is_of_host;
use crate::handshake::headers::Headers;

/// The head of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) host: String,
    pub(super) headers: Headers,
}

impl RequestHead {
    /// Returns the method, such as `GET`.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Returns the request target in origin form: path and query. An absolute form was reduced to it
    /// (RFC 9112 §3.2).
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Returns the path: the target up to a `?`.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Returns the query: what follows the `?`.
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// Returns the requested host and port: the `Host` field, or the authority of an absolute target, which
    /// takes precedence (RFC 9112 §3.2.2). Empty if there is none.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the origin of the page that made the request, where the client is a browser
    /// (RFC 6455 §10.2). Other clients send none, or an arbitrary one.
    pub fn origin(&self) -> Option<&str> {
        self.headers.get("origin")
    }

    /// Returns whether the request was made by a page of another host than the requested one.
    ///
    /// Any site can make the browsers of its visitors connect here with their cookies; only the origin
    /// shows it. A server for its own pages should reject such requests with 403, and a server for other
    /// pages should compare their [`origin`](Self::origin) with a list. `false` without an origin: the
    /// client is not a browser.
    ///
    /// ```
    /// # use ws_proto::server::RequestHead;
    /// fn is_welcome(request: &RequestHead) -> bool {
    ///     !request.is_cross_origin() || request.origin() == Some("https://app.example")
    /// }
    /// ```
    pub fn is_cross_origin(&self) -> bool {
        // An origin that is not text is of another host.
        let mut origins = self.headers.get_all("origin");
        origins.any(|origin| {
            !core::str::from_utf8(origin).is_ok_and(|origin| is_of_host(origin, &self.host))
        })
    }

    /// Returns the value of the first header field with this name, case ignored, if it is UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// Returns all header fields.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }
}
