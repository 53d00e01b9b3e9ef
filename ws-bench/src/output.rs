//! Where reports go.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// A file or standard output, and its name.
pub(crate) struct Output {
    name: String,
    writer: Box<dyn Write>,
}

impl Output {
    /// # Errors
    ///
    /// What is wrong with the file.
    pub(crate) fn create(path: &Path) -> Result<Self, String> {
        let name = path.display().to_string();
        match File::create(path) {
            Ok(file) => Ok(Self { name, writer: Box::new(file) }),
            Err(error) => Err(format!("{name}: {error}")),
        }
    }

    pub(crate) fn stdout() -> Self {
        Self { name: "standard output".to_owned(), writer: Box::new(io::stdout()) }
    }

    /// # Errors
    ///
    /// When it takes no more.
    pub(crate) fn write(mut self, text: &str) -> Result<(), String> {
        let written = self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush());
        written.map_err(|error| format!("{}: {error}", self.name))
    }
}
