//! `connect`: a client for terminals and pipes.

mod ending;
mod entry;
mod input;
mod json;
mod screen;
mod session;
mod terminal;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use ws_cli::{Target, describe_connect_error, duration, size_limit, stop_signal};
use ws_tokio::{Failure, Reconnect, Verdict};

use input::Division;
use screen::{Screen, Style};
use session::Session;

const STATUS: &str = "\
Exit status:
  0  the connection was closed by this client, or by the server with code 1000 or no code
  1  there was no connection, it was lost, or a line could not be sent
  2  the command line is invalid
  3  the server closed with another code
  4  fewer messages arrived than --expect

In a pipe each line of standard input is one message (see --delimiter and --binary); received messages are lines of standard
output, binary ones in hexadecimal digits behind 'binary:'; everything else is on standard error.";

/// The options of `connect`.
#[derive(Args, Clone, Debug)]
#[command(after_help = STATUS, mut_arg("proxy", |proxy| proxy.default_value("env")))]
pub(crate) struct Connect {
    #[command(flatten)]
    target: Target,

    /// Print each event as a JSON object on one line
    #[arg(long)]
    json: bool,

    /// Send lines unchanged: no commands, and // is not /
    #[arg(long)]
    raw: bool,

    /// Send binary messages: in a pipe all of standard input as one, unless there is a --delimiter.
    /// Implies --raw
    #[arg(long)]
    binary: bool,

    /// What is between two messages in a pipe, instead of the end of a line; \\n, \\r, \\t, \\0 and \\\\ are
    /// escapes
    #[arg(long, value_name = "TEXT", value_parser = input::delimiter)]
    delimiter: Option<Division>,

    /// Connect again after failures that may be transient, such as a lost connection, the codes 1001 and
    /// 1013 or status 503, after growing random delays of up to 60 s. Messages are not sent again
    #[arg(long)]
    reconnect: bool,

    /// Time without a message after which the connection is closed, at the end of the input
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    wait: Duration,

    /// Number of messages after which the connection is closed, at the end of the input; --timeout limits
    /// the wait for each [default: see --wait]
    #[arg(long, value_name = "COUNT")]
    expect: Option<u64>,

    /// Maximum size of a received message, such as 65536, 64k or 1MiB; 0: no limit
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = size_limit)]
    max_message: usize,

    /// File that keeps the history of typed lines [default: not kept]
    #[arg(long, env = "WS_DEMO_CONNECT_HISTORY", value_name = "FILE")]
    history: Option<PathBuf>,

    /// Show the server's pings and the header fields of its response, too
    #[arg(long, short)]
    verbose: bool,
}

impl Connect {
    /// Connects, and runs the session until the connection has ended.
    pub(crate) async fn run(self) -> io::Result<ExitCode> {
        // The editor needs both.
        let interactive = io::stdin().is_terminal() && io::stdout().is_terminal();
        let mut screen = Screen::new(Style::choose(self.json), self.verbose);
        let mut stop = pin!(stop_signal()?);
        let url = self.target.url().clone();
        let mut reconnect = match self.target.connector(self.target.config(self.max_message)) {
            Ok(connector) => Reconnect::new(connector, url.clone()),
            Err(error) => {
                screen.failed(&format_args!("cannot connect: {error}"))?;
                return Ok(ExitCode::FAILURE);
            }
        };
        let repeat = self.reconnect;
        reconnect = reconnect.judge(move |failure, verdict| match failure {
            Failure::Connect(_) if !repeat => Verdict::Final,
            Failure::Connect(error) if !verdict.is_final() => {
                // Whether it can be shown or not, there is another attempt.
                let _ = writeln!(
                    io::stderr(),
                    "cannot connect: {}; trying again",
                    describe_connect_error(error)
                );
                verdict
            }
            _ => verdict,
        });
        let opened = tokio::select! {
            opened = reconnect.connect() => opened,
            () = stop.as_mut() => return Ok(ExitCode::FAILURE),
        };
        let (socket, response) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let error = describe_connect_error(&error);
                screen.failed(&format_args!("cannot connect: {error}"))?;
                return Ok(ExitCode::FAILURE);
            }
        };
        screen.opened(&url, &response, interactive)?;

        let (lines, terminal) = if interactive {
            let (lines, printer, terminal) = input::edit(self.history)?;
            screen.print_above(printer);
            (lines, Some(terminal))
        } else {
            let division = match self.delimiter {
                Some(division) => division,
                None if self.binary => Division::Whole,
                None => Division::Lines,
            };
            (input::read(division, self.binary), None)
        };
        let session = Session {
            interactive,
            commands: !self.raw && !self.binary,
            binary: self.binary,
            wait: self.expect.map_or(self.wait, |_| self.target.timeout()),
            expect: self.expect.unwrap_or(0),
        };
        let authentication = self.target.authentication();
        let again = self.reconnect.then_some((reconnect, url));
        let ending = session.run((socket, again), lines, authentication, &mut screen, stop).await;
        // The terminal is restored before the last line.
        drop(terminal);
        screen.ended(&ending)?;
        Ok(ending.status())
    }
}
