use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Context as _, Result};

/// The folder of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository's folder")
}

/// A folder for what a command downloads, installs or writes; created if it does not exist.
pub(crate) fn scratch(name: &str) -> Result<PathBuf> {
    let folder = root().join("target/xtask").join(name);
    fs::create_dir_all(&folder).context(folder.display())?;
    Ok(folder)
}

/// The path relative to the repository's folder.
pub(crate) fn relative(path: &Path) -> &Path {
    path.strip_prefix(root()).unwrap_or(path)
}
