//! The page that is served, and the policy that pins what it may do.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

/// The page: one file, without anything from elsewhere.
pub(crate) const PAGE: &str = include_str!("page.html");

/// Its Content-Security-Policy: the script and the style are the page's own, known by their
/// hashes, and connections are to WebSockets.
pub(crate) fn policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; \
             connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
            hash(element("script")),
            hash(element("style")),
        )
    });
    &POLICY
}

/// The text of the page's one element of this name.
fn element(name: &str) -> &'static str {
    let (begin, end) = (format!("<{name}>"), format!("</{name}>"));
    let text = PAGE.split_once(&begin).and_then(|(_, rest)| rest.split_once(&end));
    text.map_or("", |(text, _)| text)
}

fn hash(text: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What has no hash in the policy does not run.
    #[test]
    fn there_is_one_script_and_one_style_and_nothing_inline() {
        for name in ["script", "style"] {
            assert_eq!(PAGE.matches(&format!("<{name}")).count(), 1);
            assert!(!element(name).is_empty());
        }
        for inline in [" style=", " onclick=", " onload=", "javascript:", "innerHTML"] {
            assert!(!PAGE.contains(inline), "{inline}");
        }
    }

    #[test]
    fn the_policy_has_hashes() {
        // As `printf abc | openssl dgst -sha256 -binary | base64` says.
        assert_eq!(hash("abc"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        assert!(policy().contains(&format!("script-src 'sha256-{}'", hash(element("script")))));
    }
}
