//! `healthcheck`: the health of a server as an exit code.

use std::fmt;
use std::io::{self, Write as _};
#[cfg(unix)]
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use ws_cli::{Printable, Trust, TrustError, describe_connect_error, positive};
use ws_tokio::client::{ClientRequest, Uri};
use ws_tokio::{ClientStream, CloseCode, Config, ConnectError, Connector, Message, WebSocket};

/// The longest head of a response that is read, in bytes.
const MAX_HEAD: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
/// How much is shown of a status line's phrase, in characters.
const SHOWN: usize = 60;

/// The options of `healthcheck`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Healthcheck {
    /// http:// or https://: healthy if the answer to GET has a status of 200 to 299;
    /// ws:// or wss://: healthy if the handshake succeeds and a ping is answered.
    /// Connects directly, not through a proxy
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:9001/healthz", value_parser = probe)]
    probe: Probe,

    /// Time limit for the whole check
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = positive)]
    timeout: Duration,

    /// Unix socket to connect to, instead of the host and the port of the URL
    #[cfg(unix)]
    #[arg(long, value_name = "PATH")]
    unix_socket: Option<PathBuf>,

    #[command(flatten)]
    trust: Trust,
}

/// A request, and where to send it.
#[derive(Clone, Debug)]
struct Probe {
    text: String,
    kind: Kind,
    uri: Uri,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Http,
    WebSocket,
}

impl Healthcheck {
    /// Checks the server, and prints the result in one line.
    pub(crate) async fn run(self) -> ExitCode {
        let started = Instant::now();
        let url = &self.probe.text;
        match timeout(self.timeout, self.ask()).await.unwrap_or(Err(Unhealthy::Timeout)) {
            Ok(answer) => {
                // It is the exit code that counts.
                let _ =
                    writeln!(io::stdout(), "healthy: {url}: {answer} in {:.1?}", started.elapsed());
                ExitCode::SUCCESS
            }
            Err(error) => {
                let _ = writeln!(io::stderr(), "unhealthy: {url}: {error}");
                ExitCode::FAILURE
            }
        }
    }

    async fn ask(&self) -> Result<String, Unhealthy> {
        let Probe { kind, uri, .. } = &self.probe;
        // `--timeout` limits all of it.
        let config = Config { handshake_timeout: None, ..Config::default() };
        let mut connector = Connector::new().config(config).connect_timeout(None);
        #[cfg(unix)]
        if let Some(path) = &self.unix_socket {
            connector = connector.unix_socket(path);
        }
        if let Some(tls) = self.trust.connector()? {
            connector = connector.tls(tls);
        }
        match kind {
            Kind::Http => get(connector.connect_stream(uri).await?, uri).await,
            Kind::WebSocket => {
                let (socket, _response) =
                    connector.connect_with(uri, ClientRequest::for_uri(uri)).await?;
                ping(socket).await
            }
        }
    }
}

fn probe(text: &str) -> Result<Probe, String> {
    let uri = text.parse().map_err(|error| format!("{error}"))?;
    let is_http = text.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
    let kind = if is_http { Kind::Http } else { Kind::WebSocket };
    Ok(Probe { text: text.to_owned(), kind, uri })
}

async fn get(mut stream: ClientStream, uri: &Uri) -> Result<String, Unhealthy> {
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: ws-demo/{}\r\nConnection: close\r\n\r\n",
        uri.target(),
        uri.authority(),
        env!("CARGO_PKG_VERSION"),
    );
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut head = Vec::with_capacity(1024);
    loop {
        let read = (&mut stream).take((MAX_HEAD - head.len()) as u64).read_buf(&mut head).await?;
        let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut fields);
        match response.parse(&head) {
            Ok(httparse::Status::Complete(_)) => {
                let code = response.code.unwrap_or_default();
                let phrase = Printable::new(response.reason.unwrap_or_default(), SHOWN);
                let status = format!("{code} {phrase}").trim_end().to_owned();
                return match code {
                    200..=299 => Ok(status),
                    _ => Err(Unhealthy::Status(status)),
                };
            }
            Ok(httparse::Status::Partial) if read > 0 => {}
            Ok(httparse::Status::Partial) => return Err(Unhealthy::NoAnswer),
            // A TLS alert (RFC 8446 §5.1).
            Err(_) if head.first() == Some(&21) => return Err(Unhealthy::ExpectsTls),
            Err(error) => return Err(Unhealthy::NoHttp(error)),
        }
    }
}

async fn ping(mut socket: WebSocket<ClientStream>) -> Result<String, Unhealthy> {
    const PAYLOAD: &[u8] = b"healthcheck";
    socket.send(Message::Ping(PAYLOAD.into())).await?;
    while let Some(message) = socket.recv().await? {
        match message {
            Message::Pong(payload) if payload == PAYLOAD => {
                // It is healthy, however the closing handshake ends.
                let _ = socket.send(Message::Close(CloseCode::NORMAL.into())).await;
                return Ok("pong".to_owned());
            }
            Message::Close(close) => return Err(Unhealthy::Closed(close.code)),
            // The server may send messages of its own.
            Message::Text(_)
            | Message::Binary(_)
            | Message::TextChunk { .. }
            | Message::BinaryChunk { .. }
            | Message::Ping(_)
            | Message::Pong(_) => {}
        }
    }
    Err(Unhealthy::Closed(CloseCode::ABNORMAL))
}

/// The reason why a server is not healthy.
#[derive(Debug)]
enum Unhealthy {
    Timeout,
    Trust(TrustError),
    Connect(ConnectError),
    Stream(ws_tokio::Error),
    Status(String),
    NoAnswer,
    ExpectsTls,
    NoHttp(httparse::Error),
    Closed(CloseCode),
}

impl From<TrustError> for Unhealthy {
    fn from(error: TrustError) -> Self {
        Self::Trust(error)
    }
}

impl From<ConnectError> for Unhealthy {
    fn from(error: ConnectError) -> Self {
        Self::Connect(error)
    }
}

impl From<io::Error> for Unhealthy {
    fn from(error: io::Error) -> Self {
        Self::Stream(error.into())
    }
}

impl From<ws_tokio::Error> for Unhealthy {
    fn from(error: ws_tokio::Error) -> Self {
        Self::Stream(error)
    }
}

impl fmt::Display for Unhealthy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("no answer in time"),
            Self::Trust(error) => error.fmt(f),
            Self::Connect(error) => f.write_str(&describe_connect_error(error)),
            Self::Stream(error) => error.fmt(f),
            Self::Status(status) => f.write_str(status),
            Self::NoAnswer => f.write_str("the connection ended before the answer"),
            Self::ExpectsTls => {
                f.write_str("the server expects TLS on this port: use https:// or wss://")
            }
            Self::NoHttp(error) => write!(f, "the answer is not HTTP: {error}"),
            Self::Closed(code) => write!(f, "closed with {code} instead of a pong"),
        }
    }
}
