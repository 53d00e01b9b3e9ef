//! The command line.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use ws_tokio::{Config, Limits};

use crate::server::Settings;

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
}

/// What `serve` can be told.
#[derive(Args, Clone, Debug)]
pub(crate) struct Serve {
    /// Where to listen; port 0 is any free port
    #[arg(long, env = "WS_DEMO_LISTEN", value_name = "HOST:PORT", value_parser = host_and_port)]
    #[arg(default_value = "127.0.0.1:9001")]
    pub(crate) listen: String,

    /// The largest message a client may send; a larger one is answered with Close 1009
    #[arg(long, env = "WS_DEMO_MAX_MESSAGE", value_name = "BYTES", default_value_t = 1024 * 1024)]
    max_message: usize,

    /// How long a client may take to send its request
    #[arg(long, env = "WS_DEMO_HANDSHAKE_TIMEOUT", value_name = "TIME", default_value = "10s")]
    #[arg(value_parser = positive)]
    handshake_timeout: Duration,

    /// How often each client is pinged; 0s: never
    #[arg(long, env = "WS_DEMO_PING_INTERVAL", value_name = "TIME", default_value = "25s")]
    #[arg(value_parser = duration)]
    ping_interval: Duration,

    /// How long after a ping a client may show no life
    #[arg(long, env = "WS_DEMO_PING_TIMEOUT", value_name = "TIME", default_value = "20s")]
    #[arg(value_parser = positive)]
    ping_timeout: Duration,

    /// How long a client may take to answer a Close frame
    #[arg(long, env = "WS_DEMO_CLOSE_TIMEOUT", value_name = "TIME", default_value = "5s")]
    #[arg(value_parser = duration)]
    close_timeout: Duration,

    /// How long all clients together may take to leave when the server is told to stop
    #[arg(long, env = "WS_DEMO_SHUTDOWN_TIMEOUT", value_name = "TIME", default_value = "30s")]
    #[arg(value_parser = duration)]
    shutdown_timeout: Duration,
}

impl Arguments {
    /// The command that was given, or `serve`.
    pub(crate) fn into_command(self) -> Command {
        self.command.unwrap_or_else(|| Command::Serve(Box::new(self.serve)))
    }
}

impl Serve {
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            config: Config {
                incoming: Limits {
                    max_message_size: self.max_message,
                    max_frame_size: self.max_message,
                    ..Limits::incoming()
                },
                handshake_timeout: Some(self.handshake_timeout),
                ping_interval: Some(self.ping_interval).filter(|interval| !interval.is_zero()),
                ping_timeout: self.ping_timeout,
                close_timeout: self.close_timeout,
                ..Settings::default().config
            },
            shutdown_timeout: self.shutdown_timeout,
        }
    }
}

fn host_and_port(text: &str) -> Result<String, String> {
    let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port);
    match port.map(str::parse::<u16>) {
        Some(Ok(_)) => Ok(text.to_owned()),
        Some(Err(_)) => Err("the port is not a number from 0 to 65535".to_owned()),
        None => Err("expected a host and a port, such as 127.0.0.1:9001 or [::1]:9001".to_owned()),
    }
}

fn positive(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("expected more than no time at all".to_owned()),
        positive => Ok(positive),
    }
}

/// A time that clocks can be counted on to express.
fn duration(text: &str) -> Result<Duration, String> {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    match humantime::parse_duration(text) {
        Ok(duration) if duration > YEAR => Err("expected a year at most".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(error.to_string()),
    }
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
