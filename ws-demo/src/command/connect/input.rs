//! Lines, from an editor or from a pipe.
//!
//! Both block, so each has a thread, which the end of the process does not wait for.

use std::io::{self, BufRead as _};
use std::path::PathBuf;
use std::thread;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor, ExternalPrinter};
use tokio::sync::mpsc;

use super::terminal::Terminal;

/// The maximum number of lines that are read, but not sent.
const AHEAD: usize = 16;

/// An input of the user.
#[derive(Debug)]
pub(super) enum Input {
    Line(String),
    /// The rest cannot be read. At the end of the input the channel ends without this.
    Failed(String),
}

pub(super) type Lines = mpsc::Receiver<Input>;
pub(super) type Printer = Box<dyn ExternalPrinter + Send>;

/// Returns the lines of standard input.
pub(super) fn read() -> Lines {
    let (lines, received) = mpsc::channel(AHEAD);
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let input = match line {
                Ok(line) => Input::Line(line),
                Err(error) => Input::Failed(format!("standard input: {error}")),
            };
            let last = matches!(input, Input::Failed(_));
            if lines.blocking_send(input).is_err() || last {
                break;
            }
        }
    });
    received
}

/// Returns the lines that a user edits, a printer for the area above the edited line, and a guard that
/// restores the terminal.
///
/// # Errors
///
/// The terminal cannot be used.
pub(super) fn edit(history: Option<PathBuf>) -> io::Result<(Lines, Printer, Terminal)> {
    let terminal = Terminal::remember();
    let config = Config::builder().auto_add_history(true).history_ignore_space(true).build();
    let mut editor = Editor::<(), FileHistory>::with_history(config, FileHistory::new())
        .map_err(io::Error::other)?;
    if let Some(path) = &history {
        // The file does not exist the first time.
        let _ = editor.load_history(path);
    }
    let printer = editor.create_external_printer().map_err(io::Error::other)?;
    let (lines, received) = mpsc::channel(AHEAD);
    thread::spawn(move || {
        loop {
            let input = match editor.readline("> ") {
                Ok(line) => Input::Line(line),
                Err(ReadlineError::Eof | ReadlineError::Interrupted) => break,
                Err(error) => Input::Failed(error.to_string()),
            };
            if let Some(path) = &history {
                // A history that cannot be saved is no reason to end.
                let _ = editor.append_history(path);
            }
            let last = matches!(input, Input::Failed(_));
            if lines.blocking_send(input).is_err() || last {
                break;
            }
        }
    });
    Ok((received, Box::new(printer), terminal))
}
