//! A refusal as a response of the HTTP server's.

use std::fmt;
use std::ops::Deref;

use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use ws_futures::proto::InvalidHeader;
use ws_futures::server;

/// A refused request: the reason, and the HTTP response that says so.
///
/// It becomes a [`Response`] with any body that can be made of [`Bytes`]; with feature `axum` it is
/// an `IntoResponse`.
#[derive(Clone, Debug)]
#[must_use = "the client waits for an answer"]
pub struct UpgradeRejection(server::Rejection);

impl UpgradeRejection {
    /// Adds a header field.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`]: what would end the line or belongs to the response's framing is refused.
    pub fn header(self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, InvalidHeader> {
        self.0.header(name, value).map(Self)
    }

    /// Sets the body; without one the response explains itself in a line of text.
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

/// Fields and statuses of the core are valid ones, but for a status of the application's that no
/// HTTP has.
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
