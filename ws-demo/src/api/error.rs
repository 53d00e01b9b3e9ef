//! Errors of the API.

use std::fmt;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::api_access::Denied;

/// Why a request fails.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ApiError {
    BadRequest(String),
    /// The key is wrong or missing.
    Unauthorized,
    /// The server has no keys.
    NoKeys,
    NoSuchPath,
    NoSuchRoom,
    NoHistory,
    MethodNotAllowed,
    /// The body did not arrive in time.
    Timeout,
    /// The message, or the body, is larger than this number of bytes.
    TooLarge(usize),
    RateLimited,
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Unauthorized => Self::Unauthorized,
            Denied::NoKeys => Self::NoKeys,
            Denied::RateLimited => Self::RateLimited,
        }
    }
}

impl ApiError {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::NoKeys => "forbidden",
            Self::NoSuchPath | Self::NoSuchRoom | Self::NoHistory => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Timeout => "timeout",
            Self::TooLarge(_) => "too_large",
            Self::RateLimited => "rate_limited",
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::NoKeys => StatusCode::FORBIDDEN,
            Self::NoSuchPath | Self::NoSuchRoom | Self::NoHistory => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// The header fields that the status requires.
    pub(super) fn headers(&self) -> HeaderMap {
        let field = match self {
            Self::Unauthorized => (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Self::RateLimited => (header::RETRY_AFTER, HeaderValue::from_static("1")),
            _ => return HeaderMap::new(),
        };
        HeaderMap::from_iter([field])
    }

    pub(super) fn to_json(&self) -> Value {
        json!({"error": {"code": self.code(), "message": self.to_string()}})
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadRequest(explanation) => explanation,
            Self::Unauthorized => "expected Authorization: Bearer and a key of the API",
            Self::NoKeys => "the API is off: start the server with --api-key-file",
            Self::NoSuchPath => "no such path",
            Self::NoSuchRoom => "the room has no members",
            Self::NoHistory => "the room has no history",
            Self::MethodNotAllowed => "the path does not support this method",
            Self::Timeout => "the body did not arrive in time",
            Self::TooLarge(limit) => return write!(f, "larger than {limit} bytes"),
            Self::RateLimited => "too many requests: this one was not handled",
        })
    }
}
