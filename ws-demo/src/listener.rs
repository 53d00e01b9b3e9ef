//! The sockets that clients come to.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};
use tokio::time::Instant;

use crate::endpoint::{Endpoint, Listen};
use crate::http::Port;

/// How long to wait when a connection could not be accepted, as when all file descriptors are in
/// use: others must end first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A socket that listens.
pub(crate) struct Listener {
    socket: Socket,
    endpoint: Endpoint,
    port: Port,
}

enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// Somebody who has come.
pub(crate) struct Arrival {
    pub(crate) stream: Raw,
    /// `None`: over a local socket.
    pub(crate) peer: Option<IpAddr>,
    pub(crate) port: Port,
    /// Whether TLS comes first.
    pub(crate) secure: bool,
}

/// A stream as it was accepted.
pub(crate) enum Raw {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Listener {
    /// Listens. `secure`: for TLS, which a local socket has no use for.
    ///
    /// # Errors
    ///
    /// [`BindError`] if it cannot.
    pub(crate) async fn bind(listen: &Listen, port: Port, secure: bool) -> Result<Self, BindError> {
        let fail = |source| BindError { listen: listen.to_string(), source };
        match listen {
            Listen::Tcp(address) => {
                let socket = TcpListener::bind(address).await.map_err(fail)?;
                let address = socket.local_addr().map_err(fail)?;
                let endpoint = Endpoint::Tcp { address, secure };
                Ok(Self { socket: Socket::Tcp(socket), endpoint, port })
            }
            #[cfg(unix)]
            Listen::Unix(path) => {
                remove_if_abandoned(path).map_err(fail)?;
                let socket = UnixListener::bind(path).map_err(fail)?;
                Ok(Self {
                    socket: Socket::Unix(socket),
                    endpoint: Endpoint::Unix(path.clone()),
                    port,
                })
            }
            #[cfg(not(unix))]
            Listen::Unix(_) => Err(fail(io::ErrorKind::Unsupported.into())),
        }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Arrival>> {
        let (stream, peer) = match &self.socket {
            Socket::Tcp(socket) => match socket.poll_accept(cx) {
                Poll::Ready(Ok((stream, peer))) => (Raw::Tcp(stream), Some(peer.ip())),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            },
            #[cfg(unix)]
            Socket::Unix(socket) => match socket.poll_accept(cx) {
                Poll::Ready(Ok((stream, _))) => (Raw::Unix(stream), None),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            },
        };
        let secure = matches!(self.endpoint, Endpoint::Tcp { secure: true, .. });
        Poll::Ready(Ok(Arrival { stream, peer, port: self.port, secure }))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Endpoint::Unix(path) = &self.endpoint {
            // Whoever removed it before us has done our work.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Waits for the next one to come to any of the listeners. Each has its turn.
pub(crate) struct Arrivals {
    listeners: Vec<Listener>,
    turn: usize,
    /// After an error.
    pause_until: Option<Instant>,
}

impl Arrivals {
    pub(crate) fn new(listeners: Vec<Listener>) -> Self {
        Self { listeners, turn: 0, pause_until: None }
    }

    /// Cancel safe.
    pub(crate) async fn next(&mut self) -> Arrival {
        loop {
            if let Some(until) = self.pause_until {
                tokio::time::sleep_until(until).await;
                self.pause_until = None;
            }
            match std::future::poll_fn(|cx| self.poll_next(cx)).await {
                Ok(arrival) => return arrival,
                Err(error) => {
                    tracing::warn!("[ws] cannot accept: {error}");
                    self.pause_until = Some(Instant::now() + ACCEPT_PAUSE);
                }
            }
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Arrival>> {
        for offset in 0..self.listeners.len() {
            let index = (self.turn + offset) % self.listeners.len();
            if let Poll::Ready(arrival) = self.listeners[index].poll_accept(cx) {
                self.turn = index + 1;
                return Poll::Ready(arrival);
            }
        }
        Poll::Pending
    }
}

/// Removes the socket of a server that did not end well, but nothing else and nobody's who listens.
#[cfg(unix)]
fn remove_if_abandoned(path: &std::path::Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt as _;

    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => {
            match std::os::unix::net::UnixStream::connect(path) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    std::fs::remove_file(path)
                }
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// The server cannot listen.
#[derive(Debug)]
pub(crate) struct BindError {
    listen: String,
    source: io::Error,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot listen on {}: {}", self.listen, self.source)
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
