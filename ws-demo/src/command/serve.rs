//! `serve`: the server, until SIGINT or SIGTERM.

mod values;

use std::error::Error;
use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use ipnet::IpNet;
use ws_tokio::{Config, Deflate, Limits};

use super::environment::{AUTH_TOKEN, PLACEHOLDER};
use crate::admission::Allowed;
use crate::api::ApiOptions;
use crate::auth;
use crate::certificate::{self, Http};
use crate::endpoint::Listen;
use crate::engine::nats;
use crate::history::HistoryOptions;
use crate::identity::IdentityOptions;
use crate::log::{Format, Log};
use crate::nofile;
use crate::origin::Origins;
use crate::rate::Rate;
use crate::server::{Server, Setup};
use crate::service::Settings;
use crate::signals::Signals;
use crate::supervisor::{self, State};
use values::{AllowedOrigin, Engine, EngineParser, Slow, engine, max_head, network, origin};
use ws_cli::{count_limit, duration, positive, size_limit, stop_signal};
use ws_hub::{self as hub, OutboxLimits};

/// The number of the largest messages that the queue of a client holds, at least.
const QUEUED_MESSAGES: usize = 4;

const HISTORY_OF_ONE_NODE: &str = "--history: works within one node only: use --engine memory";

/// The options of `serve`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Serve {
    /// The address to listen on: HOST:PORT (port 0: any free port; all addresses of the host, such as
    /// IPv4 and IPv6 for localhost) or unix:PATH; repeatable
    #[arg(long, env = "WS_DEMO_LISTEN", value_name = "ADDRESS", value_delimiter = ',')]
    #[arg(default_value = "127.0.0.1:9001")]
    listen: Vec<Listen>,

    /// The address on which the API, /metrics and /stats are served, with /healthz and /readyz, instead of
    /// on the public ones: HOST:PORT or unix:PATH, without TLS
    #[arg(long, env = "WS_DEMO_ADMIN_LISTEN", value_name = "ADDRESS")]
    admin_listen: Option<Listen>,

    #[command(flatten)]
    api: ApiOptions,

    /// The file of the certificate chain for TLS, in PEM; SIGHUP reloads it. Without it, no TLS
    #[arg(long, env = "WS_DEMO_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The file of the private key of --tls-cert, in PEM; SIGHUP reloads it
    #[arg(long, env = "WS_DEMO_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Serves HTTP/2 besides HTTP/1.1, with WebSockets (RFC 8441): over TLS by ALPN, without TLS to
    /// clients that start with it. Off by default
    #[arg(long, env = "WS_DEMO_HTTP2", value_parser = BoolishValueParser::new())]
    http2: bool,

    /// The file of the tokens of which each client must send one, one token per line, trimmed, without
    /// those that start with #; SIGHUP reloads it. The variable WS_DEMO_AUTH_TOKEN sets a single token instead. Without either, no
    /// authentication
    #[arg(long, env = "WS_DEMO_AUTH_TOKEN_FILE", value_name = "FILE")]
    auth_token_file: Option<PathBuf>,

    #[command(flatten)]
    identity: IdentityOptions,

    /// The time within which a client must send its token
    #[arg(long, env = "WS_DEMO_AUTH_TIMEOUT", value_name = "TIME", default_value = "5s")]
    #[arg(value_parser = positive)]
    auth_timeout: Duration,

    /// A site whose pages may connect, besides pages of the server's own host, such as
    /// `https://chat.example`, or `*` for any site; repeatable
    #[arg(long, env = "WS_DEMO_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    #[arg(value_parser = origin)]
    origin: Vec<AllowedOrigin>,

    /// The address or network of proxies whose X-Forwarded-For is trusted, such as 10.0.0.0/8;
    /// repeatable. None by default
    #[arg(long, env = "WS_DEMO_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    #[arg(value_parser = network)]
    trusted_proxy: Vec<IpNet>,

    /// The size of the largest message that a client may send; a larger one closes the connection with
    /// code 1009; 0: no limit
    #[arg(long, env = "WS_DEMO_MAX_MESSAGE", value_name = "SIZE", default_value = "1048576")]
    #[arg(value_parser = size_limit)]
    max_message: usize,

    /// The size of the largest head of a request, at least 8KiB; a larger one gets status 431, as more
    /// than 100 header fields do; 0: no limit
    #[arg(long, env = "WS_DEMO_MAX_HEAD", value_name = "SIZE", default_value = "16384")]
    #[arg(value_parser = max_head)]
    max_head: usize,

    /// Compresses messages (permessage-deflate) with clients that offer it. Off by default
    #[arg(long, env = "WS_DEMO_COMPRESS", value_parser = BoolishValueParser::new())]
    compress: bool,

    /// The number of clients connected at a time; further ones get status 503; 0: no limit. By default,
    /// what the limit of open files allows
    #[arg(long, env = "WS_DEMO_MAX_CONNECTIONS", value_name = "COUNT")]
    #[arg(value_parser = count_limit)]
    max_connections: Option<usize>,

    /// The number of clients connected at a time from one address (IPv6: from one /64 network);
    /// further ones get status 429; 0: no limit
    #[arg(long, env = "WS_DEMO_MAX_PER_IP", value_name = "COUNT", default_value = "0")]
    #[arg(value_parser = count_limit)]
    max_per_ip: usize,

    /// The number of clients per second that may connect from one address, on average; further ones
    /// get status 429; 0: no limit
    #[arg(long, env = "WS_DEMO_CONNECT_RATE", value_name = "PER SECOND", default_value_t = 0)]
    connect_rate: u32,

    /// The number of clients that may connect from one address at once, beyond --connect-rate
    #[arg(long, env = "WS_DEMO_CONNECT_BURST", value_name = "COUNT", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    connect_burst: u32,

    /// The number of connections that have not sent a request yet; further connections are closed at
    /// once; 0: no limit. The sum of this and --max-connections limits all connections, plain HTTP
    /// included
    #[arg(long, env = "WS_DEMO_MAX_HANDSHAKES", value_name = "COUNT", default_value = "4096")]
    #[arg(value_parser = count_limit)]
    max_handshakes: usize,

    /// The number of messages per second that a client may send, on average; further ones are
    /// answered with an error; 0: no limit, as for a load test
    #[arg(long, env = "WS_DEMO_MSG_RATE", value_name = "PER SECOND", default_value_t = 1000)]
    msg_rate: u32,

    /// The number of messages that a client may send at once, beyond --msg-rate. By default twice
    /// --msg-rate
    #[arg(long, env = "WS_DEMO_MSG_BURST", value_name = "COUNT")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    msg_burst: Option<u32>,

    /// The number of rooms that a client may be in at a time; 0: no limit
    #[arg(long, env = "WS_DEMO_MAX_ROOMS", value_name = "COUNT", default_value = "64")]
    #[arg(value_parser = count_limit)]
    max_rooms: usize,

    /// The size of the messages that may wait for a client that does not read them, at least 4 times
    /// --max-message; 0: no limit. By default a little more than that, and at least 1MiB
    #[arg(long, env = "WS_DEMO_QUEUE_BYTES", value_name = "SIZE", value_parser = size_limit)]
    queue_bytes: Option<usize>,

    /// The time for which messages may wait for a client that reads nothing
    #[arg(long, env = "WS_DEMO_QUEUE_TIMEOUT", value_name = "TIME", default_value = "10s")]
    #[arg(value_parser = positive)]
    queue_timeout: Duration,

    /// What happens to a client over --queue-bytes or --queue-timeout
    #[arg(long, env = "WS_DEMO_SLOW", value_enum, default_value_t = Slow::Close)]
    slow: Slow,

    /// The time within which a client must send its request, TLS handshake included
    #[arg(long, env = "WS_DEMO_HANDSHAKE_TIMEOUT", value_name = "TIME", default_value = "10s")]
    #[arg(value_parser = positive)]
    handshake_timeout: Duration,

    /// The time between two pings to a client, varied by 10 %; 0s: no pings
    #[arg(long, env = "WS_DEMO_PING_INTERVAL", value_name = "TIME", default_value = "25s")]
    #[arg(value_parser = duration)]
    ping_interval: Duration,

    /// The time after a ping within which something must arrive from the client; without it the
    /// connection is closed
    #[arg(long, env = "WS_DEMO_PING_TIMEOUT", value_name = "TIME", default_value = "20s")]
    #[arg(value_parser = positive)]
    ping_timeout: Duration,

    /// The time within which a client must answer a Close frame
    #[arg(long, env = "WS_DEMO_CLOSE_TIMEOUT", value_name = "TIME", default_value = "5s")]
    #[arg(value_parser = duration)]
    close_timeout: Duration,

    /// The time after SIGTERM or SIGINT within which all clients must have left; the remaining
    /// connections are cut
    #[arg(long, env = "WS_DEMO_SHUTDOWN_TIMEOUT", value_name = "TIME", default_value = "30s")]
    #[arg(value_parser = duration)]
    shutdown_timeout: Duration,

    /// The time over which a shutdown spreads the Close frames, so that clients do not reconnect all
    /// at once; at most half of --shutdown-timeout
    #[arg(long, env = "WS_DEMO_DRAIN_WINDOW", value_name = "TIME", default_value = "1s")]
    #[arg(value_parser = duration)]
    drain_window: Duration,

    #[command(flatten)]
    history: HistoryOptions,

    /// How nodes exchange messages: memory for a single node, or a NATS broker, as
    /// nats://HOST:PORT or nats://USER:PASSWORD@HOST:PORT (tls:// with TLS); the brokers of a
    /// cluster are separated by commas
    #[arg(long, env = "WS_DEMO_ENGINE", value_name = "ENGINE", default_value = "memory")]
    #[arg(value_parser = EngineParser, hide_env_values = true)]
    engine: Engine,

    /// The file that contains the value of --engine, so that its password is in no command line or
    /// environment; the brokers of a cluster may be one per line
    #[arg(long, env = "WS_DEMO_ENGINE_FILE", value_name = "FILE")]
    engine_file: Option<PathBuf>,

    /// The prefix of the subjects at the broker; nodes with the same prefix work together
    #[arg(long, env = "WS_DEMO_ENGINE_PREFIX", value_name = "PREFIX", default_value = "ws-demo")]
    engine_prefix: nats::Prefix,

    /// Makes /readyz return 503 while the broker cannot be reached. Off by default
    #[arg(long, env = "WS_DEMO_ENGINE_REQUIRED", value_parser = BoolishValueParser::new())]
    engine_required: bool,

    /// The number of worker threads, 1 to 1024. By default one for each processor
    #[arg(long, env = "WS_DEMO_THREADS", value_name = "COUNT")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// The filter of the log: a level (error, warn, info, debug, trace), also for a single module, such
    /// as ws_demo=debug
    #[arg(long, env = "WS_DEMO_LOG", value_name = "FILTER", default_value = "info")]
    log: String,

    /// The format of the log
    #[arg(long, env = "WS_DEMO_LOG_FORMAT", value_enum, default_value_t = Format::Text)]
    log_format: Format,

    /// Prints the settings as environment variables and exits
    #[arg(long)]
    pub(crate) print_config: bool,
}

impl Serve {
    pub(crate) async fn run(self) -> Result<(), Box<dyn Error>> {
        let log = Log::install(&self.log, self.log_format)?;
        let stop = stop_signal()?;
        let (hangups, questions) = (Signals::hangups()?, Signals::questions()?);
        Signals::log_switches()?.each(log.switch());
        let mut settings = self.settings();
        settings.allowed.connections = nofile::connections(self.max_connections);
        let server = Server::bind(self.setup()?, settings, log.journal()).await?;
        hangups.each(server.reloader());
        questions.each(server.reporter());
        supervisor::notify(State::Ready);
        let stop = async {
            stop.await;
            supervisor::notify(State::Stopping);
        };
        server.run(stop).await;
        Ok(())
    }

    /// The number of worker threads, if it was set.
    pub(crate) fn threads(&self) -> Option<usize> {
        self.threads.map(usize::from)
    }

    /// Checks what options mean together.
    ///
    /// # Errors
    ///
    /// The message for the user.
    pub(crate) fn check(&self) -> Result<(), String> {
        let least = self.max_message.saturating_mul(QUEUED_MESSAGES);
        if self.engine_file.is_some() && !matches!(self.engine, Engine::Memory) {
            return Err("--engine and --engine-file are both set: set one of them".to_owned());
        }
        match self.queue_bytes {
            Some(queue) if queue < least => Err(format!(
                "--queue-bytes {queue}: must be at least {least}, or several clients that send the \
                 largest messages (--max-message {}) cut off those that read them; 0: no limit",
                self.max_message
            )),
            _ => self.check_history(),
        }
    }

    fn check_history(&self) -> Result<(), String> {
        let has_history = self.history.limits(self.max_message).is_some();
        if has_history && matches!(self.engine, Engine::Nats(_)) {
            return Err(HISTORY_OF_ONE_NODE.to_owned());
        }
        self.history.check(self.max_message)
    }

    /// The capacity of a client's queue: for several of the largest messages, each with what a
    /// broadcast adds to it.
    fn queue_bytes(&self) -> usize {
        const ADDED: usize = 1024;
        const LEAST: usize = 1024 * 1024;
        let several = self.max_message.saturating_add(ADDED).saturating_mul(QUEUED_MESSAGES);
        self.queue_bytes.unwrap_or(several.max(LEAST))
    }

    fn setup(&self) -> Result<Setup, Box<dyn Error>> {
        let tokens = match (&self.auth_token_file, std::env::var(AUTH_TOKEN)) {
            (Some(_), Ok(_)) => {
                return Err(format!(
                    "--auth-token-file and {AUTH_TOKEN} are both set: set one of them"
                )
                .into());
            }
            (Some(path), Err(_)) => Some(auth::Source::File(path.clone())),
            (None, Ok(token)) if token == PLACEHOLDER => {
                return Err(format!(
                    "{AUTH_TOKEN}: {PLACEHOLDER} stands for a token that --print-config does not \
                     print: set it, or --auth-token-file"
                )
                .into());
            }
            (None, Ok(token)) => Some(auth::Source::Token(token)),
            (None, Err(std::env::VarError::NotPresent)) => None,
            (None, Err(std::env::VarError::NotUnicode(_))) => {
                return Err(format!("{AUTH_TOKEN}: not UTF-8").into());
            }
        };
        let files = self.tls_cert.clone().zip(self.tls_key.clone());
        Ok(Setup {
            listen: self.listen.clone(),
            admin_listen: self.admin_listen.clone(),
            tls: files.map(|(certificate, key)| certificate::Files { certificate, key }),
            tokens,
            keys: self.identity.keys()?,
            api: self.api.setup(),
            nats: self.nats()?,
        })
    }

    fn settings(&self) -> Settings {
        let defaults = Settings::default();
        // Without context takeover one compressed frame serves all receivers of a broadcast.
        let deflate = self.compress.then(|| Deflate {
            window_bits: 12,
            context_takeover: false,
            ..Deflate::default()
        });
        Settings {
            config: Config {
                incoming: Limits {
                    max_message_size: self.max_message,
                    max_frame_size: self.max_message,
                    ..Limits::incoming()
                },
                max_head_size: self.max_head,
                handshake_timeout: Some(self.handshake_timeout),
                ping_interval: Some(self.ping_interval).filter(|interval| !interval.is_zero()),
                ping_timeout: self.ping_timeout,
                close_timeout: self.close_timeout,
                deflate,
                ..defaults.config
            },
            http: if self.http2 { Http::OneAndTwo } else { Http::One },
            hub: hub::HubConfig {
                bounds: OutboxLimits {
                    capacity: self.queue_bytes(),
                    timeout: self.queue_timeout,
                    slow: self.slow.into(),
                },
                max_rooms: self.max_rooms,
                history: self.history.limits(self.max_message),
            },
            allowed: Allowed {
                connections: self.max_connections.unwrap_or(usize::MAX),
                per_address: Some(self.max_per_ip).filter(|max| *max < usize::MAX),
                rate: Rate::new(self.connect_rate, self.connect_burst),
            },
            max_handshakes: self.max_handshakes,
            message_rate: Rate::new(
                self.msg_rate,
                self.msg_burst.unwrap_or(self.msg_rate.saturating_mul(2)),
            ),
            auth_timeout: self.auth_timeout,
            origins: self.origins(),
            trusted_proxies: self.trusted_proxy.clone(),
            engine_required: self.engine_required,
            shutdown_timeout: self.shutdown_timeout,
            drain_window: self.drain_window,
        }
    }

    fn nats(&self) -> Result<Option<nats::Settings>, String> {
        let engine = match &self.engine_file {
            Some(path) => {
                let fail =
                    |error: &dyn fmt::Display| format!("--engine-file {}: {error}", path.display());
                let text = fs::read_to_string(path).map_err(|error| fail(&error))?;
                let lines: Vec<_> = text.split_whitespace().collect();
                engine(&lines.join(",")).map_err(|error| fail(&error))?
            }
            None => self.engine.clone(),
        };
        Ok(match engine {
            Engine::Memory => None,
            // That of --engine-file was not known before.
            Engine::Nats(_) if self.history.limits(self.max_message).is_some() => {
                return Err(HISTORY_OF_ONE_NODE.to_owned());
            }
            Engine::Nats(servers) => {
                Some(nats::Settings { servers, prefix: self.engine_prefix.clone() })
            }
        })
    }

    fn origins(&self) -> Origins {
        let mut listed = Vec::new();
        for origin in &self.origin {
            match origin {
                AllowedOrigin::Any => return Origins::Any,
                AllowedOrigin::Site(origin) => listed.push(origin.clone()),
            }
        }
        if listed.is_empty() { Origins::SameHost } else { Origins::Listed(listed) }
    }
}

#[cfg(test)]
mod tests;
