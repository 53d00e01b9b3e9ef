//! Whether a browser's page may connect (RFC 6455 §10.2).

use ws_tokio::server::RequestHead;

/// The sites whose pages may connect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origins {
    /// Those that the server, or the proxy in front of it, serves itself.
    #[default]
    SameHost,
    /// Those, and these.
    Listed(Vec<Origin>),
    Any,
}

/// A site, as in `https://chat.example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: String,
    /// Without the scheme's own port.
    authority: String,
}

impl Origins {
    /// Whether the page behind this request may connect, if there is one.
    pub(crate) fn allow(&self, request: &RequestHead) -> bool {
        let listed = |origins: &[Origin]| {
            request.origin().and_then(Origin::parse).is_some_and(|origin| origins.contains(&origin))
        };
        match self {
            Self::Any => true,
            Self::SameHost => !request.is_cross_origin(),
            Self::Listed(origins) => !request.is_cross_origin() || listed(origins),
        }
    }
}

impl Origin {
    /// Parses a site: a scheme and an authority, nothing behind.
    pub(crate) fn parse(origin: &str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let authority = authority.to_ascii_lowercase();
        if scheme.is_empty() || authority.is_empty() || authority.contains(['/', '?', '#', '@']) {
            return None;
        }
        let port = default_port(&scheme).unwrap_or_default();
        let authority = authority.strip_suffix(port).unwrap_or(&authority).to_owned();
        Some(Self { scheme, authority })
    }
}

fn default_port(scheme: &str) -> Option<&'static str> {
    match scheme {
        "http" => Some(":80"),
        "https" => Some(":443"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ws_tokio::Config;
    use ws_tokio::server::ServerRequest;

    use super::*;

    /// A request to `here.example` from this page.
    fn request(origin: &str) -> ServerRequest {
        let fields = [
            ("Host", "here.example"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Version", "13"),
            ("Origin", origin),
        ];
        let fields = fields.map(|(name, value)| (name, value.as_bytes()));
        ServerRequest::from_parts(Config::default(), "GET", "/", fields).expect("valid")
    }

    #[test]
    fn listed_sites() {
        let site = |text| Origin::parse(text).expect("a site");
        let listed = Origins::Listed(vec![site("https://Chat.Example:443"), site("app://x")]);
        for (origins, origin, allowed) in [
            (&listed, "https://chat.example", true),
            (&listed, "https://chat.example:443", true),
            (&listed, "http://here.example", true),
            (&listed, "app://x", true),
            (&listed, "http://chat.example", false),
            (&listed, "https://chat.example:8443", false),
            (&listed, "https://chat.example.evil.example", false),
            (&listed, "null", false),
            (&Origins::SameHost, "https://here.example", true),
            (&Origins::SameHost, "https://chat.example", false),
            (&Origins::Any, "https://evil.example", true),
            (&Origins::Any, "null", true),
        ] {
            assert_eq!(origins.allow(&request(origin)), allowed, "{origins:?} {origin}");
        }
    }

    #[test]
    fn no_sites() {
        for text in [
            "chat.example",
            "https://",
            "://x",
            "https://x/",
            "https://x/path",
            "https://a@b",
            "null",
        ] {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
    }
}
