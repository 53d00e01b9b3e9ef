//! The client's side of the opening handshake.

use std::io;
use std::sync::Arc;

use futures_io::{AsyncRead, AsyncWrite};
use ws_proto::Config;
use ws_proto::client::{Handshake, HandshakeErrorKind, Progress, Request, Response};

use crate::error::HandshakeError;
use crate::opening::Opening;
use crate::timer::Timer;
use crate::trace;
use crate::web_socket::WebSocket;

/// Opens a WebSocket over a byte stream, within
/// [`Config::handshake_timeout`](ws_proto::Config::handshake_timeout).
///
/// The nonce and every masking key come from a cryptographic generator seeded with `seed`, which
/// must be unpredictable and used once.
///
/// # Errors
///
/// [`HandshakeError::Refused`] has the server's answer; any other variant says why there is none.
///
/// # Cancel safety
///
/// Dropped before it is ready it drops the stream.
pub async fn connect<Io, T>(
    io: Io,
    timer: T,
    config: impl Into<Arc<Config>>,
    request: Request,
    seed: [u8; 32],
) -> Result<(WebSocket<Io, T>, Response), HandshakeError>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    let mut head = Vec::new();
    let handshake = request.send(config, seed, &mut head)?;
    Box::pin(open(Opening::new(io, timer), head, handshake)).await
}

async fn open<Io, T>(
    mut opening: Opening<Io, T>,
    head: Vec<u8>,
    mut handshake: Handshake,
) -> Result<(WebSocket<Io, T>, Response), HandshakeError>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    let deadline = handshake.poll_timeout(opening.now());
    opening.write(&head, deadline).await.map_err(in_time)?;
    loop {
        if opening.read(deadline).await.map_err(in_time)? == 0 {
            return Err(HandshakeError::Refused(Box::new(handshake.receive_eof()?)));
        }
        match opening.input.with(|input| handshake.receive(input))? {
            Progress::NeedsInput(unfinished) => handshake = unfinished,
            Progress::Open(connection, response) => {
                trace::connected(&response);
                return Ok((opening.open(connection), response));
            }
            Progress::Refused(response) => {
                trace::refused(&response);
                return Err(HandshakeError::Refused(Box::new(response)));
            }
        }
    }
}

fn in_time(error: io::Error) -> HandshakeError {
    match error.kind() {
        io::ErrorKind::TimedOut => HandshakeError::Response(HandshakeErrorKind::Timeout.into()),
        _ => HandshakeError::Io(error),
    }
}
