//! `serve`: the server, until SIGINT or SIGTERM.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use ipnet::IpNet;
use ws_tokio::{Config, Deflate, Limits};

use crate::admission::Allowed;
use crate::auth;
use crate::certificate::{self, Http};
use crate::endpoint::Listen;
use crate::engine::nats;
use crate::hangups::Hangups;
use crate::log::{self, Format};
use crate::nofile;
use crate::origin::{Origin, Origins};
use crate::rate::Rate;
use crate::server::{Server, Setup};
use crate::service::Settings;
use ws_cli::{duration, positive, stop_signal};
use ws_hub::{self as hub, OutboxLimits};

/// The one secret that is no flag: everybody on a machine can read the flags of its programs.
const AUTH_TOKEN: &str = "WS_DEMO_AUTH_TOKEN";

/// What `serve` can be told.
#[derive(Args, Clone, Debug)]
pub(crate) struct Serve {
    /// Where to listen: HOST:PORT, where port 0 is any free port, or unix:PATH; repeatable
    #[arg(long, env = "WS_DEMO_LISTEN", value_name = "ADDRESS", value_delimiter = ',')]
    #[arg(default_value = "127.0.0.1:9001")]
    listen: Vec<Listen>,

    /// Where /metrics and /stats are served instead, besides /healthz and /readyz; without TLS
    #[arg(long, env = "WS_DEMO_ADMIN_LISTEN", value_name = "ADDRESS")]
    admin_listen: Option<Listen>,

    /// The certificate chain for TLS, in PEM; SIGHUP reads it again
    #[arg(long, env = "WS_DEMO_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The key of the certificate, in PEM
    #[arg(long, env = "WS_DEMO_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Serves HTTP/2 besides HTTP/1.1, WebSockets (RFC 8441) included: over TLS to clients that ask
    /// for it, without TLS to clients that begin with it. Off by default
    #[arg(long, env = "WS_DEMO_HTTP2", value_parser = BoolishValueParser::new())]
    http2: bool,

    /// The tokens that clients must know, one a line; SIGHUP reads them again. A single token can
    /// be in the environment, as WS_DEMO_AUTH_TOKEN
    #[arg(long, env = "WS_DEMO_AUTH_TOKEN_FILE", value_name = "FILE")]
    auth_token_file: Option<PathBuf>,

    /// How long a client may take to send its token
    #[arg(long, env = "WS_DEMO_AUTH_TIMEOUT", value_name = "TIME", default_value = "5s")]
    #[arg(value_parser = positive)]
    auth_timeout: Duration,

    /// A site whose pages may connect besides the server's own, as in `https://chat.example`; *: any
    /// site; repeatable
    #[arg(long, env = "WS_DEMO_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    #[arg(value_parser = origin)]
    origin: Vec<AllowedOrigin>,

    /// Addresses of proxies whose X-Forwarded-For is believed, as in 10.0.0.0/8; repeatable
    #[arg(long, env = "WS_DEMO_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    #[arg(value_parser = network)]
    trusted_proxy: Vec<IpNet>,

    /// The largest message a client may send; a larger one is answered with Close 1009
    #[arg(long, env = "WS_DEMO_MAX_MESSAGE", value_name = "BYTES", default_value_t = 1024 * 1024)]
    max_message: usize,

    /// Compresses messages (permessage-deflate) for clients that offer it
    #[arg(long, env = "WS_DEMO_COMPRESS", value_parser = BoolishValueParser::new())]
    compress: bool,

    /// How many clients there may be; without it, as many as file descriptors allow
    #[arg(long, env = "WS_DEMO_MAX_CONNECTIONS", value_name = "COUNT")]
    max_connections: Option<usize>,

    /// How many of them may come from one address (IPv6: from one /64); 0: any number
    #[arg(long, env = "WS_DEMO_MAX_PER_IP", value_name = "COUNT", default_value_t = 0)]
    max_per_ip: usize,

    /// How many connections a second one address may open; 0: any number
    #[arg(long, env = "WS_DEMO_CONNECT_RATE", value_name = "PER SECOND", default_value_t = 0)]
    connect_rate: u32,

    /// How many of them at once
    #[arg(long, env = "WS_DEMO_CONNECT_BURST", value_name = "COUNT", default_value_t = 20)]
    connect_burst: u32,

    /// How many requests are waited for at a time; who comes then is cut
    #[arg(long, env = "WS_DEMO_MAX_HANDSHAKES", value_name = "COUNT", default_value_t = 4096)]
    max_handshakes: usize,

    /// How many messages a second a client may send; 0: any number
    #[arg(long, env = "WS_DEMO_MSG_RATE", value_name = "PER SECOND", default_value_t = 0)]
    msg_rate: u32,

    /// How many of them at once
    #[arg(long, env = "WS_DEMO_MSG_BURST", value_name = "COUNT", default_value_t = 100)]
    msg_burst: u32,

    /// In how many rooms a client may be
    #[arg(long, env = "WS_DEMO_MAX_ROOMS", value_name = "COUNT", default_value_t = 64)]
    max_rooms: usize,

    /// How much may wait for a client that does not keep up
    #[arg(long, env = "WS_DEMO_QUEUE_BYTES", value_name = "BYTES", default_value_t = 1024 * 1024)]
    queue_bytes: usize,

    /// How long it may take nothing of that
    #[arg(long, env = "WS_DEMO_QUEUE_TIMEOUT", value_name = "TIME", default_value = "10s")]
    #[arg(value_parser = positive)]
    queue_timeout: Duration,

    /// What happens then
    #[arg(long, env = "WS_DEMO_SLOW", value_enum, default_value_t = Slow::Close)]
    slow: Slow,

    /// How long a client may take to send its request
    #[arg(long, env = "WS_DEMO_HANDSHAKE_TIMEOUT", value_name = "TIME", default_value = "10s")]
    #[arg(value_parser = positive)]
    handshake_timeout: Duration,

    /// How often each client is pinged, give or take a tenth; 0s: never
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

    /// Over how long they are asked to leave, so that they do not come back all at once; half of
    /// the shutdown timeout at most
    #[arg(long, env = "WS_DEMO_DRAIN_WINDOW", value_name = "TIME", default_value = "1s")]
    #[arg(value_parser = duration)]
    drain_window: Duration,

    /// How nodes reach each other: memory, for a server that is alone, or the NATS broker at
    /// nats://HOST:PORT or nats://USER:PASSWORD@HOST:PORT (tls:// for one that speaks TLS); several
    /// of a cluster with commas between them
    #[arg(long, env = "WS_DEMO_ENGINE", value_name = "ENGINE", default_value = "memory")]
    #[arg(value_parser = engine, hide_env_values = true)]
    engine: Engine,

    /// What the subjects of these nodes begin with at the broker, apart from others'
    #[arg(long, env = "WS_DEMO_ENGINE_PREFIX", value_name = "PREFIX", default_value = "ws-demo")]
    engine_prefix: nats::Prefix,

    /// Not ready while other nodes cannot be reached
    #[arg(long, env = "WS_DEMO_ENGINE_REQUIRED", value_parser = BoolishValueParser::new())]
    engine_required: bool,

    /// How many threads work; without it, one for each processor
    #[arg(long, env = "WS_DEMO_THREADS", value_name = "COUNT")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// What is logged, as in debug or ws_demo=debug
    #[arg(long, env = "WS_DEMO_LOG", value_name = "FILTER", default_value = "info")]
    log: String,

    /// How it is written
    #[arg(long, env = "WS_DEMO_LOG_FORMAT", value_enum, default_value_t = Format::Text)]
    log_format: Format,

    /// Prints the settings, as environment variables, and ends
    #[arg(long)]
    pub(crate) print_config: bool,
}

impl Serve {
    pub(crate) async fn run(self) -> Result<(), Box<dyn Error>> {
        let journal = log::install(&self.log, self.log_format)?;
        let stop = stop_signal()?;
        let hangups = Hangups::listen()?;
        let mut settings = self.settings();
        settings.allowed.connections = nofile::connections(self.max_connections);
        let server = Server::bind(self.setup()?, settings, journal).await?;
        hangups.each(server.reloader());
        server.run(stop).await;
        Ok(())
    }

    /// How many threads are to work, if it was said.
    pub(crate) fn threads(&self) -> Option<usize> {
        self.threads.map(usize::from)
    }

    fn setup(&self) -> Result<Setup, Box<dyn Error>> {
        let tokens = match (&self.auth_token_file, std::env::var(AUTH_TOKEN)) {
            (Some(_), Ok(_)) => {
                return Err(format!("--auth-token-file and {AUTH_TOKEN}: give one of them").into());
            }
            (Some(path), Err(_)) => Some(auth::Source::File(path.clone())),
            (None, Ok(token)) => Some(auth::Source::Token(token)),
            (None, Err(std::env::VarError::NotPresent)) => None,
            (None, Err(std::env::VarError::NotUnicode(_))) => {
                return Err(format!("{AUTH_TOKEN} is not UTF-8").into());
            }
        };
        let files = self.tls_cert.clone().zip(self.tls_key.clone());
        Ok(Setup {
            listen: self.listen.clone(),
            admin_listen: self.admin_listen.clone(),
            tls: files.map(|(certificate, key)| certificate::Files { certificate, key }),
            tokens,
            nats: self.nats(),
        })
    }

    fn settings(&self) -> Settings {
        let defaults = Settings::default();
        // Without context takeover one compressed form serves all who get a broadcast.
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
                    capacity: self.queue_bytes,
                    timeout: self.queue_timeout,
                    slow: self.slow.into(),
                },
                max_rooms: self.max_rooms,
            },
            allowed: Allowed {
                connections: self.max_connections.unwrap_or(usize::MAX),
                per_address: Some(self.max_per_ip).filter(|max| *max > 0),
                rate: Rate::new(self.connect_rate, self.connect_burst),
            },
            max_handshakes: self.max_handshakes,
            message_rate: Rate::new(self.msg_rate, self.msg_burst),
            auth_timeout: self.auth_timeout,
            origins: self.origins(),
            trusted_proxies: self.trusted_proxy.clone(),
            engine_required: self.engine_required,
            shutdown_timeout: self.shutdown_timeout,
            drain_window: self.drain_window,
        }
    }

    fn nats(&self) -> Option<nats::Settings> {
        match &self.engine {
            Engine::Memory => None,
            Engine::Nats(servers) => Some(nats::Settings {
                servers: servers.clone(),
                prefix: self.engine_prefix.clone(),
            }),
        }
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

/// What is done about a client that does not keep up.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Slow {
    /// It is closed with 1013
    Close,
    /// It misses what finds no room
    Drop,
}

impl From<Slow> for hub::SlowPolicy {
    fn from(slow: Slow) -> Self {
        match slow {
            Slow::Close => Self::Close,
            Slow::Drop => Self::Drop,
        }
    }
}

#[derive(Clone, Debug)]
enum Engine {
    Memory,
    Nats(nats::Servers),
}

fn engine(text: &str) -> Result<Engine, String> {
    match text {
        "memory" => Ok(Engine::Memory),
        servers => servers.parse().map(Engine::Nats),
    }
}

#[derive(Clone, Debug)]
enum AllowedOrigin {
    Any,
    Site(Origin),
}

fn origin(text: &str) -> Result<AllowedOrigin, String> {
    match Origin::parse(text) {
        _ if text == "*" => Ok(AllowedOrigin::Any),
        Some(origin) => Ok(AllowedOrigin::Site(origin)),
        None => Err("expected a scheme and a host, as in https://chat.example, or *".to_owned()),
    }
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<std::net::IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| address()).map_err(|_| {
        "expected an address or a network, as in 10.0.0.0/8 or 2001:db8::/32".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Wrapper {
        #[command(flatten)]
        serve: Serve,
    }

    fn parse(arguments: &[&str]) -> Serve {
        let arguments = [&["serve"], arguments].concat();
        Wrapper::try_parse_from(arguments).map(|wrapper| wrapper.serve).expect("good arguments")
    }

    #[test]
    fn the_defaults_are_the_same_everywhere() {
        assert_eq!(parse(&[]).settings(), Settings::default());
        assert_eq!(parse(&[]).listen, [Listen::Tcp("127.0.0.1:9001".to_owned())]);
    }

    #[test]
    fn no_interval_is_no_pings() {
        assert_eq!(parse(&["--ping-interval", "0s"]).settings().config.ping_interval, None);
    }

    #[test]
    fn what_repeats() {
        let serve = parse(&["--listen", "[::]:0", "--listen", "localhost:1,unix:/run/x"]);
        assert_eq!(serve.listen.len(), 3);
        assert_eq!(serve.listen[2], Listen::Unix("/run/x".into()));
        let serve = parse(&["--origin", "https://a.example,http://b.example:8080"]);
        assert!(matches!(serve.settings().origins, Origins::Listed(sites) if sites.len() == 2));
        let serve = parse(&["--origin", "https://a.example", "--origin", "*"]);
        assert_eq!(serve.settings().origins, Origins::Any);
        let serve = parse(&["--trusted-proxy", "10.0.0.0/8,127.0.0.1", "--trusted-proxy", "::1"]);
        assert_eq!(serve.settings().trusted_proxies.len(), 3);
    }

    #[test]
    fn compressed_broadcasts_serve_all() {
        let settings = parse(&["--compress"]).settings();
        let deflate = settings.config.deflate.expect("compression");
        assert_eq!((deflate.window_bits, deflate.context_takeover), (12, false));
    }
}
