//! Whether to follow a redirect, and with what (RFC 9110 §15.4, RFC 6455 §4.1).

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::{Request, Response, Uri};

/// A chain of redirects from one address.
///
/// ```
/// use ws_proto::client::{Redirects, Request, Uri};
///
/// # fn example(response: &ws_proto::client::Response) -> Result<(), Box<dyn std::error::Error>> {
/// let uri: Uri = "wss://example.com/chat".parse()?;
/// let request = Request::for_uri(&uri).header("Authorization", "Bearer 31337");
/// let mut redirects = Redirects::new(uri, 5);
/// // … a response that refuses has come:
/// if let Some((uri, request)) = redirects.follow(&request, response)? {
///     // connect to `uri` and send `request`
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Redirects {
    limit: usize,
    /// All addresses of the chain; the last one was asked last.
    visited: Vec<Uri>,
}

/// A redirect that is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RedirectError {
    /// More redirects than the limit.
    TooMany,
    /// An address of this chain again.
    Loop,
    /// The `Location` is no address of a WebSocket.
    Location,
    /// From `wss` to `ws`, where everybody could read along.
    Insecure,
}

impl Redirects {
    /// The most redirects that are ever followed.
    pub const MAX: usize = 10;

    /// A chain that begins at this address. None is followed with a limit of 0, and never more than
    /// [`MAX`](Self::MAX).
    pub fn new(uri: Uri, limit: usize) -> Self {
        Self { limit: limit.min(Self::MAX), visited: vec![uri] }
    }

    /// Where the response leads, and the request to send there; `None` if it is no redirect, or
    /// none is followed.
    ///
    /// At another origin (scheme, host and port) the request has no `Authorization`, `Cookie` and
    /// `Proxy-Authorization` fields and no user name and password of the address; a user name and a
    /// password in the `Location` are dropped. Other fields are kept: a secret does not belong into
    /// them where redirects are followed.
    ///
    /// # Errors
    ///
    /// [`RedirectError`]
    pub fn follow(
        &mut self,
        request: &Request,
        response: &Response,
    ) -> Result<Option<(Uri, Request)>, RedirectError> {
        let Some(location) = response.redirects_to() else { return Ok(None) };
        let Some(from) = self.visited.last() else { return Ok(None) };
        if self.limit == 0 {
            return Ok(None);
        }
        let to = from.resolve(location).map_err(|_invalid| RedirectError::Location)?;
        if from.is_secure() && !to.is_secure() {
            return Err(RedirectError::Insecure);
        }
        if self.visited.iter().any(|uri| uri.is_same_origin(&to) && uri.target() == to.target()) {
            return Err(RedirectError::Loop);
        }
        if self.visited.len() > self.limit {
            return Err(RedirectError::TooMany);
        }
        let request = request.redirected(&to, from.is_same_origin(&to));
        self.visited.push(to.clone());
        Ok(Some((to, request)))
    }
}

impl Response {
    /// The reference in the `Location` field of a redirect that can be followed.
    pub(super) fn redirects_to(&self) -> Option<&str> {
        match self.status() {
            301 | 302 | 303 | 307 | 308 => self.header("location"),
            _ => None,
        }
    }
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooMany => "too many redirects",
            Self::Loop => "the redirects go round in a circle",
            Self::Location => "the redirect leads to no address of a WebSocket",
            Self::Insecure => "the redirect leads from wss to ws",
        })
    }
}

impl core::error::Error for RedirectError {}
