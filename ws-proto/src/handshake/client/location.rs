//! References to addresses (RFC 3986 §5), as a `Location` field has them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{InvalidUri, Uri};

impl Uri {
    /// The address that `reference` means, seen from this one: an absolute address, where `http` is
    /// taken for `ws` and `https` for `wss`, or a relative one. A fragment is dropped, and so are a
    /// user name and a password.
    ///
    /// # Errors
    ///
    /// [`InvalidUri`]
    pub fn resolve(&self, reference: &str) -> Result<Self, InvalidUri> {
        let reference = reference.split('#').next().unwrap_or_default();
        let own = if self.is_secure() { "wss" } else { "ws" };
        let authority = self.authority();
        let absolute = match (scheme(reference), reference.strip_prefix("//")) {
            (Some((scheme, rest)), _) => {
                let scheme = match scheme {
                    _ if scheme.eq_ignore_ascii_case("http") => "ws",
                    _ if scheme.eq_ignore_ascii_case("https") => "wss",
                    _ => scheme,
                };
                format!("{scheme}:{rest}")
            }
            (None, Some(rest)) => format!("{own}://{rest}"),
            (None, None) => format!("{own}://{authority}{}", self.merged(reference)),
        };
        let mut uri: Self = absolute.parse()?;
        uri.credentials = None;
        let end = path_end(&uri.target);
        uri.target = without_dot_segments(&uri.target[..end]) + &uri.target[end..];
        Ok(uri)
    }

    /// The target that a relative path or query means (RFC 3986 §5.2.2 and §5.2.3).
    fn merged(&self, reference: &str) -> String {
        let path = &self.target[..path_end(&self.target)];
        match reference.bytes().next() {
            None => self.target.clone(),
            Some(b'/') => reference.into(),
            Some(b'?') => format!("{path}{reference}"),
            Some(_) => {
                let folder = path.rfind('/').map_or("/", |slash| &path[..=slash]);
                format!("{folder}{reference}")
            }
        }
    }
}

/// The scheme, and what follows its colon (RFC 3986 §3.1).
fn scheme(reference: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = reference.split_once(':')?;
    let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    valid.then_some((scheme, rest))
}

fn path_end(target: &str) -> usize {
    target.find('?').unwrap_or(target.len())
}

/// RFC 3986 §5.2.4, of a path that begins with a slash.
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
            let resolved = base.resolve(reference).expect(reference);
            assert_eq!(format!("{resolved}"), expected, "{reference}");
            assert_eq!(resolved.credentials(), None, "{reference}");
        }
        let secure: Uri = "wss://a:1/b".parse().expect("valid");
        assert_eq!(format!("{}", secure.resolve("//c/d").expect("valid")), "wss://c/d");
        assert_eq!(format!("{}", secure.resolve("d").expect("valid")), "wss://a:1/d");
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
            assert_eq!(base.resolve(reference), Err(fault), "{reference:?}");
        }
    }
}
