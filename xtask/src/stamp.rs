use std::fs;
use std::path::Path;

use crate::failure::{Context as _, Result};

const NAME: &str = "installed-from";

/// Whether the folder was filled completely, from exactly this description.
pub(crate) fn is_current(folder: &Path, description: &str) -> bool {
    fs::read_to_string(folder.join(NAME)).is_ok_and(|found| found == description)
}

/// Empties the folder before it is filled again.
pub(crate) fn clear(folder: &Path) -> Result {
    if folder.exists() {
        fs::remove_dir_all(folder).context(folder.display())?;
    }
    fs::create_dir_all(folder).context(folder.display())
}

pub(crate) fn write(folder: &Path, description: &str) -> Result {
    fs::write(folder.join(NAME), description).context(folder.display())
}
