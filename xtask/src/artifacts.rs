use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::command::cargo;
use crate::failure::{Context as _, Result, bail};

/// Programs that cargo has built, by name.
pub(crate) struct Artifacts {
    programs: HashMap<String, PathBuf>,
}

impl Artifacts {
    /// Builds what the arguments select, such as `-p ws-demo --bin ws-demo`: optimized, and with the
    /// checks of a debug build.
    pub(crate) fn build(selection: &[&str]) -> Result<Self> {
        Self::build_with(&[&["--profile", "checked"], selection].concat())
    }

    /// The same with the profile that users run, for what is measured.
    pub(crate) fn build_released(selection: &[&str]) -> Result<Self> {
        Self::build_with(&[&["--release"], selection].concat())
    }

    /// The same without optimization and as `cargo test --workspace` builds it, so that nothing is compiled
    /// after that. An example has to be among the targets: only then are features of dependencies those of
    /// the tests.
    pub(crate) fn build_as_tested(selection: &[&str]) -> Result<Self> {
        Self::build_with(&[&["--workspace", "--example", "simulation"], selection].concat())
    }

    /// The same without optimization, for programs that do little work.
    pub(crate) fn build_unoptimized(selection: &[&str]) -> Result<Self> {
        Self::build_with(selection)
    }

    fn build_with(arguments: &[&str]) -> Result<Self> {
        println!("$ cargo build {}", arguments.join(" "));
        let mut build = cargo(&["build", "--message-format=json-render-diagnostics"]);
        let build = build.args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
        if !build.status.success() {
            bail!("`cargo build {}` failed ({})", arguments.join(" "), build.status);
        }
        let programs =
            String::from_utf8_lossy(&build.stdout).lines().filter_map(executable).collect();
        Ok(Self { programs })
    }

    pub(crate) fn path(&self, name: &str) -> Result<&Path> {
        let path = self.programs.get(name);
        path.map(PathBuf::as_path).context(format_args!("cargo has built no program `{name}`"))
    }
}

/// The name and the path of the program in one of cargo's messages.
fn executable(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let path = message.get("executable")?.as_str()?;
    let name = message.get("target")?.get("name")?.as_str()?;
    Some((name.to_owned(), path.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_in_a_message() {
        let message = r#"{"reason":"compiler-artifact","target":{"kind":["example"],
            "name":"tokio_echo"},"executable":"/t/release/examples/tokio_echo"}"#;
        let found = Some(("tokio_echo".to_owned(), "/t/release/examples/tokio_echo".into()));
        assert_eq!(executable(message), found);
    }

    #[test]
    fn libraries_are_no_programs() {
        assert_eq!(executable(r#"{"target":{"name":"ws_proto"},"executable":null}"#), None);
        assert_eq!(executable("warning: not JSON"), None);
    }
}
