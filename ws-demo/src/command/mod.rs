//! The command line.

mod connect;
mod environment;
mod healthcheck;
mod script;
mod serve;

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;
use tokio::runtime::Builder;

use connect::Connect;
use environment::AUTH_TOKEN;
use healthcheck::Healthcheck;
use serve::Serve;
use ws_bench::Bench;

/// The time for which the end of the program waits for calls of the system that do not return.
const END: Duration = Duration::from_secs(1);

/// A WebSocket server to run: welcome, echo, broadcast, and a page to try it.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serves clients until SIGINT or SIGTERM; this is what happens without a command, too
    Serve(Box<Serve>),
    /// Shows a server and two clients talking, over real sockets, and ends
    Script,
    /// Prints the settings of `serve`
    #[command(skip)]
    Print(String),
    /// Connects to a server, on a terminal or in a pipe
    Connect(Box<Connect>),
    /// Puts load on a server, and reports latency and lost messages
    Bench(Box<Bench>),
    /// Checks the health of a server; the exit status is the result
    Healthcheck(Box<Healthcheck>),
    /// Prints a script that completes command lines of this program in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

impl Arguments {
    /// Reads the command line; exits if it is invalid or asks for help.
    pub(crate) fn read() -> Result<Command, Box<dyn Error>> {
        let matches = Self::command().get_matches();
        let command = Self::from_arg_matches(&matches)?.into_command();
        let variables = std::env::vars_os().map(|(name, _)| name);
        let checked =
            environment::check(&Self::command(), variables).and_then(|()| match &command {
                Command::Serve(serve) => serve.check(),
                _ => Ok(()),
            });
        if let Err(mistake) = checked {
            Self::command().error(ErrorKind::ValueValidation, mistake).exit();
        }
        match &command {
            Command::Serve(serve) if serve.print_config => Ok(Command::Print(settings(&matches)?)),
            _ => Ok(command),
        }
    }

    /// The command that was given, or `serve`.
    pub(crate) fn into_command(self) -> Command {
        self.command.unwrap_or_else(|| Command::Serve(Box::new(self.serve)))
    }
}

impl Command {
    /// Runs the command; returns its exit code.
    pub(crate) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        let mut runtime = Builder::new_multi_thread();
        if let Self::Serve(serve) = &self
            && let Some(threads) = serve.threads()
        {
            runtime.worker_threads(threads);
        }
        let runtime = runtime.enable_all().build()?;
        let result = runtime.block_on(self.run_on_runtime());
        // Dropping it would wait without a limit, such as for a file system that does not answer.
        runtime.shutdown_timeout(END);
        result
    }

    async fn run_on_runtime(self) -> Result<ExitCode, Box<dyn Error>> {
        match self {
            Self::Serve(serve) => serve.run().await?,
            Self::Script => script::play().await?,
            Self::Print(text) => io::stdout().write_all(text.as_bytes())?,
            Self::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Arguments::command(), "ws-demo", &mut script);
                io::stdout().write_all(&script)?;
            }
            Self::Connect(connect) => return Ok(connect.run().await?),
            Self::Bench(bench) => return bench.run().await,
            Self::Healthcheck(healthcheck) => return Ok(healthcheck.run().await),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The settings of `serve` as they are.
fn settings(matches: &ArgMatches) -> Result<String, String> {
    let (command, matches) = match matches.subcommand() {
        Some((name, matches)) => {
            let command = Arguments::command().find_subcommand(name).cloned();
            (command.unwrap_or_default(), matches)
        }
        None => (Arguments::command(), matches),
    };
    environment::print(&command, matches, std::env::var_os(AUTH_TOKEN).as_deref())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(arguments: &[&str]) -> Result<Command, String> {
        Arguments::try_parse_from([&["ws-demo"], arguments].concat())
            .map(Arguments::into_command)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn serve_is_the_default_and_its_flags_need_no_word() {
        for arguments in [&[][..], &["serve"]] {
            assert!(matches!(parse(arguments), Ok(Command::Serve(_))), "{arguments:?}");
        }
        for arguments in [&["--listen", "[::]:0"][..], &["serve", "--listen", "[::]:0"]] {
            assert!(matches!(parse(arguments), Ok(Command::Serve(_))), "{arguments:?}");
        }
        assert!(matches!(parse(&["script"]), Ok(Command::Script)));
    }

    #[test]
    fn mistakes_are_explained() {
        for (arguments, explanation) in [
            (&["--listen", "9001"][..], "expected a host and a port"),
            (&["--listen", ":9001"], "expected a host and a port"),
            (&["--listen", "localhost:http"], "the port is not a number"),
            (&["--listen", "localhost:65536"], "the port is not a number"),
            (&["--max-message", "1 message"], "such as 65536, 64k or 1MiB"),
            (&["--max-head", "8000"], "at least 8KiB"),
            (&["--max-rooms", "many"], "0 for no limit"),
            (&["--msg-burst", "0"], "0 is not in 1.."),
            (&["--max-message", "-1"], "unexpected argument"),
            (&["--ping-interval", "25"], "time unit needed"),
            (&["--ping-timeout", "0s"], "more than zero"),
            (&["--handshake-timeout", "soon"], "expected number"),
            (&["--shutdown-timeout", "10000000000y"], "at most a year"),
            (&["--listen", "unix:"], "expected a path"),
            (&["--tls-cert", "cert.pem"], "--tls-key"),
            (&["--origin", "chat.example"], "expected a scheme and a host"),
            (&["--trusted-proxy", "10.0.0.0/33"], "expected an address or a network"),
            (&["--slow", "wait"], "possible values: close, drop"),
            (&["--threads", "0"], "1..=1024"),
            (&["--engine", "redis://localhost"], "nats://HOST:PORT"),
            (&["--engine-prefix", "a.*"], "expected words"),
            (&["--log-format", "xml"], "possible values: text, json"),
            (&["--msg-rate", "-1"], "unexpected argument"),
            (&["--verbose"], "unexpected argument"),
            (&["serve", "now"], "unexpected argument"),
            (&["sreve"], "unrecognized subcommand"),
            (&["--listen", "[::]:0", "script"], "cannot be used with"),
        ] {
            let error = parse(arguments).expect_err("a mistake");
            assert!(error.contains(explanation), "{arguments:?}: {error}");
        }
    }
}
