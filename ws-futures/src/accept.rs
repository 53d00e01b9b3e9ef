//! The server's side of the opening handshake, in one step or two.

use std::fmt;
use std::io;
use std::sync::Arc;

use futures_io::{AsyncRead, AsyncWrite};
use ws_proto::server::{Accept, Rejection, ServerHandshake, ServerProgress, ServerRequest};
use ws_proto::{Config, Instant, InvalidHeader};

use crate::error::HandshakeError;
use crate::opening::Opening;
use crate::serve::Permit;
use crate::shutdown::ShutdownGuard;
use crate::timer::Timer;
use crate::trace;
use crate::web_socket::WebSocket;

/// Accepts a WebSocket on a byte stream: any valid request, without a subprotocol.
///
/// # Errors
///
/// [`HandshakeError::Rejected`]: the client was told and the stream is ended.
/// [`HandshakeError::Io`].
///
/// # Cancel safety
///
/// Dropped before it is ready it drops the stream.
pub fn accept<Io, T>(
    io: Io,
    timer: T,
    config: impl Into<Arc<Config>>,
) -> impl Future<Output = Result<WebSocket<Io, T>, HandshakeError>>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    // Boxed, like every step of a handshake: a task that lives long should not stay as large as its
    // first moments.
    let config = config.into();
    Box::pin(async move {
        let begin = timer.now();
        Incoming::read_request(io, timer, config, begin).await?.accept().await
    })
}

/// A client that waits for an answer: the second chance to look at its request.
///
/// Whatever decides may take its time; the client is the one who has a deadline then.
#[must_use = "the client waits for an answer: accept or reject"]
pub struct Incoming<Io, T> {
    opening: Opening<Io, T>,
    config: Arc<Config>,
    outcome: Result<ServerRequest, Rejection>,
    serving: Option<Serving>,
}

/// What a server that serves the connection keeps of it until it is answered.
pub(crate) struct Serving {
    /// Given back then.
    pub(crate) handshake: Permit,
    /// Passed on to the WebSocket.
    pub(crate) guard: Option<ShutdownGuard>,
}

impl<Io, T> Incoming<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    /// Reads a request, within
    /// [`Config::handshake_timeout`](ws_proto::Config::handshake_timeout).
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Io`]: the stream failed or ended. A bad request is no error here but an
    /// [`outcome`](Self::request) that is still to be answered.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready it drops the stream.
    pub async fn read(
        io: Io,
        timer: T,
        config: impl Into<Arc<Config>>,
    ) -> Result<Self, HandshakeError> {
        let begin = timer.now();
        Box::pin(Self::read_request(io, timer, config.into(), begin)).await
    }

    /// The same for a connection of a server's; the deadline runs from `begin`.
    pub(crate) async fn read_served(
        io: Io,
        timer: T,
        config: Arc<Config>,
        begin: Instant,
        serving: Serving,
    ) -> Result<Self, HandshakeError> {
        let incoming = Self::read_request(io, timer, config, begin).await?;
        Ok(Self { serving: Some(serving), ..incoming })
    }

    async fn read_request(
        io: Io,
        timer: T,
        config: Arc<Config>,
        begin: Instant,
    ) -> Result<Self, HandshakeError> {
        let mut opening = Opening::new(io, timer);
        let mut handshake = ServerHandshake::new(Arc::clone(&config));
        let deadline = handshake.poll_timeout(begin);
        let outcome = loop {
            match opening.read(deadline).await {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    if let Err(rejection) = handshake.handle_timeout(opening.now()) {
                        break Err(rejection);
                    }
                    return Err(error.into());
                }
                Err(error) => return Err(error.into()),
            }
            match opening.input.with(|input| handshake.receive(input)) {
                Ok(ServerProgress::NeedsInput(unfinished)) => handshake = unfinished,
                Ok(ServerProgress::Request(request)) => break Ok(request),
                Err(rejection) => break Err(rejection),
            }
        };
        Ok(Self { opening, config, outcome, serving: None })
    }

    /// The request, or why it is none for a WebSocket. The [`Rejection`] knows the request too if
    /// it could be read, so plain HTTP can be served by [`reject`](Self::reject).
    pub fn request(&self) -> Result<&ServerRequest, &Rejection> {
        self.outcome.as_ref()
    }

    /// The stream.
    pub fn get_ref(&self) -> &Io {
        self.opening.io()
    }

    /// Accepts a valid request, without a subprotocol; answers a bad one.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Rejected`]: the request was bad, the client was told and the stream is
    /// ended. [`HandshakeError::Io`].
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready it drops the stream.
    pub async fn accept(self) -> Result<WebSocket<Io, T>, HandshakeError> {
        self.accept_with(Ok).await
    }

    /// Accepts like [`accept`](Self::accept) with what `build` adds: a subprotocol, header fields.
    ///
    /// # Errors
    ///
    /// Those of [`accept`](Self::accept), and [`HandshakeError::Header`] for what `build` returns;
    /// the stream is dropped then.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready it drops the stream.
    pub async fn accept_with(
        self,
        build: impl FnOnce(Accept) -> Result<Accept, InvalidHeader>,
    ) -> Result<WebSocket<Io, T>, HandshakeError> {
        let Self { mut opening, config, outcome, serving } = self;
        match outcome {
            Ok(request) => {
                trace::accepted(&request);
                let mut response = Vec::new();
                let connection = build(request.accept())?.respond(&mut response);
                Box::pin(async move {
                    let deadline = opening.in_time(config.handshake_timeout);
                    opening.write(&response, deadline).await?;
                    let mut socket = opening.open(connection);
                    if let Some(Serving { handshake, guard }) = serving {
                        drop(handshake);
                        if let Some(guard) = guard {
                            socket.close_on(guard);
                        }
                    }
                    Ok(socket)
                })
                .await
            }
            Err(rejection) => {
                Box::pin(respond(opening, config, rejection.clone())).await?;
                Err(HandshakeError::Rejected(Box::new(rejection)))
            }
        }
    }

    /// Answers with `status` and what `build` adds, and ends the stream: a refusal such as 401, 403
    /// or 503, or any other answer of plain HTTP.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Header`] for what `build` returns, [`HandshakeError::Io`].
    ///
    /// # Cancel safety
    ///
    /// Dropped before it is ready it drops the stream.
    pub async fn reject(
        self,
        status: u16,
        build: impl FnOnce(Rejection) -> Result<Rejection, InvalidHeader>,
    ) -> Result<(), HandshakeError> {
        let rejection = match self.outcome {
            Ok(request) => request.reject(status),
            Err(rejection) => rejection.with_status(status),
        };
        Ok(Box::pin(respond(self.opening, self.config, build(rejection)?)).await?)
    }
}

async fn respond<Io, T>(
    mut opening: Opening<Io, T>,
    config: Arc<Config>,
    rejection: Rejection,
) -> io::Result<()>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    trace::rejected(&rejection);
    let mut response = Vec::new();
    rejection.respond(&mut response);
    let deadline = opening.in_time(config.handshake_timeout);
    opening.write(&response, deadline).await?;
    opening.linger(&config).await;
    Ok(())
}

impl<Io, T> fmt::Debug for Incoming<Io, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("outcome", &self.outcome).finish_non_exhaustive()
    }
}
