//! The options that `connect` and `bench` share: the server, the route to it, and the request.

use std::fmt;
#[cfg(unix)]
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ws_tokio::client::Uri;
use ws_tokio::{Config, Connector, Deflate, InvalidProxy, Limits, Proxy};

use crate::time::positive;
use crate::trust::{Trust, TrustError};

/// A server, the route to it, and what each request to it contains.
#[derive(Args, Clone, Debug)]
pub struct Target {
    /// Server: ws://HOST[:PORT]/PATH or wss://HOST[:PORT]/PATH; http and https mean the same. All
    /// addresses of the host are tried, IPv6 and IPv4 in turn, the next one after 250 ms (RFC 8305)
    #[arg(value_name = "URL", value_parser = uri)]
    url: Uri,

    /// Proxy to connect through: http://, https:// or socks5:// [USER:PASSWORD@]HOST[:PORT]; 'env' for
    /// the one that HTTP_PROXY (ws), HTTPS_PROXY (wss), ALL_PROXY and NO_PROXY name; 'none' for a
    /// direct connection. --cacert and --insecure apply to an https proxy, too
    #[arg(long, value_name = "URL", value_parser = proxy)]
    proxy: Option<ProxyChoice>,

    /// Unix socket to connect to, instead of the host and the port of the URL
    #[cfg(unix)]
    #[arg(long, value_name = "PATH", conflicts_with = "proxy")]
    unix_socket: Option<PathBuf>,

    /// Header field to add to the request; may be repeated
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,

    /// Subprotocol to offer; may be repeated, the preferred one first
    #[arg(long = "subprotocol", value_name = "NAME")]
    subprotocols: Vec<String>,

    /// Origin header field of the request [default: not sent]
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,

    /// Token to authenticate with, sent as the first message. The environment variable keeps it out
    /// of the process list
    #[arg(long, env = "WS_DEMO_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,

    /// Time limit for connecting, for the handshake and for closing, each
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = positive)]
    timeout: Duration,

    /// Offer compression (permessage-deflate)
    #[arg(long)]
    deflate: bool,

    #[command(flatten)]
    trust: Trust,
}

impl Target {
    /// Returns the address of the server.
    pub fn url(&self) -> &Uri {
        &self.url
    }

    /// Returns the time limit for connecting, for the handshake and for closing, each.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Returns whether each connection occupies a port of this machine.
    pub fn uses_ports(&self) -> bool {
        #[cfg(unix)]
        return self.unix_socket.is_none();
        #[cfg(not(unix))]
        true
    }

    /// Returns whether connections go to an address of the URL's host, not to a proxy or a Unix socket.
    ///
    /// # Errors
    ///
    /// [`TargetError::Proxy`]: the environment names an invalid proxy.
    pub fn is_direct(&self) -> Result<bool, TargetError> {
        Ok(self.uses_ports() && !self.proxy()?.applies_to(&self.url))
    }

    fn proxy(&self) -> Result<Proxy, InvalidProxy> {
        match &self.proxy {
            None | Some(ProxyChoice::Direct) => Ok(Proxy::default()),
            Some(ProxyChoice::Environment) => Proxy::from_env(),
            Some(ProxyChoice::Through(proxy)) => Ok(proxy.clone()),
        }
    }

    /// Returns a connector with these options. `config` is that of its connections.
    ///
    /// # Errors
    ///
    /// [`TargetError`]: there is no certificate to trust, or the environment names an invalid proxy.
    pub fn connector(&self, config: Config) -> Result<Connector, TargetError> {
        let mut connector = Connector::new().config(config).connect_timeout(Some(self.timeout));
        if let Some(tls) = self.trust.connector()? {
            connector = connector.tls(tls);
        }
        connector = connector.proxy(self.proxy()?);
        #[cfg(unix)]
        if let Some(path) = &self.unix_socket {
            connector = connector.unix_socket(path);
        }
        for name in &self.subprotocols {
            connector = connector.subprotocol(name);
        }
        if let Some(origin) = &self.origin {
            connector = connector.header("Origin", origin.as_str());
        }
        for (name, value) in &self.headers {
            connector = connector.header(name, value.as_str());
        }
        Ok(connector)
    }

    /// Returns the configuration of a client that accepts messages of up to `max_message` bytes.
    pub fn config(&self, max_message: usize) -> Config {
        Config {
            incoming: Limits {
                max_message_size: max_message,
                max_frame_size: max_message,
                ..Limits::incoming()
            },
            handshake_timeout: Some(self.timeout),
            close_timeout: self.timeout,
            deflate: self.deflate.then(Deflate::default),
            ..Config::default()
        }
    }

    /// Returns the message that authenticates the client, if there is a token.
    pub fn authentication(&self) -> Option<String> {
        let token = serde_json::Value::from(self.token.as_deref()?);
        Some(format!(r#"{{"type":"auth","token":{token}}}"#))
    }
}

/// The proxy of a connection.
#[derive(Clone, Debug)]
enum ProxyChoice {
    Direct,
    Environment,
    Through(Proxy),
}

/// A connector cannot be made from the options.
#[derive(Debug)]
pub enum TargetError {
    /// The certificates to trust cannot be used.
    Trust(TrustError),
    /// The environment names an invalid proxy.
    Proxy(InvalidProxy),
}

impl From<TrustError> for TargetError {
    fn from(error: TrustError) -> Self {
        Self::Trust(error)
    }
}

impl From<InvalidProxy> for TargetError {
    fn from(error: InvalidProxy) -> Self {
        Self::Proxy(error)
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trust(error) => error.fmt(f),
            Self::Proxy(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TargetError {}

fn proxy(text: &str) -> Result<ProxyChoice, InvalidProxy> {
    match text {
        "none" => Ok(ProxyChoice::Direct),
        "env" => Ok(ProxyChoice::Environment),
        url => url.parse().map(ProxyChoice::Through),
    }
}

fn uri(text: &str) -> Result<Uri, String> {
    text.parse().map_err(|error| format!("{error}, as in ws://127.0.0.1:9001/ws"))
}

fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.is_empty() => {
            let (name, value) = (name.to_owned(), value.trim().to_owned());
            Ok((name, value))
        }
        _ => Err("expected a name, a colon and a value, such as 'Cookie: a=b'".to_owned()),
    }
}
