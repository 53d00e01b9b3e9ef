//! The host and the port of a server, as the `Host` field and an authority have them (RFC 9110 §7.2).

use core::net::Ipv6Addr;

/// Whether the text names a host, perhaps with a port.
pub(super) fn is_host(text: &str) -> bool {
    uri_host(text).is_some_and(|host| !host.is_empty())
}

/// The host in `uri-host [ ":" port ]`, which may be empty; `None` if the text is something else
/// (RFC 3986 §3.2.2). A port is any number of digits, or none (§3.2.3).
pub(super) fn uri_host(text: &str) -> Option<&str> {
    let is_literal = text.starts_with('[');
    let end = match is_literal {
        true => text.find(']')? + 1,
        false => text.find(':').unwrap_or(text.len()),
    };
    let (host, rest) = text.split_at(end);
    let is_port = match rest.strip_prefix(':') {
        Some(port) => port.bytes().all(|byte| byte.is_ascii_digit()),
        None => rest.is_empty(),
    };
    let is_valid = match is_literal {
        true => is_ip_literal(&host[1..end - 1]),
        false => is_registered_name(host),
    };
    (is_port && is_valid).then_some(host)
}

/// The text between brackets: an address of IPv6 or of a future version.
fn is_ip_literal(text: &str) -> bool {
    let Some((version, address)) = text.strip_prefix(['v', 'V']).and_then(|it| it.split_once('.'))
    else {
        return text.parse::<Ipv6Addr>().is_ok();
    };
    let is_hex = |byte: u8| byte.is_ascii_hexdigit();
    !version.is_empty()
        && version.bytes().all(is_hex)
        && !address.is_empty()
        && address.bytes().all(|byte| is_name_character(byte) || byte == b':')
}

/// A registered name, or an address of IPv4, which looks like one.
fn is_registered_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let is_valid = match byte {
            b'%' => [bytes.next(), bytes.next()]
                .iter()
                .all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => is_name_character(byte),
        };
        if !is_valid {
            return false;
        }
    }
    true
}

/// `unreserved` and `sub-delims` (RFC 3986 §2.2 and §2.3).
fn is_name_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for text in [
            "a",
            "a:",
            "a:0",
            "a:99999999",
            "a,b",
            "A-b_c.~!$&'()*+,;=",
            "%41%c3%BC:80",
            "127.0.0.1:9001",
            "999.0.0.1",
            "[::1]",
            "[::1]:",
            "[2001:db8::7]:9001",
            "[::ffff:192.0.2.1]",
            "[v1.a:b]",
            "[V1F.(a)]:80",
        ] {
            assert!(is_host(text), "{text}");
        }
        for text in [
            "a:b",
            "a:b:c",
            "a:x",
            "a:+1",
            "a:1 ",
            "a:1:2",
            "[::1",
            "::1",
            "a]",
            "a[]",
            "[]",
            "[a]",
            "[::1]a",
            "[::1]]",
            "[[::1]]",
            "[::g]",
            "[fe80::1%25eth0]",
            "[127.0.0.1]",
            "[v.a]",
            "[v1.]",
            "[vg.a]",
            "[v1]",
            "%",
            "%4",
            "%zz",
            "%4g",
            "a b",
            "a\tb",
            "a/",
            "user@a",
            "a\"",
            "ü",
        ] {
            assert_eq!(uri_host(text), None, "{text}");
        }
        // The grammar allows an empty host, which names no server.
        for text in ["", ":", ":80"] {
            assert_eq!(uri_host(text), Some(""), "{text}");
            assert!(!is_host(text), "{text}");
        }
    }
}
