//! The destinations of reports.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// A file or standard output, and its name.
pub(crate) struct Output {
    name: String,
    writer: Box<dyn Write>,
}

impl Output {
    /// Creates a file, or empties it.
    ///
    /// # Errors
    ///
    /// The message, with the name of the file.
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

    /// Writes the text and ends.
    ///
    /// # Errors
    ///
    /// The message, with the name of the file.
    pub(crate) fn write(mut self, text: &str) -> Result<(), String> {
        let written = self.writer.write_all(text.as_bytes()).and_then(|()| self.writer.flush());
        written.map_err(|error| format!("{}: {error}", self.name))
    }
}
