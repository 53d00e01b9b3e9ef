//! Resolves URI references (RFC 3986 §5) of the `Location` field.

use ws_futures::client::{InvalidUri, Uri};

/// Resolves `reference`, an absolute URI or a relative reference, against `base`. The fragment, user name
/// and password are dropped.
pub(super) fn resolve(base: &Uri, reference: &str) -> Result<Uri, InvalidUri> {
    let reference = reference.split('#').next().unwrap_or_default();
    let own = if base.is_secure() { "wss" } else { "ws" };
    let absolute = match reference.strip_prefix("//") {
        Some(rest) => format!("{own}://{rest}"),
        None if has_scheme(reference) => reference.into(),
        None => format!("{own}://{}{}", base.authority(), merged(base.target(), reference)),
    };
    let uri: Uri = absolute.parse()?;
    let scheme = if uri.is_secure() { "wss" } else { "ws" };
    let (path, query) = uri.target().split_at(path_end(uri.target()));
    format!("{scheme}://{}{}{query}", uri.authority(), without_dot_segments(path)).parse()
}

/// Resolves a relative path or query against a target (RFC 3986 §5.2.2 and §5.2.3).
fn merged(target: &str, reference: &str) -> String {
    let path = &target[..path_end(target)];
    match reference.bytes().next() {
        None => target.into(),
        Some(b'/') => reference.into(),
        Some(b'?') => format!("{path}{reference}"),
        Some(_) => {
            let folder = path.rfind('/').map_or("/", |slash| &path[..=slash]);
            format!("{folder}{reference}")
        }
    }
}

/// Whether a reference begins with a scheme (RFC 3986 §3.1).
fn has_scheme(reference: &str) -> bool {
    let Some((scheme, _)) = reference.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn path_end(target: &str) -> usize {
    target.find('?').unwrap_or(target.len())
}

/// Removes dot segments (RFC 3986 §5.2.4) of a path that begins with a slash.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ => {
                kept.push(segment);
                continue;
            }
        }
        if segments.peek().is_none() {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn references() {
        // The relative ones are from RFC 3986 §5.4.
        for (reference, expected) in [
            ("g", "ws://a/b/c/g"),
            ("./g", "ws://a/b/c/g"),
            ("g/", "ws://a/b/c/g/"),
            ("/g", "ws://a/g"),
            ("//g", "ws://g/"),
            ("//g/h", "ws://g/h"),
            ("?y", "ws://a/b/c/d;p?y"),
            ("g?y", "ws://a/b/c/g?y"),
            ("#s", "ws://a/b/c/d;p?q"),
            ("g#s", "ws://a/b/c/g"),
            (";x", "ws://a/b/c/;x"),
            ("", "ws://a/b/c/d;p?q"),
            (".", "ws://a/b/c/"),
            ("..", "ws://a/b/"),
            ("../g", "ws://a/b/g"),
            ("../../../g", "ws://a/g"),
            ("/./g", "ws://a/g"),
            ("g.", "ws://a/b/c/g."),
            ("./g/.", "ws://a/b/c/g/"),
            ("g/../h", "ws://a/b/c/h"),
            ("g?y/../x", "ws://a/b/c/g?y/../x"),
            ("http://b", "ws://b/"),
            ("HTTPS://b:8443/x/../y#z", "wss://b:8443/y"),
            ("https://b:443/", "wss://b/"),
            ("wss://me:secret@b/", "wss://b/"),
        ] {
            let base: Uri = "ws://user@a/b/c/d;p?q".parse().expect("valid");
            let resolved = resolve(&base, reference).expect(reference);
            assert_eq!(format!("{resolved}"), expected, "{reference}");
            assert_eq!(resolved.credentials(), None, "{reference}");
        }
        let secure: Uri = "wss://a:1/b".parse().expect("valid");
        assert_eq!(format!("{}", resolve(&secure, "//c/d").expect("valid")), "wss://c/d");
        assert_eq!(format!("{}", resolve(&secure, "d").expect("valid")), "wss://a:1/d");
    }

    #[test]
    fn references_to_nothing() {
        let base: Uri = "ws://a/b".parse().expect("valid");
        for (reference, fault) in [
            ("ftp://b/", InvalidUri::Scheme),
            ("g:h", InvalidUri::Scheme),
            ("http:/b", InvalidUri::Scheme),
            ("http://", InvalidUri::Host),
            ("//b:x/", InvalidUri::Port),
            ("/a b", InvalidUri::Target),
            ("/\r\nX: y", InvalidUri::Target),
            ("ü", InvalidUri::Target),
        ] {
            assert_eq!(resolve(&base, reference), Err(fault), "{reference:?}");
        }
    }

    proptest! {
        /// For any reference, the result is a WebSocket URI without dot segments.
        #[test]
        fn any_reference(reference in "(https?:|wss?:|ftp:)?[/a.:?#@%\\[\\]]{0,20}") {
            let base: Uri = "wss://a:81/b/c?d".parse().expect("valid");
            let Ok(resolved) = resolve(&base, &reference) else { return Ok(()) };
            let path = resolved.target().split('?').next().expect("a path");
            prop_assert!(!path.split('/').any(|segment| segment == "." || segment == ".."));
            prop_assert_eq!(resolved.to_string().parse(), Ok(resolved));
        }
    }
}
