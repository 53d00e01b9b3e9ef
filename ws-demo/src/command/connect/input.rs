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

/// How many lines are read ahead of their being sent.
const AHEAD: usize = 16;

/// What comes from the user.
#[derive(Debug)]
pub(super) enum Input {
    Line(String),
    /// What follows cannot be read. Without that the channel ends with the input.
    Failed(String),
}

pub(super) type Lines = mpsc::Receiver<Input>;
pub(super) type Printer = Box<dyn ExternalPrinter + Send>;

/// Lines from standard input.
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

/// Lines that a person edits; what prints above the line that is being edited; and what restores
/// the terminal.
///
/// # Errors
///
/// If the terminal cannot be used.
pub(super) fn edit(history: Option<PathBuf>) -> io::Result<(Lines, Printer, Terminal)> {
    let terminal = Terminal::remember();
    let config = Config::builder().auto_add_history(true).history_ignore_space(true).build();
    let mut editor = Editor::<(), FileHistory>::with_history(config, FileHistory::new())
        .map_err(io::Error::other)?;
    if let Some(path) = &history {
        // There is none the first time.
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
                // Whoever types sees no use in being told each time.
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
