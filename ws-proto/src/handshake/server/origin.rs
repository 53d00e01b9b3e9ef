//! The origin of the page that made a request (RFC 6455 §10.2, RFC 6454).

/// Whether a page with this `Origin` was served by the `host` that was asked: the same name and
/// port, those of the scheme being the default.
pub(super) fn is_of_host(origin: &str, host: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let default = if scheme.eq_ignore_ascii_case("http") {
        ":80"
    } else if scheme.eq_ignore_ascii_case("https") {
        ":443"
    } else {
        return false;
    };
    let [page, host] = [authority, host].map(|it| it.strip_suffix(default).unwrap_or(it));
    page.eq_ignore_ascii_case(host)
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
            assert_eq!(is_of_host(origin, host), same, "{origin} {host}");
        }
    }
}
