//! Which server, and how it is asked.

use std::time::Duration;

use clap::Args;
use ws_tokio::proto::client::{Request, Uri};
use ws_tokio::{Config, Deflate, Limits};

use super::tls::Trust;
use crate::command::time::positive;

/// What every command is told about the server that it talks to.
#[derive(Args, Clone, Debug)]
pub(crate) struct Target {
    /// The server: ws://HOST:PORT/PATH, or wss://; http:// and https:// are taken for them
    #[arg(value_name = "URL", value_parser = uri)]
    url: Uri,

    /// A header field for the request; repeat it for more
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,

    /// A subprotocol to offer; repeat it for more, the preferred one first
    #[arg(long = "subprotocol", value_name = "NAME")]
    subprotocols: Vec<String>,

    /// The Origin field of the request
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,

    /// The token to authenticate with, as the first message; the environment keeps it out of the
    /// list of processes
    #[arg(long, env = "WS_DEMO_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,

    /// How long connecting and closing may take, each
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = positive)]
    timeout: Duration,

    /// Offers compression (permessage-deflate)
    #[arg(long)]
    deflate: bool,

    #[command(flatten)]
    trust: Trust,
}

impl Target {
    pub(crate) fn url(&self) -> &Uri {
        &self.url
    }

    /// How long connecting and closing may take, each.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) fn trust(&self) -> &Trust {
        &self.trust
    }

    pub(crate) fn request(&self) -> Request {
        let mut request = Request::for_uri(&self.url);
        for name in &self.subprotocols {
            request = request.subprotocol(name);
        }
        if let Some(origin) = &self.origin {
            request = request.header("Origin", origin);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request
    }

    /// The configuration of a client that takes messages of up to `max_message` bytes.
    pub(crate) fn config(&self, max_message: usize) -> Config {
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

    /// The first message, if there is a token.
    pub(crate) fn authentication(&self) -> Option<String> {
        let token = serde_json::Value::from(self.token.as_deref()?);
        Some(format!(r#"{{"type":"auth","token":{token}}}"#))
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
