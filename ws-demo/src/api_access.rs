//! Who may use the API for backends, and how often.

use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use tokio::time::Instant;

use crate::auth::Tokens;
use crate::bearer::bearer;
use crate::rate::{Bucket, Rate};

/// Why a request is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// The key is wrong or missing.
    Unauthorized,
    /// The server has no keys.
    NoKeys,
    RateLimited,
}

/// The keys of the API, and the rate at which it may be used.
pub(crate) struct ApiAccess {
    /// `None`: no request is allowed.
    keys: Option<Tokens>,
    limit: Option<Rate>,
    bucket: Mutex<Bucket>,
}

impl ApiAccess {
    pub(crate) fn new(keys: Option<Tokens>, limit: Option<Rate>) -> Self {
        Self { keys, limit, bucket: Mutex::new(Bucket::new(Instant::now())) }
    }

    /// Reads the keys again, and reports to the log. If that fails the former ones stay valid.
    pub(crate) fn reload(&self) {
        match self.keys.as_ref().map(Tokens::reload) {
            Some(Ok(count)) => tracing::info!("[ws] {count} API keys reloaded"),
            Some(Err(error)) => {
                tracing::error!("[ws] API keys not reloaded, the former ones stay valid: {error}");
            }
            None => {}
        }
    }

    /// Admits a request with one of the keys.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<(), Denied> {
        let Some(keys) = &self.keys else { return Err(Denied::NoKeys) };
        let key = bearer(headers).ok_or(Denied::Unauthorized)?;
        keys.find(key).ok_or(Denied::Unauthorized)?;
        // A panic elsewhere leaves the bucket valid.
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        match self.limit.is_none_or(|rate| bucket.take(rate, Instant::now())) {
            true => Ok(()),
            false => Err(Denied::RateLimited),
        }
    }
}
