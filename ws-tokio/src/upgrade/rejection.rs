//! A rejection as an HTTP response.

use std::fmt;
use std::ops::Deref;

use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use ws_futures::proto::InvalidHeader;
use ws_futures::server;

/// A rejected request: the reason and the HTTP response.
///
/// It converts into a [`Response`] with any body that implements `From<Bytes>`; with feature `axum` it is
/// an `IntoResponse`.
#[derive(Clone, Debug)]
#[must_use = "the client waits for a response"]
pub struct UpgradeRejection(server::Rejection);

impl UpgradeRejection {
    /// Adds a header field.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`]: the name or value is malformed, or the field is reserved for the response's framing.
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, InvalidHeader> {
        self.0.header(name, value).map(Self)
    }

    /// Sets the body; the default is a line of text with the reason.
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self(self.0.body(body))
    }
}

impl From<server::Rejection> for UpgradeRejection {
    fn from(rejection: server::Rejection) -> Self {
        Self(rejection)
    }
}

impl Deref for UpgradeRejection {
    type Target = server::Rejection;

    fn deref(&self) -> &server::Rejection {
        &self.0
    }
}

impl<B: From<Bytes>> From<UpgradeRejection> for Response<B> {
    fn from(rejection: UpgradeRejection) -> Self {
        let (status, headers, body) = rejection.0.into_parts();
        response(status, &headers, B::from(Bytes::from(body)))
    }
}

#[cfg(feature = "axum")]
impl axum_core::response::IntoResponse for UpgradeRejection {
    fn into_response(self) -> axum_core::response::Response {
        self.into()
    }
}

/// Converts a response of the core. Its fields and statuses are valid, except a status of the application
/// that is not an HTTP status.
pub(super) fn response<B>(
    status: u16,
    headers: &ws_futures::proto::Headers,
    body: B,
) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() =
        hyper::StatusCode::from_u16(status).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers.iter() {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value))
        {
            response.headers_mut().append(name, value);
        }
    }
    response
}

impl fmt::Display for UpgradeRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for UpgradeRejection {}
