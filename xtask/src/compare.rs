use anyhow::Result;
use clap::Args;
use xshell::{Shell, cmd};

#[derive(Args, Default)]
pub(crate) struct Options {
    /// Passed on: groups, `--quick`, `--help` and others; see compare/README.md
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Options {
    /// The check that everything runs, without numbers of use.
    pub(crate) fn quick() -> Self {
        Self { arguments: vec!["--quick".to_owned()] }
    }
}

/// Builds and runs the comparison with other implementations.
pub(crate) fn run(sh: &Shell, options: &Options) -> Result<()> {
    let arguments = &options.arguments;
    let compare = cmd!(sh, "cargo run --release --manifest-path compare/Cargo.toml --");
    Ok(compare.args(arguments).run()?)
}
