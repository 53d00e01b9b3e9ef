//! The output: messages on standard output, everything else on standard error.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use anstyle::{AnsiColor, Style as Colour};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use ws_tokio::Message;
use ws_tokio::client::{Response, Uri};

use super::ending::Ending;
use super::entry::HELP;
use super::input::Printer;
use super::json;
use ws_cli::Printable;

const ARROW: Colour = AnsiColor::Green.on_default();
const NOTE: Colour = Colour::new().dimmed();
const FAULT: Colour = AnsiColor::Red.on_default();

/// The maximum of binary data that is shown on a terminal, in bytes.
const SHOWN: usize = 256;

/// The format of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// For programs: messages unchanged.
    Plain,
    /// For programs: a JSON object for each event.
    Json,
    /// For a terminal.
    Terminal { colours: bool },
}

impl Style {
    /// Returns the style that fits standard output; `NO_COLOR` and similar variables are respected.
    pub(super) fn choose(json: bool) -> Self {
        if json {
            return Self::Json;
        }
        let stdout = io::stdout();
        match stdout.is_terminal() {
            true => Self::Terminal {
                colours: anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never,
            },
            false => Self::Plain,
        }
    }
}

/// Writes the output. Each method fails if the output does.
pub(super) struct Screen {
    style: Style,
    verbose: bool,
    /// Prints above the edited line from now on.
    printer: Option<Printer>,
}

impl Screen {
    pub(super) fn new(style: Style, verbose: bool) -> Self {
        Self { style, verbose, printer: None }
    }

    pub(super) fn print_above(&mut self, printer: Printer) {
        self.printer = Some(printer);
    }

    pub(super) fn opened(
        &mut self,
        url: &Uri,
        response: &Response,
        interactive: bool,
    ) -> io::Result<()> {
        let subprotocol = response.subprotocol();
        let extensions = response.header("Sec-WebSocket-Extensions");
        if self.style == Style::Json {
            let opened =
                json!({"event": "open", "subprotocol": subprotocol, "extensions": extensions});
            return self.out(&opened.to_string());
        }
        let scheme = if url.is_secure() { "wss" } else { "ws" };
        let mut text = format!("connected to {scheme}://{}{}", url.authority(), url.target());
        if let Some(subprotocol) = subprotocol {
            text += &format!(", subprotocol {subprotocol}");
        }
        if let Some(extensions) = extensions {
            text += &format!(", {}", Printable::new(extensions, SHOWN));
        }
        if interactive {
            text += "; /help shows the commands";
        }
        self.note(&text)?;
        if self.verbose {
            for (name, value) in response.headers().iter() {
                let value = String::from_utf8_lossy(value);
                self.note(&format!("  {name}: {}", Printable::new(&value, SHOWN)))?;
            }
        }
        Ok(())
    }

    pub(super) fn message(&mut self, message: &Message) -> io::Result<()> {
        match (message, self.style) {
            (Message::TextChunk { .. } | Message::BinaryChunk { .. }, _) => {
                unreachable!("whole messages are delivered by default")
            }
            (Message::Text(text), Style::Plain) => self.out(text),
            (Message::Text(text), Style::Json) => {
                self.out(&json!({"event": "text", "data": &**text}).to_string())
            }
            (Message::Text(text), Style::Terminal { colours }) => {
                let text = json::pretty(text, colours).unwrap_or_else(|| lines(text));
                let arrow = self.paint(ARROW, "<");
                self.out(&format!("{arrow} {text}"))
            }
            (Message::Binary(data), Style::Plain) => {
                self.out(&format!("binary: {}", hexadecimal(data)))
            }
            (Message::Binary(data), Style::Json) => {
                self.out(&json!({"event": "binary", "base64": STANDARD.encode(data)}).to_string())
            }
            (Message::Binary(data), Style::Terminal { .. }) => {
                let arrow = self.paint(ARROW, "<");
                let shown = hexadecimal(&data[..data.len().min(SHOWN)]);
                let more = if data.len() > SHOWN { "…" } else { "" };
                self.out(&format!("{arrow} binary, {} bytes: {shown}{more}", data.len()))
            }
            (Message::Ping(_), _) if self.verbose && self.style != Style::Json => {
                self.note("ping from the server")
            }
            // Pongs and the end of the connection are shown by other methods.
            (Message::Ping(_) | Message::Pong(_) | Message::Close(_), _) => Ok(()),
        }
    }

    /// Shows a pong, with the time since its ping if there was one.
    pub(super) fn pong(&mut self, took: Option<Duration>) -> io::Result<()> {
        match (took, self.style) {
            (took, Style::Json) => {
                let milliseconds = took.map(|took| took.as_secs_f64() * 1000.0);
                self.out(&json!({"event": "pong", "ms": milliseconds}).to_string())
            }
            (Some(took), _) => self.note(&format!("pong after {took:.1?}")),
            (None, _) if self.verbose => self.note("unsolicited pong"),
            (None, _) => Ok(()),
        }
    }

    pub(super) fn help(&mut self) -> io::Result<()> {
        self.note(HELP)
    }

    /// Shows an error of this side, on standard error also with JSON.
    pub(super) fn failed(&mut self, error: &dyn Display) -> io::Result<()> {
        self.aside(FAULT, &error.to_string())
    }

    pub(super) fn ended(&mut self, ending: &Ending) -> io::Result<()> {
        // The editor has ended.
        self.printer = None;
        match (ending, self.style) {
            (
                Ending::Closed(closed) | Ending::Faulty(closed) | Ending::Missing { closed, .. },
                Style::Json,
            ) => {
                let by = match closed.initiator {
                    ws_tokio::proto::Initiator::Local => "client",
                    _ => "server",
                };
                let code = closed.code().get();
                let reason = closed.reason();
                let event = json!({"event": "close", "code": code, "reason": reason, "by": by});
                self.out(&event.to_string())?;
                match ending {
                    Ending::Missing { .. } => self.failed(ending),
                    _ => Ok(()),
                }
            }
            (Ending::Broken(_) | Ending::Missing { .. }, _) => self.failed(ending),
            (Ending::Closed(_) | Ending::Faulty(_), _) => self.note(&ending.to_string()),
        }
    }

    /// Shows a note, which is not a message.
    fn note(&mut self, text: &str) -> io::Result<()> {
        self.aside(NOTE, text)
    }

    fn aside(&mut self, colour: Colour, text: &str) -> io::Result<()> {
        if self.printer.is_some() {
            let text = self.paint(colour, text);
            return self.out(&text);
        }
        let stderr = io::stderr();
        match anstream::AutoStream::choice(&stderr) {
            anstream::ColorChoice::Never => writeln!(stderr.lock(), "{text}"),
            _ => writeln!(stderr.lock(), "{colour}{text}{colour:#}"),
        }
    }

    fn paint(&self, colour: Colour, text: &str) -> String {
        match self.style {
            Style::Terminal { colours: true } => format!("{colour}{text}{colour:#}"),
            _ => text.to_owned(),
        }
    }

    fn out(&mut self, text: &str) -> io::Result<()> {
        match &mut self.printer {
            Some(printer) => printer.print(format!("{text}\n")).map_err(io::Error::other),
            None => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(text.as_bytes())?;
                stdout.write_all(b"\n")?;
                stdout.flush()
            }
        }
    }
}

/// Escapes a text for the terminal, except its line ends.
fn lines(text: &str) -> String {
    let lines: Vec<_> =
        text.split('\n').map(|line| Printable::new(line, usize::MAX).to_string()).collect();
    lines.join("\n")
}

fn hexadecimal(data: &[u8]) -> String {
    use std::fmt::Write as _;

    let mut text = String::with_capacity(2 * data.len());
    for byte in data {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
