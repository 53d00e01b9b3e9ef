//! The tested code is the code in the documents.

use std::fs;

/// Checks that `code` is one of the code blocks.
fn shows(text: &str, fence: &str, code: &str) {
    let block = format!("\n{fence}\n{code}```\n");
    assert!(text.replace("\r\n", "\n").contains(&block), "not in the document:{block}");
}

#[test]
fn the_guide_has_the_server_and_the_client() {
    let guide = include_str!("../../../docs/adapter.md");
    shows(guide, "```", include_str!("server.rs"));
    shows(guide, "```", include_str!("client.rs"));
    assert_eq!(guide.matches("```\n").count(), 4, "all code of the guide is tested");
}

#[test]
fn the_readme_has_the_echo() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md"));
    shows(&readme.expect("text"), "```rust,no_run", include_str!("readme.rs"));
}
