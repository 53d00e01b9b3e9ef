//! Whether a browser's page may connect (RFC 6455 §10.2).

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
    /// Whether a page may connect that has this `Origin`, to the `host` that was asked.
    pub(crate) fn allow(&self, origin: &str, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::SameHost => is_same_host(origin, host),
            Self::Listed(origins) => {
                is_same_host(origin, host)
                    || Origin::parse(origin).is_some_and(|origin| origins.contains(&origin))
            }
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

/// Whether a page with this `Origin` comes from the `host` that was asked: then it is ours, or of
/// the proxy in front of us. Any site's page can make its visitors' browsers connect here, and only
/// the origin tells.
fn is_same_host(origin: &str, host: &str) -> bool {
    let Some(Origin { scheme, authority }) = Origin::parse(origin) else { return false };
    let Some(default) = default_port(&scheme) else { return false };
    let host = host.to_ascii_lowercase();
    host.strip_suffix(default).unwrap_or(&host) == authority
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        for (origin, host, same) in [
            ("http://127.0.0.1:9001", "127.0.0.1:9001", true),
            ("http://localhost:9001", "localhost:9001", true),
            ("HTTP://LocalHost:9001", "localhost:9001", true),
            ("https://chat.example", "chat.example", true),
            ("https://chat.example", "chat.example:443", true),
            ("http://chat.example:80", "chat.example", true),
            ("http://[::1]:9001", "[::1]:9001", true),
            ("http://localhost:9001", "127.0.0.1:9001", false),
            ("http://localhost:9002", "localhost:9001", false),
            ("http://localhost", "localhost:9001", false),
            ("https://chat.example", "chat.example:80", false),
            ("https://evil.example", "chat.example", false),
            ("https://chat.example.evil.example", "chat.example", false),
            ("https://chat.example@evil.example", "chat.example", false),
            ("chrome-extension://chat.example", "chat.example", false),
            ("chat.example", "chat.example", false),
            ("null", "null", false),
            ("", "", false),
        ] {
            assert_eq!(is_same_host(origin, host), same, "{origin} {host}");
        }
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
            (&Origins::SameHost, "https://chat.example", false),
            (&Origins::Any, "https://evil.example", true),
            (&Origins::Any, "null", true),
        ] {
            assert_eq!(origins.allow(origin, "here.example"), allowed, "{origins:?} {origin}");
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
