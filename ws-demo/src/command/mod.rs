//! The command line.

mod connect;
mod healthcheck;
mod script;
mod serve;
pub(crate) mod time;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use connect::Connect;
use healthcheck::Healthcheck;
use serve::Serve;

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
    /// Talks to a server: for people, and in pipes
    Connect(Box<Connect>),
    /// Asks a server whether it is well; the exit code says so, for containers
    Healthcheck(Healthcheck),
}

impl Arguments {
    /// The command that was given, or `serve`.
    pub(crate) fn into_command(self) -> Command {
        self.command.unwrap_or_else(|| Command::Serve(Box::new(self.serve)))
    }
}

impl Command {
    /// Does what was asked for; the status says how it ended.
    pub(crate) async fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        match self {
            Self::Serve(serve) => serve.run().await?,
            Self::Script => script::play().await?,
            Self::Connect(connect) => return Ok(connect.run().await?),
            Self::Healthcheck(healthcheck) => return Ok(healthcheck.run().await),
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::server::Settings;

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
            let Ok(Command::Serve(serve)) = parse(arguments) else { panic!("{arguments:?}") };
            assert_eq!(serve.listen, "127.0.0.1:9001");
            assert_eq!(serve.settings(), Settings::default());
        }
        for arguments in [&["--listen", "[::]:0"][..], &["serve", "--listen", "[::]:0"]] {
            let Ok(Command::Serve(serve)) = parse(arguments) else { panic!("{arguments:?}") };
            assert_eq!(serve.listen, "[::]:0");
        }
        assert!(matches!(parse(&["script"]), Ok(Command::Script)));
    }

    #[test]
    fn no_interval_is_no_pings() {
        let Ok(Command::Serve(serve)) = parse(&["--ping-interval", "0s"]) else { panic!() };
        assert_eq!(serve.settings().config.ping_interval, None);
    }

    #[test]
    fn mistakes_are_explained() {
        for (arguments, explanation) in [
            (&["--listen", "9001"][..], "expected a host and a port"),
            (&["--listen", ":9001"], "expected a host and a port"),
            (&["--listen", "localhost:http"], "the port is not a number"),
            (&["--listen", "localhost:65536"], "the port is not a number"),
            (&["--max-message", "1MB"], "invalid digit"),
            (&["--max-message", "-1"], "unexpected argument"),
            (&["--ping-interval", "25"], "time unit needed"),
            (&["--ping-timeout", "0s"], "more than no time"),
            (&["--handshake-timeout", "soon"], "expected number"),
            (&["--shutdown-timeout", "10000000000y"], "a year at most"),
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
