//! Whether a browser's page may connect (RFC 6455 §10.2).

/// Whether a page with this `Origin` comes from the `host` that was asked: then it is ours, or of
/// the proxy in front of us. Any site's page can make its visitors' browsers connect here, and only
/// the origin tells.
pub(crate) fn is_same_host(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default = match scheme.to_ascii_lowercase().as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let without_default =
        |text: &str| text.strip_suffix(default).unwrap_or(text).to_ascii_lowercase();
    without_default(authority) == without_default(host)
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
}
