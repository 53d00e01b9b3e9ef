//! Listeners of different kinds as one type.

use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

use super::Listener;
#[cfg(feature = "rustls")]
use crate::{TlsListener, TlsStream};

/// A listener of any kind that this crate supports, for servers that choose at run time, or combine
/// several: [`Listeners`](super::Listeners).
///
/// ```no_run
/// use axum::{Router, extract::Extension, routing::get};
/// use tokio::net::{TcpListener, UnixListener};
/// use ws_tokio::serve::{AnyAddress, AnyListener, Listeners};
/// use ws_tokio::upgrade::{Peer, serve};
///
/// # #[tokio::main]
/// # async fn main() -> std::io::Result<()> {
/// let listeners: [AnyListener; 2] = [
///     TcpListener::bind("127.0.0.1:9001").await?.into(),
///     UnixListener::bind("/run/app.sock")?.into(),
/// ];
/// let app = Router::new().route("/", get(greet));
/// serve(Listeners::from_iter(listeners), app).await;
/// # Ok(())
/// # }
///
/// async fn greet(Extension(Peer(peer)): Extension<Peer<AnyAddress>>) -> String {
///     peer.ip().map_or("hello, neighbour".into(), |ip| format!("hello, {ip}"))
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum AnyListener {
    /// A TCP listener.
    Tcp(TcpListener),
    /// A listener at a Unix socket.
    #[cfg(unix)]
    Unix(UnixListener),
    /// A TCP listener with TLS over its connections.
    #[cfg(feature = "rustls")]
    Tls(TlsListener<TcpListener>),
}

/// A connection of an [`AnyListener`].
#[derive(Debug)]
#[non_exhaustive]
pub enum AnyStream {
    /// A TCP stream.
    Tcp(TcpStream),
    /// A stream of a Unix socket.
    #[cfg(unix)]
    Unix(UnixStream),
    /// TLS over a TCP stream.
    #[cfg(feature = "rustls")]
    Tls(TlsStream<TcpStream>),
}

/// The address of a peer of an [`AnyListener`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AnyAddress {
    /// The peer's address and port, with TLS or without.
    Tcp(SocketAddr),
    /// A local process, through a Unix socket: its clients usually have no address.
    Unix,
}

impl AnyAddress {
    /// Returns the peer's IP address; `None` through a Unix socket.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Tcp(address) => Some(address.ip()),
            Self::Unix => None,
        }
    }
}

impl From<TcpListener> for AnyListener {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

#[cfg(unix)]
impl From<UnixListener> for AnyListener {
    fn from(listener: UnixListener) -> Self {
        Self::Unix(listener)
    }
}

#[cfg(feature = "rustls")]
impl From<TlsListener<TcpListener>> for AnyListener {
    fn from(listener: TlsListener<TcpListener>) -> Self {
        Self::Tls(listener)
    }
}

impl Listener for AnyListener {
    type Stream = AnyStream;
    type Address = AnyAddress;
    type Opening = Pin<Box<dyn Future<Output = io::Result<AnyStream>> + Send>>;

    async fn accept(&mut self) -> io::Result<(Self::Opening, AnyAddress)> {
        Ok(match self {
            Self::Tcp(listener) => {
                let (opening, peer) = Listener::accept(listener).await?;
                (Box::pin(async { opening.await.map(AnyStream::Tcp) }), AnyAddress::Tcp(peer))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (opening, _peer) = Listener::accept(listener).await?;
                (Box::pin(async { opening.await.map(AnyStream::Unix) }), AnyAddress::Unix)
            }
            #[cfg(feature = "rustls")]
            Self::Tls(listener) => {
                let (opening, peer) = listener.accept().await?;
                (Box::pin(async { opening.await.map(AnyStream::Tls) }), AnyAddress::Tcp(peer))
            }
        })
    }
}

/// Forwards a call to the stream of any kind.
macro_rules! each {
    ($stream:expr, $inner:ident => $call:expr) => {
        match $stream {
            AnyStream::Tcp($inner) => $call,
            #[cfg(unix)]
            AnyStream::Unix($inner) => $call,
            #[cfg(feature = "rustls")]
            AnyStream::Tls($inner) => $call,
        }
    };
}

impl AsyncRead for AnyStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for AnyStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(cx, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        each!(self, stream => stream.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}
