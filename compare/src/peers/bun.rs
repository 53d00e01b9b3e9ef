//! uWebSockets, which is in no package registry; Bun embeds it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::contestant::{Contestant, Server, Side};

pub(super) const CONTESTANT: Contestant = Contestant {
    name: "uWebSockets in Bun",
    package: None,
    side: Side::Other,
    codec: None,
    server: Some(Server::Bun),
};

const SCRIPT: &str = include_str!("bun.mjs");

/// The release that npm installs.
const RELEASE: &str = "bun@1.4.5";

/// An installed Bun.
pub(crate) struct Bun {
    program: PathBuf,
    script: PathBuf,
    pub(crate) version: String,
}

impl Bun {
    /// Finds Bun on `PATH`, or installs it with npm below the folder of this program. The error says
    /// why there is none.
    pub(crate) fn find() -> Result<Self, String> {
        let folder = folder().map_err(|error| error.to_string())?;
        let installed = folder.join("node_modules/.bin/bun");
        for program in [Path::new("bun"), &installed] {
            if let Some(version) = version(program) {
                return Self::with(program, &folder, version);
            }
        }
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(&folder).arg(RELEASE);
        let output = npm.output().map_err(|error| format!("npm: {error}"))?;
        match version(&installed) {
            Some(version) => Self::with(&installed, &folder, version),
            None => Err(format!("`npm install {RELEASE}`: {}", output.status)),
        }
    }

    fn with(program: &Path, folder: &Path, version: String) -> Result<Self, String> {
        let script = folder.join("server.mjs");
        std::fs::write(&script, SCRIPT).map_err(|error| error.to_string())?;
        Ok(Self { program: program.to_owned(), script, version })
    }

    /// Returns the command that serves both modes.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(&self.script);
        command
    }
}

fn folder() -> io::Result<PathBuf> {
    let folder = std::env::current_exe()?.with_file_name("bun");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| version.trim().to_owned())
}
