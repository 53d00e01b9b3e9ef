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
/// [`HandshakeError::Rejected`]: the request was invalid; a response was sent and the stream was ended.
/// [`HandshakeError::Io`].
///
/// # Cancel safety
///
/// Dropping the future drops the stream.
pub fn accept<Io, T>(
    io: Io,
    timer: T,
    config: impl Into<Arc<Config>>,
) -> impl Future<Output = Result<WebSocket<Io, T>, HandshakeError>>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    // Boxed, like each step of a handshake, so that a long-lived task does not stay as large as its
    // handshake.
    let config = config.into();
    Box::pin(async move {
        let begin = timer.now();
        Incoming::read_request(io, timer, config, begin).await?.accept().await
    })
}

/// A client whose request has been read and waits for a response.
///
/// There is no deadline for the decision, except the client's own.
#[must_use = "the client waits for a response: accept or reject"]
pub struct Incoming<Io, T> {
    opening: Opening<Io, T>,
    config: Arc<Config>,
    outcome: Result<ServerRequest, Rejection>,
    serving: Option<Serving>,
}

/// The server's state of a connection until its request is answered.
pub(crate) struct Serving {
    /// Released when the request is answered.
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
    /// [`HandshakeError::Io`]: the stream failed or ended. An invalid request is not an error here; it is
    /// returned by [`request`](Self::request) and still to be answered.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the stream.
    pub async fn read(
        io: Io,
        timer: T,
        config: impl Into<Arc<Config>>,
    ) -> Result<Self, HandshakeError> {
        let begin = timer.now();
        Box::pin(Self::read_request(io, timer, config.into(), begin)).await
    }

    /// Like [`read`](Self::read), for a connection of a server; the deadline starts at `begin`.
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

    /// Returns the request, or the reason why it is not a valid WebSocket request. The [`Rejection`] has
    /// the request too if it could be parsed, so [`reject`](Self::reject) can serve plain HTTP.
    pub fn request(&self) -> Result<&ServerRequest, &Rejection> {
        self.outcome.as_ref()
    }

    /// Returns the stream.
    pub fn get_ref(&self) -> &Io {
        self.opening.io()
    }

    /// Accepts a valid request, without a subprotocol; rejects an invalid one.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Rejected`]: the request was invalid; a response was sent and the stream was
    /// ended. [`HandshakeError::Io`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the stream.
    pub async fn accept(self) -> Result<WebSocket<Io, T>, HandshakeError> {
        self.accept_with(Ok).await
    }

    /// Accepts like [`accept`](Self::accept); `build` adds a subprotocol or header fields.
    ///
    /// # Errors
    ///
    /// Those of [`accept`](Self::accept), and [`HandshakeError::Header`] if `build` returns an error;
    /// the stream is then dropped.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the stream.
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

    /// Responds with `status` and what `build` adds, and ends the stream: a refusal such as 401, 403
    /// or 503, or any other plain HTTP response.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::Header`] if `build` returns an error, [`HandshakeError::Io`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the stream.
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
