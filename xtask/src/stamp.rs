use std::fs;
use std::path::Path;

use anyhow::Result;
use xshell::Shell;

const NAME: &str = "installed-from";

/// Fills the folder, unless it was filled completely from exactly this description, and what it contains still `works`:
/// the checkout may have moved.
pub(crate) fn fill(
    sh: &Shell,
    folder: &Path,
    description: &str,
    works: impl FnOnce() -> bool,
    fill: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let stamp = folder.join(NAME);
    if fs::read_to_string(&stamp).is_ok_and(|found| found == description) && works() {
        return Ok(());
    }
    sh.remove_path(folder)?;
    sh.create_dir(folder)?;
    fill()?;
    Ok(sh.write_file(stamp, description)?)
}
