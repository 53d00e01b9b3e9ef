//! The client's side of the opening handshake.

use std::io;
use std::sync::Arc;

use futures_io::{AsyncRead, AsyncWrite};
use ws_proto::client::{ClientHandshake, ClientProgress, ClientRequest, Response};
use ws_proto::{Config, Instant};

use crate::error::HandshakeError;
use crate::opening::Opening;
use crate::timer::Timer;
use crate::trace;
use crate::web_socket::WebSocket;

/// Opens a WebSocket over a byte stream, within
/// [`Config::handshake_timeout`](ws_proto::Config::handshake_timeout).
///
/// `Sec-WebSocket-Key` and each masking key are drawn from a cryptographic generator seeded with `seed`, which
/// must be unpredictable and used once.
///
/// # Errors
///
/// [`HandshakeError::Refused`] has the server's response; the other variants mean that there is none.
///
/// # Cancel safety
///
/// Dropping the future drops the stream.
pub async fn connect_on<Io, T>(
    io: Io,
    timer: T,
    config: impl Into<Arc<Config>>,
    request: ClientRequest,
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
    mut handshake: ClientHandshake,
) -> Result<(WebSocket<Io, T>, Response), HandshakeError>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    let deadline = handshake.poll_timeout(opening.now());
    if let Err(error) = opening.write(&head, deadline).await {
        return Err(failed(handshake, error, opening.now()));
    }
    loop {
        match opening.read(deadline).await {
            Ok(0) => return Err(refused(handshake.receive_eof()?)),
            Ok(_) => {}
            Err(error) => return Err(failed(handshake, error, opening.now())),
        }
        match opening.input.with(|input| handshake.receive(input))? {
            ClientProgress::NeedsInput(unfinished) => handshake = unfinished,
            ClientProgress::Open(connection, response) => {
                trace::connected(&response);
                return Ok((opening.open(connection), response));
            }
            ClientProgress::Refused(response) => return Err(refused(response)),
        }
    }
}

/// The outcome when the stream has failed or the deadline has passed. A refusal is reported even if its
/// body is incomplete.
fn failed(mut handshake: ClientHandshake, error: io::Error, now: Instant) -> HandshakeError {
    if error.kind() == io::ErrorKind::TimedOut {
        match handshake.handle_timeout(now) {
            Ok(Some(response)) => return refused(response),
            // The timeout is the stream's own.
            Ok(None) => {}
            Err(timeout) => return timeout.into(),
        }
    }
    match handshake.receive_eof() {
        Ok(response) => refused(response),
        Err(_no_head) => error.into(),
    }
}

fn refused(response: Response) -> HandshakeError {
    trace::refused(&response);
    HandshakeError::Refused(Box::new(response))
}
