//! Lines, from an editor or from a pipe.
//!
//! Both block, so each has a thread, which the end of the process does not wait for.

use std::io::{self, BufRead};
use std::path::PathBuf;
use std::thread;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor, ExternalPrinter};
use tokio::sync::mpsc;
use ws_tokio::Bytes;

use super::terminal::Terminal;

/// The maximum number of lines that are read, but not sent.
const AHEAD: usize = 16;

/// An input of the user.
#[derive(Debug)]
pub(super) enum Input {
    Line(String),
    /// For one binary message.
    Data(Bytes),
    /// A line that cannot be sent; others follow.
    Invalid(String),
    /// The rest cannot be read. At the end of the input the channel ends without this.
    Failed(String),
}

pub(super) type Lines = mpsc::Receiver<Input>;
pub(super) type Printer = Box<dyn ExternalPrinter + Send>;

/// How standard input is divided into messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Division {
    /// Each line is one.
    Lines,
    /// They have this between them, which is not empty.
    Delimiter(Vec<u8>),
    /// All of it is one.
    Whole,
}

/// Returns the messages in standard input, as text or as binary data.
pub(super) fn read(division: Division, binary: bool) -> Lines {
    let (lines, received) = mpsc::channel(AHEAD);
    thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        for number in 1.. {
            let input = match next(&mut stdin, &division) {
                Ok(None) => break,
                Ok(Some(piece)) if binary => Input::Data(piece.into()),
                Ok(Some(piece)) => match String::from_utf8(piece) {
                    Ok(line) => Input::Line(line),
                    Err(error) => Input::Invalid(format!(
                        "standard input: message {number} was not sent: it is not UTF-8 from byte {} \
                         on (--binary sends any bytes)",
                        error.utf8_error().valid_up_to()
                    )),
                },
                Err(error) => Input::Failed(format!("standard input: {error}")),
            };
            let last = matches!(input, Input::Failed(_)) || division == Division::Whole;
            if lines.blocking_send(input).is_err() || last {
                break;
            }
        }
    });
    received
}

/// The next message, without what ends it; `None` at the end of the input.
fn next(input: &mut impl BufRead, division: &Division) -> io::Result<Option<Vec<u8>>> {
    let mut piece = Vec::new();
    match division {
        Division::Whole => input.read_to_end(&mut piece).map(|_| Some(piece)),
        Division::Lines => {
            input.read_until(b'\n', &mut piece)?;
            let is_empty = piece.is_empty();
            if piece.pop_if(|last| *last == b'\n').is_some() {
                piece.pop_if(|last| *last == b'\r');
            }
            Ok((!is_empty).then_some(piece))
        }
        Division::Delimiter(delimiter) => {
            let Some(last) = delimiter.last() else { return Ok(None) };
            loop {
                let read = input.read_until(*last, &mut piece)?;
                if piece.ends_with(delimiter) {
                    piece.truncate(piece.len() - delimiter.len());
                    return Ok(Some(piece));
                }
                if read == 0 {
                    return Ok((!piece.is_empty()).then_some(piece));
                }
            }
        }
    }
}

/// Parses a delimiter: a text in which `\\n`, `\\r`, `\\t`, `\\0` and `\\\\` are escapes.
///
/// # Errors
///
/// The message for the user.
pub(super) fn delimiter(text: &str) -> Result<Division, String> {
    let (mut delimiter, mut characters) = (String::new(), text.chars());
    while let Some(character) = characters.next() {
        delimiter.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('0') => '\0',
                Some('\\') => '\\',
                _ => return Err(r"after \ there must be n, r, t, 0 or \".to_owned()),
            },
            character => character,
        });
    }
    match delimiter.is_empty() {
        true => Err("must not be empty".to_owned()),
        false => Ok(Division::Delimiter(delimiter.into_bytes())),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(mut input: &[u8], division: &Division) -> Vec<String> {
        let mut pieces = Vec::new();
        while let Some(piece) = next(&mut input, division).expect("a slice") {
            pieces.push(String::from_utf8(piece).expect("text"));
            if *division == Division::Whole {
                break;
            }
        }
        pieces
    }

    #[test]
    fn lines_end_in_either_way() {
        for (input, lines) in [
            ("", &[][..]),
            ("a", &["a"]),
            ("a\n", &["a"]),
            ("a\r\n\nb\rc\r", &["a", "", "b\rc\r"]),
            ("\n", &[""]),
        ] {
            assert_eq!(pieces(input.as_bytes(), &Division::Lines), lines, "{input:?}");
        }
    }

    #[test]
    fn messages_of_several_lines_have_a_delimiter_between_them() {
        for (text, input, messages) in [
            (r"\0", "a\nb\0c\0\0", &["a\nb", "c", ""][..]),
            (r"\n--\n", "a\n--b\n--\n--\nc\n", &["a\n--b", "--\nc\n"]),
            ("aab", "aaab", &["a"]),
            (r"\\", r"a\b", &["a", "b"]),
        ] {
            let division = delimiter(text).expect(text);
            assert_eq!(pieces(input.as_bytes(), &division), messages, "{text:?}");
        }
        for text in ["", r"\", r"\x"] {
            assert!(delimiter(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_whole_input_is_one_message_even_if_it_is_empty() {
        for input in ["", "a\nb\0"] {
            assert_eq!(pieces(input.as_bytes(), &Division::Whole), [input]);
        }
    }
}
