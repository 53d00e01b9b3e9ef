use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use xshell::{Shell, cmd};

use crate::workspace::{LIBRARIES, libraries};

/// The files that a package must contain besides its code.
const FILES: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// The fields that its manifest must have for crates.io and docs.rs.
const FIELDS: [&str; 6] =
    ["description", "documentation", "license", "readme", "rust_version", "keywords"];

const DEPENDENCIES: &str = "docs/dependencies.md";

/// Packages the libraries, and checks what `cargo package` does not.
pub(crate) fn run(sh: &Shell) -> Result<()> {
    let libraries = libraries();
    cmd!(sh, "cargo package --no-verify --allow-dirty {libraries...}").run()?;

    let metadata = cmd!(sh, "cargo metadata --no-deps --format-version 1").read()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().context("cargo metadata: no packages")?;
    let reasons = sh.read_file(DEPENDENCIES)?;
    let mut wrong = Vec::new();
    let mut published = BTreeSet::new();
    for package in packages.iter().filter(|package| package["publish"].is_null()) {
        let name = package["name"].as_str().context("cargo metadata: no name")?;
        published.insert(name);
        let list = cmd!(sh, "cargo package --list --allow-dirty --package {name}").read()?;
        let readme = sh.read_file(format!("{name}/README.md"));
        let found = manifest(package).into_iter();
        let found = found.chain(files(&list));
        let found = found.chain(readme_gaps(package, &readme.unwrap_or_default()));
        let found = found.chain(without_reason(name, package, &reasons));
        wrong.extend(found.map(|gap| format!("{name}: {gap}")));
    }
    if published != BTreeSet::from_iter(LIBRARIES.iter().copied()) {
        wrong.push(format!("published are {published:?}; others need `publish = false`"));
    }
    if !wrong.is_empty() {
        bail!("not ready to publish:\n  {}", wrong.join("\n  "));
    }
    Ok(())
}

fn manifest(package: &Value) -> Vec<String> {
    let is_set =
        |value: &Value| value.is_string() || value.as_array().is_some_and(|a| !a.is_empty());
    let missing = FIELDS.iter().chain(&["categories"]).filter(|field| !is_set(&package[**field]));
    let mut gaps: Vec<_> = missing.map(|field| format!("Cargo.toml has no `{field}`")).collect();
    if package["metadata"]["docs"]["rs"]["all-features"] != true {
        gaps.push("Cargo.toml does not enable all features on docs.rs".to_owned());
    }
    gaps
}

fn files(list: &str) -> Vec<String> {
    let missing = FILES.iter().filter(|file| !list.lines().any(|line| line == **file));
    missing.map(|file| format!("the package has no {file}")).collect()
}

/// The README must name each feature and the oldest compiler.
fn readme_gaps(package: &Value, readme: &str) -> Vec<String> {
    let features = package["features"].as_object().into_iter().flatten().map(|(name, _)| name);
    let mut wanted: Vec<_> =
        features.filter(|name| *name != "default").map(|name| format!("| `{name}` |")).collect();
    wanted.push(format!("Rust {}", package["rust_version"].as_str().unwrap_or_default()));
    wanted.retain(|text| !readme.contains(text));
    wanted.into_iter().map(|text| format!("README.md has no `{text}`")).collect()
}

/// The dependencies that have no row with this package in the tables of reasons, and the rows with
/// it that have no dependency.
fn without_reason(name: &str, package: &Value, reasons: &str) -> Vec<String> {
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    let used: BTreeSet<_> = dependencies
        .filter(|dependency| dependency["path"].is_null())
        .filter_map(|dependency| dependency["name"].as_str())
        .collect();
    let explained: BTreeSet<_> = reasons.lines().filter_map(|line| explained(line, name)).collect();
    let gaps = used.difference(&explained).map(|crate_| format!("no reason for `{crate_}`"));
    let stale = explained.difference(&used).map(|crate_| format!("no dependency `{crate_}`"));
    gaps.chain(stale).map(|gap| format!("{gap} in {DEPENDENCIES}")).collect()
}

/// The crate of a row, if this package uses it.
fn explained<'l>(row: &'l str, package: &str) -> Option<&'l str> {
    let mut cells = row.strip_prefix("| `")?.split(" | ");
    let dependency = cells.next()?.strip_suffix('`')?;
    let mut users = cells.next()?.split(", ");
    let reason = cells.next()?.trim_end_matches(" |");
    let used = users.any(|user| user.split(' ').next() == Some(package));
    (used && !reason.is_empty()).then_some(dependency)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_dependency_needs_a_row_with_its_user() {
        let row = "| `slab` | ws-futures (`x`), ws-hub | tasks |";
        assert_eq!(explained(row, "ws-futures"), Some("slab"));
        assert_eq!(explained(row, "ws-hub"), Some("slab"));
        assert_eq!(explained(row, "ws-tokio"), None);
        let dependency = |name| json!({ "name": name, "path": null });
        let package = json!({ "dependencies": [dependency("slab"), dependency("bytes")] });
        let row_of_other = "| `h2` | ws-hub | frames |";
        let gaps = without_reason("ws-hub", &package, &[row, row_of_other].join("\n"));
        assert_eq!(gaps.len(), 2, "{gaps:?}");
        assert!(gaps[0].starts_with("no reason for `bytes`"));
        assert!(gaps[1].starts_with("no dependency `h2`"));
    }

    #[test]
    fn a_missing_file_feature_and_field_are_gaps() {
        assert_eq!(
            files("Cargo.toml\nLICENSE-MIT\nREADME.md\n"),
            ["the package has no LICENSE-APACHE"]
        );
        let package = json!({ "features": { "default": [], "tls": [] }, "rust_version": "1.85" });
        assert_eq!(readme_gaps(&package, "| `tls` | | it |\nRust 1.85"), [""; 0]);
        assert_eq!(readme_gaps(&package, "Rust 1.85"), ["README.md has no `| `tls` |`"]);
        assert_eq!(
            manifest(&package).len(),
            FIELDS.len() + 1,
            "rust_version is there, docs.rs not"
        );
    }
}
