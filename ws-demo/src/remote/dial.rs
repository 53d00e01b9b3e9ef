//! WebSockets to one server.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::time::error::Elapsed;
use ws_tokio::proto::client::{Request, Response};
use ws_tokio::{Config, HandshakeError, WebSocket, client};

use super::route::Route;
use super::stream::Stream;
use super::target::Target;
use super::tls::TrustError;
use crate::printable::Printable;

/// How much is shown of what a server says to its refusal, in characters.
const SHOWN: usize = 200;

/// Opens WebSockets as the command line asks for them.
#[derive(Clone)]
pub(crate) struct Dialer {
    route: Route,
    request: Request,
    config: Arc<Config>,
}

impl Dialer {
    /// Finds the server.
    ///
    /// # Errors
    ///
    /// [`DialError`] if it has no address, or nobody could be trusted.
    pub(crate) async fn new(target: &Target, config: Config) -> Result<Self, DialError> {
        let route = Route::find(target.url(), target.trust(), target.timeout()).await?;
        Ok(Self { route, request: target.request(), config: Arc::new(config) })
    }

    /// Where the server may be.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        self.route.addresses()
    }

    /// Connects, from any address of this machine or from `source`.
    ///
    /// # Errors
    ///
    /// [`DialError`] says what failed.
    pub(crate) async fn dial(
        &self,
        source: Option<IpAddr>,
    ) -> Result<(WebSocket<Stream>, Response), DialError> {
        let stream = self.route.open(source).await?;
        client(stream, self.request.clone(), Arc::clone(&self.config))
            .await
            .map_err(|error| DialError::Handshake(Box::new(error)))
    }
}

/// There is no connection.
#[derive(Debug)]
pub(crate) enum DialError {
    Resolve(io::Error),
    Tcp(io::Error),
    Trust(TrustError),
    Tls(io::Error),
    Timeout,
    Handshake(Box<HandshakeError>),
}

impl DialError {
    /// The error of the operating system, if it is one.
    pub(crate) fn io(&self) -> Option<&io::Error> {
        match self {
            Self::Tcp(error) => Some(error),
            Self::Handshake(error) => match &**error {
                HandshakeError::Io(error) => Some(error),
                _ => None,
            },
            _ => None,
        }
    }
}

impl From<io::Error> for DialError {
    fn from(error: io::Error) -> Self {
        Self::Tcp(error)
    }
}

impl From<TrustError> for DialError {
    fn from(error: TrustError) -> Self {
        Self::Trust(error)
    }
}

impl From<Elapsed> for DialError {
    fn from(_: Elapsed) -> Self {
        Self::Timeout
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve(error) => write!(f, "the host cannot be found: {error}"),
            Self::Tcp(error) => error.fmt(f),
            Self::Trust(error) => error.fmt(f),
            Self::Tls(error) => write!(f, "TLS: {error}"),
            Self::Timeout => f.write_str("no connection in time"),
            Self::Handshake(error) => match &**error {
                HandshakeError::Refused(response) => {
                    write!(f, "{error}")?;
                    let body = String::from_utf8_lossy(response.body());
                    let hint = body.lines().next().unwrap_or_default();
                    match hint.is_empty() || hint.starts_with('<') {
                        true => Ok(()),
                        false => write!(f, ": {}", Printable::new(hint, SHOWN)),
                    }
                }
                error => error.fmt(f),
            },
        }
    }
}

impl std::error::Error for DialError {}
