//! The page that is served, and the policy that pins what it may do.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

const FRAME: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/style.css");

/// The page's client, which other pages may import: an ES module.
pub(crate) const CLIENT: &str = include_str!("page/client.js");

/// One module, because a script known by its hash cannot import others by theirs.
const SCRIPT: &str = concat!(
    include_str!("page/client.js"),
    include_str!("page/script/element.js"),
    include_str!("page/script/format.js"),
    include_str!("page/script/close_codes.js"),
    include_str!("page/script/log.js"),
    include_str!("page/script/latency.js"),
    include_str!("page/script/rooms.js"),
    include_str!("page/script/input_history.js"),
    include_str!("page/script/composer.js"),
    include_str!("page/script/notice.js"),
    include_str!("page/script/authentication.js"),
    include_str!("page/script/main.js"),
);

/// The page: one file, without anything from elsewhere. It knows the largest message that the
/// server takes, in bytes.
pub(crate) fn html(max_message: usize) -> String {
    let frame = FRAME.replace("{max-message}", &max_message.to_string());
    frame.replace("{style}", STYLE).replace("{script}", SCRIPT)
}

/// Its Content-Security-Policy: the script and the style are the page's own, known by their
/// hashes, and connections are to WebSockets.
pub(crate) fn policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; \
             connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
            hash(SCRIPT),
            hash(STYLE),
        )
    });
    &POLICY
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
        let page = html(1024);
        for (start, text, end) in
            [(r#"<script type="module">"#, SCRIPT, "</script>"), ("<style>", STYLE, "</style>")]
        {
            assert_eq!(page.matches(&start[..6]).count(), 1);
            assert!(page.contains(&[start, text, end].concat()));
        }
        for inline in [" style=", " onclick=", " onload=", "javascript:", "innerHTML"] {
            assert!(!page.contains(inline), "{inline}");
        }
    }

    #[test]
    fn the_page_knows_the_limit() {
        assert!(html(65536).contains(r#"<meta name="max-message" content="65536">"#));
    }

    #[test]
    fn the_policy_has_hashes() {
        // As `printf abc | openssl dgst -sha256 -binary | base64` says.
        assert_eq!(hash("abc"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        assert!(policy().contains(&format!("script-src 'sha256-{}'", hash(SCRIPT))));
    }
}
