//! The body of a request.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use tokio::time::timeout;

use super::error::ApiError;

/// The time within which a body must arrive.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What may surround a message: its room, each byte of which may be escaped, and the other keys.
const AROUND_MESSAGE: usize = 2048;

/// Reads a body that contains a message of up to `max_message` bytes.
///
/// # Errors
///
/// It is larger, late, or ends before its length.
pub(super) async fn read(body: Body, max_message: usize) -> Result<Bytes, ApiError> {
    let limit = max_message.saturating_add(AROUND_MESSAGE);
    match timeout(TIMEOUT, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => Err(match is_over_limit(&error) {
            true => ApiError::TooLarge(limit),
            false => ApiError::BadRequest("the body ended before its length".to_owned()),
        }),
        Err(_elapsed) => Err(ApiError::Timeout),
    }
}

fn is_over_limit(error: &axum::Error) -> bool {
    std::error::Error::source(error)
        .is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}
