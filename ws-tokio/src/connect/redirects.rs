//! The redirect policy (RFC 9110 §15.4, RFC 6455 §4.1).

use std::fmt;

use ws_futures::client::{ClientRequest, Response, Uri};

use super::location::resolve;

/// The upper limit of redirects to follow.
const MAX_REDIRECTS: usize = 10;

/// A chain of redirects from one URI.
#[derive(Clone, Debug)]
pub(super) struct Redirects {
    limit: usize,
    /// All URIs of the chain; the last one was requested last.
    visited: Vec<Uri>,
}

/// A redirect that is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RedirectError {
    /// More redirects than the limit.
    TooMany,
    /// The target is a URI of this chain.
    Loop,
    /// The `Location` is not a WebSocket URI.
    Location,
    /// From `wss` to `ws`, which is not encrypted.
    Insecure,
}

impl Redirects {
    /// Creates a chain that begins at this URI. A limit of 0 follows none; the maximum is
    /// [`MAX_REDIRECTS`].
    pub(super) fn new(uri: Uri, limit: usize) -> Self {
        Self { limit: limit.min(MAX_REDIRECTS), visited: vec![uri] }
    }

    /// Returns the target of the redirect, and the request to send there; `None` if the response is not a
    /// redirect, or none is followed.
    ///
    /// A request to another origin (scheme, host and port) has no credentials.
    pub(super) fn follow(
        &mut self,
        request: &ClientRequest,
        response: &Response,
    ) -> Result<Option<(Uri, ClientRequest)>, RedirectError> {
        let Some(location) = response.redirects_to() else { return Ok(None) };
        let Some(from) = self.visited.last() else { return Ok(None) };
        if self.limit == 0 {
            return Ok(None);
        }
        let to = resolve(from, location).map_err(|_invalid| RedirectError::Location)?;
        if from.is_secure() && !to.is_secure() {
            return Err(RedirectError::Insecure);
        }
        if self.visited.iter().any(|uri| uri.is_same_origin(&to) && uri.target() == to.target()) {
            return Err(RedirectError::Loop);
        }
        if self.visited.len() > self.limit {
            return Err(RedirectError::TooMany);
        }
        let mut request = request.clone().redirected_to(&to);
        if !from.is_same_origin(&to) {
            request = request.without_credentials();
        }
        self.visited.push(to.clone());
        Ok(Some((to, request)))
    }
}

impl fmt::Display for RedirectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooMany => "too many redirects",
            Self::Loop => "redirect loop",
            Self::Location => "redirect target is not a WebSocket URI",
            Self::Insecure => "redirect from wss to ws",
        })
    }
}

impl std::error::Error for RedirectError {}

#[cfg(test)]
mod tests {
    use ws_futures::Config;
    use ws_futures::client::ClientProgress;

    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().expect(text)
    }

    fn request(uri: &Uri) -> ClientRequest {
        ClientRequest::for_uri(uri)
            .subprotocol("chat")
            .header("Authorization", "Bearer x")
            .header("cookie", "a=b")
            .header("Proxy-Authorization", "Basic eDp5")
            .header("X-Own", "kept")
    }

    fn response(status: u16, location: &str) -> Response {
        let text = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n{location}\r\n");
        let sent = ClientRequest::new("a", "/").send(Config::default(), [7; 32], &mut Vec::new());
        match sent.expect("valid").receive(&mut text.into_bytes().as_mut_slice()) {
            Ok(ClientProgress::Refused(response)) => response,
            other => panic!("{other:?}"),
        }
    }

    fn found(location: &str) -> Response {
        response(302, &format!("Location: {location}\r\n"))
    }

    fn sent(request: ClientRequest) -> String {
        let mut out = Vec::new();
        request.send(Config::default(), [7; 32], &mut out).expect("valid");
        String::from_utf8(out).expect("text")
    }

    type Followed = Result<Option<(Uri, ClientRequest)>, RedirectError>;

    fn follow(from: &str, location: &str) -> Followed {
        let from = uri(from);
        Redirects::new(from.clone(), 5).follow(&request(&from), &found(location))
    }

    fn error(followed: Followed) -> RedirectError {
        followed.expect_err("an error")
    }

    #[test]
    fn a_refusal_is_no_redirect() {
        let from = uri("ws://a/");
        for response in [response(403, "Location: /x\r\n"), response(302, "")] {
            let followed = Redirects::new(from.clone(), 5).follow(&request(&from), &response);
            assert!(followed.expect("a decision").is_none(), "{response:?}");
        }
    }

    #[test]
    fn none_is_followed_unless_asked_for() {
        let from = uri("wss://a/");
        for location in ["/x", "ws://a/", "ftp://a/"] {
            let followed =
                Redirects::new(from.clone(), 0).follow(&request(&from), &found(location));
            assert!(followed.expect("a decision").is_none(), "{location}");
        }
    }

    #[test]
    fn the_same_origin_gets_the_credentials() {
        let (to, request) =
            follow("wss://a/x", "https://A:443/y?z").expect("valid").expect("followed");
        assert_eq!(to.to_string(), "wss://A/y?z");
        let sent = sent(request);
        assert!(sent.starts_with("GET /y?z HTTP/1.1\r\nHost: A\r\n"), "{sent}");
        for field in [
            "Sec-WebSocket-Protocol: chat",
            "Authorization: Bearer x",
            "cookie: a=b",
            "Proxy-Authorization: Basic eDp5",
            "X-Own: kept",
        ] {
            assert!(sent.contains(&format!("\r\n{field}\r\n")), "{field}: {sent}");
        }
    }

    #[test]
    fn another_origin_does_not() {
        for (from, location) in [
            ("wss://a/", "wss://b/"),
            ("wss://a/", "wss://a:8443/"),
            ("ws://a/", "wss://a/x"),
            ("wss://a/", "wss://sub.a/"),
            ("wss://a/", "//b"),
        ] {
            let (_, request) = follow(from, location).expect("valid").expect("followed");
            let sent = sent(request);
            for secret in ["uthorization", "ookie"] {
                assert!(!sent.contains(secret), "{from} -> {location}: {sent}");
            }
            assert!(sent.contains("\r\nX-Own: kept\r\n"), "{sent}");
            assert!(sent.contains("\r\nSec-WebSocket-Protocol: chat\r\n"), "{sent}");
        }
    }

    #[test]
    fn user_and_password_of_the_address_stay_at_its_origin() {
        let from = uri("wss://me:secret@a/");
        let sent_to = |location: &str| {
            let followed = Redirects::new(from.clone(), 5)
                .follow(&ClientRequest::for_uri(&from), &found(location))
                .expect("valid");
            sent(followed.expect("followed").1)
        };
        assert!(sent_to("/x").contains("\r\nAuthorization: Basic bWU6c2VjcmV0\r\n"));
        assert!(!sent_to("wss://b/").contains("uthorization"));
        // A server does not choose the client's credentials.
        assert!(!sent_to("wss://you:known@b/").contains("uthorization"));
        assert!(
            sent_to("wss://you:known@a/y").contains("\r\nAuthorization: Basic bWU6c2VjcmV0\r\n")
        );
    }

    #[test]
    fn credentials_do_not_come_back() {
        let from = uri("wss://a/");
        let mut redirects = Redirects::new(from.clone(), 5);
        let mut step = |request: &ClientRequest, location: &str| {
            redirects.follow(request, &found(location)).expect("valid").expect("followed").1
        };
        let elsewhere = step(&request(&from), "wss://b/");
        let back = step(&elsewhere, "wss://a/x");
        assert!(!sent(back).contains("uthorization"));
    }

    #[test]
    fn never_from_wss_to_ws() {
        for location in ["ws://a/", "http://a/x", "http://b/"] {
            assert_eq!(error(follow("wss://a/", location)), RedirectError::Insecure, "{location}");
        }
        assert!(follow("ws://a/", "ws://b/").expect("valid").is_some());
    }

    #[test]
    fn locations_that_are_none() {
        for location in ["ftp://a/", "javascript:alert(1)", "https://", "//a:99999/", "/a b"] {
            assert_eq!(error(follow("wss://a/", location)), RedirectError::Location, "{location}");
        }
    }

    #[test]
    fn circles() {
        let from = uri("ws://a/x");
        let mut redirects = Redirects::new(from.clone(), 10);
        let request = request(&from);
        assert_eq!(error(redirects.follow(&request, &found("/x"))), RedirectError::Loop);
        assert!(redirects.follow(&request, &found("/y")).expect("valid").is_some());
        assert!(redirects.follow(&request, &found("https://b/")).expect("valid").is_some());
        assert_eq!(error(redirects.follow(&request, &found("//B:443"))), RedirectError::Loop);
        assert_eq!(error(redirects.follow(&request, &found("/#again"))), RedirectError::Loop);
    }

    #[test]
    fn an_end_to_all_redirects() {
        for (limit, followed) in [(1, 1), (3, 3), (10, 10), (11, 10), (usize::MAX, 10)] {
            let from = uri("ws://a/");
            let mut redirects = Redirects::new(from.clone(), limit);
            let request = request(&from);
            for number in 0..followed {
                let next = redirects.follow(&request, &found(&format!("/{number}")));
                assert!(next.expect("valid").is_some(), "{number} of {limit}");
            }
            assert_eq!(error(redirects.follow(&request, &found("/last"))), RedirectError::TooMany);
        }
    }
}
