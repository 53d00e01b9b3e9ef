//! `docs/requirements` names places that exist.

use std::fs;
use std::path::Path;

/// The places in a file of requirements: `FILE::NAME`, each in quotation marks.
fn places(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('"').filter(|quoted| quoted.starts_with("ws-")).filter_map(|it| it.split_once("::"))
}

#[test]
fn the_code_and_the_tests_of_each_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a repository");
    let mut count = 0;
    let mut missing = Vec::new();
    for file in fs::read_dir(root.join("docs/requirements")).expect("a folder") {
        let text = fs::read_to_string(file.expect("a file").path()).expect("text");
        for (path, name) in places(&text) {
            count += 1;
            let code = fs::read_to_string(root.join(path)).unwrap_or_default();
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            if !code.split(|c| !is_name(c)).any(|word| word == name) {
                missing.push(format!("{path}::{name}"));
            }
        }
    }
    assert!(count > 300, "{count} places are named");
    assert!(missing.is_empty(), "{missing:#?}");
}
