//! The head of a request, as the application sees it.

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
    /// The method, such as `GET`.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The request target in origin form: path and query. An absolute form was reduced to it
    /// (RFC 9112 §3.2).
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The path: the target up to a `?`.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query: what follows the `?`.
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// The host and port that the client means: the `Host` field, or the authority of an absolute
    /// target, which goes before it (RFC 9112 §3.2.2). Empty if there is none.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The origin of the page that a browser speaks for (RFC 6455 §10.2); other clients send none,
    /// or what they like.
    pub fn origin(&self) -> Option<&str> {
        self.headers.get("origin")
    }

    /// Whether a browser asks for a page that came from another host than the one it asks.
    ///
    /// Any site can make its visitors' browsers connect here with their cookies, and only the
    /// origin tells. So a server that serves its own pages refuses such requests with 403, and one
    /// that serves others compares their [`origin`](Self::origin) with a list. Without an origin it
    /// is no browser, and `false`.
    ///
    /// ```
    /// # use ws_proto::server::RequestHead;
    /// fn is_welcome(request: &RequestHead) -> bool {
    ///     !request.is_cross_origin() || request.origin() == Some("https://app.example")
    /// }
    /// ```
    pub fn is_cross_origin(&self) -> bool {
        // An origin that is not even text is no page of ours.
        let mut origins = self.headers.get_all("origin");
        origins.any(|origin| {
            !core::str::from_utf8(origin).is_ok_and(|origin| is_of_host(origin, &self.host))
        })
    }

    /// The value of the first header field with this name, case ignored, if it is UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// All header fields.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }
}
