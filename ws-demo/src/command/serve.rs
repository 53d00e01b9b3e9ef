//! `serve`: the server, until SIGINT or SIGTERM.

use std::error::Error;
use std::time::Duration;

use clap::Args;
use ws_tokio::{Config, Limits};

use crate::command::time::{duration, positive};
use crate::server::{Server, Settings};
use crate::{log, shutdown};

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

impl Serve {
    pub(crate) async fn run(self) -> Result<(), Box<dyn Error>> {
        let journal = log::install()?;
        let stop = shutdown::requested()?;
        let server = Server::bind(&self.listen, self.settings(), journal).await?;
        server.run(stop).await;
        Ok(())
    }

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
