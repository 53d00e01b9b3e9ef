//! Requests to disconnect clients: of the API, and of other nodes.

use std::fmt;

use serde::{Deserialize, Serialize};
use ws_tokio::{Close, CloseCode};

use crate::broadcast::Hub;
use crate::id::ClientId;

/// The close code of a client that may connect again, with another token.
pub(crate) const END_OF_GRANT: CloseCode = CloseCode::new(4503);

/// The longest reason that a Close frame can have, in bytes (RFC 6455 §5.5).
const MAX_REASON: usize = 123;

/// The clients to disconnect, and what they are told. It is written in JSON, for other nodes as well.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Disconnect {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client: Option<ClientId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(default = "default_code")]
    code: u16,
    #[serde(default)]
    reason: String,
}

fn default_code() -> u16 {
    END_OF_GRANT.get()
}

impl Disconnect {
    /// Reads and checks a request.
    ///
    /// # Errors
    ///
    /// [`BadRequest`], with an explanation.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, BadRequest> {
        let request: Self =
            serde_json::from_slice(json).map_err(|error| BadRequest(error.to_string()))?;
        let bad = |explanation: &str| Err(BadRequest(explanation.to_owned()));
        if request.client.is_some() == request.user.is_some() {
            return bad("expected either client or user");
        }
        if !(4000..=4999).contains(&request.code) {
            return bad("code: expected a number from 4000 to 4999");
        }
        if request.reason.len() > MAX_REASON {
            return bad("reason: at most 123 bytes are allowed");
        }
        Ok(request)
    }

    /// The request for other nodes.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("names and numbers")
    }

    /// Disconnects the clients of this node; returns their number.
    pub(crate) fn apply(&self, hub: &Hub) -> usize {
        let close = Close::new(CloseCode::new(self.code), self.reason.clone());
        let closed = match (&self.client, &self.user) {
            (Some(client), _) => hub.disconnect(client, close).map(usize::from),
            (None, Some(user)) => hub.disconnect_where(|_, identity| identity.is_of(user), close),
            (None, None) => Ok(0),
        };
        closed.expect("a code and a reason that were checked")
    }
}

/// The request cannot be understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadRequest(String);

impl fmt::Display for BadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests() {
        let request = Disconnect::parse(br#"{"client":"00c0ffee"}"#).expect("a good request");
        assert_eq!(request.client, Some(ClientId::new(0x00c0_ffee)));
        assert_eq!((request.code, request.reason.as_str()), (4503, ""));
        let json = r#"{"user":"alice","code":4000,"reason":"bye"}"#;
        let request = Disconnect::parse(json.as_bytes()).expect("a good request");
        assert_eq!((request.user.as_deref(), request.code), (Some("alice"), 4000));
        assert_eq!(request.to_json(), json);
        assert_eq!(Disconnect::parse(request.to_json().as_bytes()), Ok(request));
    }

    #[test]
    fn mistakes() {
        let long = format!(r#"{{"user":"alice","reason":"{}"}}"#, "x".repeat(124));
        for (json, explanation) in [
            ("", "EOF"),
            ("{}", "either client or user"),
            (r#"{"client":"00c0ffee","user":"alice"}"#, "either client or user"),
            (r#"{"client":null}"#, "either client or user"),
            (r#"{"client":"alice"}"#, "8 hexadecimal"),
            (r#"{"client":7}"#, "expected a string"),
            (r#"{"user":7}"#, "expected a string"),
            (r#"{"user":"alice","code":3999}"#, "from 4000 to 4999"),
            (r#"{"user":"alice","code":5000}"#, "from 4000 to 4999"),
            (r#"{"user":"alice","code":70000}"#, "u16"),
            (r#"{"user":"alice","cod":4000}"#, "unknown field"),
            (r#"{"user":"alice","user":"bob"}"#, "duplicate field"),
            (&long, "at most 123 bytes"),
        ] {
            let error = Disconnect::parse(json.as_bytes()).expect_err(json).to_string();
            assert!(error.contains(explanation), "{json}: {error}");
        }
    }
}
