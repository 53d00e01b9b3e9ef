//! `healthcheck`: whether a server is well, as an exit code.

use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use ws_tokio::proto::client::{Request, Uri};
use ws_tokio::{CloseCode, Config, Message, client};

use crate::command::time::positive;
use crate::printable::Printable;
use crate::remote::{DialError, Route, Stream, Trust};

/// The longest head of a response that is read.
const MAX_HEAD: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
/// How much is shown of a status line's phrase, in characters.
const SHOWN: usize = 60;

/// What `healthcheck` can be told.
#[derive(Args, Clone, Debug)]
pub(crate) struct Healthcheck {
    /// http:// or https://: GET must give a status of 200 to 299;
    /// ws:// or wss://: the handshake must succeed and a ping be answered
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:9001/healthz", value_parser = probe)]
    probe: Probe,

    /// How long all of it may take
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = positive)]
    timeout: Duration,

    #[command(flatten)]
    trust: Trust,
}

/// What is asked, and where.
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
    /// Asks, and says in one line what came of it.
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
        let stream = Route::find(uri, &self.trust, self.timeout).await?.open(None).await?;
        match kind {
            Kind::Http => get(stream, uri).await,
            Kind::WebSocket => ping(stream, uri).await,
        }
    }
}

fn probe(text: &str) -> Result<Probe, String> {
    let uri = text.parse().map_err(|error| format!("{error}"))?;
    let is_http = text.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
    let kind = if is_http { Kind::Http } else { Kind::WebSocket };
    Ok(Probe { text: text.to_owned(), kind, uri })
}

async fn get(mut stream: Stream, uri: &Uri) -> Result<String, Unhealthy> {
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
            Err(error) => return Err(Unhealthy::NoHttp(error)),
        }
    }
}

async fn ping(stream: Stream, uri: &Uri) -> Result<String, Unhealthy> {
    const PAYLOAD: &[u8] = b"healthcheck";
    let handshake = client(stream, Request::for_uri(uri), Config::default());
    let (mut socket, _response) =
        handshake.await.map_err(|error| DialError::Handshake(Box::new(error)))?;
    socket.send(Message::Ping(PAYLOAD.into())).await?;
    while let Some(message) = socket.recv().await? {
        match message {
            Message::Pong(payload) if payload == PAYLOAD => {
                // It is well; how it says goodbye is another matter.
                let _ = socket.send(Message::Close(CloseCode::NORMAL.into())).await;
                return Ok("pong".to_owned());
            }
            Message::Close(close) => return Err(Unhealthy::Closed(close.code)),
            // The server may have something to say to each client.
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

/// Why a server is not well.
#[derive(Debug)]
enum Unhealthy {
    Timeout,
    Dial(DialError),
    Stream(ws_tokio::Error),
    Status(String),
    NoAnswer,
    NoHttp(httparse::Error),
    Closed(CloseCode),
}

impl From<DialError> for Unhealthy {
    fn from(error: DialError) -> Self {
        Self::Dial(error)
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
            Self::Dial(error) => error.fmt(f),
            Self::Stream(error) => error.fmt(f),
            Self::Status(status) => f.write_str(status),
            Self::NoAnswer => f.write_str("the connection ended before an answer came"),
            Self::NoHttp(error) => write!(f, "no answer of HTTP: {error}"),
            Self::Closed(code) => write!(f, "closed with {code} instead of a pong"),
        }
    }
}
