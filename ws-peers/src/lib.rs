//! Echo servers and clients on every runtime, for the checks of xtask: no part of a release.
//!
//! `echo_server` and `echo_client` take the runtime as an argument; the examples of each adapter
//! are shorter.

mod async_std;
mod axum;
mod options;
mod smol;
mod tokio;

use std::error::Error;
use std::sync::Arc;

use futures_io::{AsyncRead, AsyncWrite};
use ws_futures::client::Uri;
use ws_futures::serve::ServeError;
use ws_futures::{Event, Timer, WebSocket};

pub use options::{Client, ClientRuntime, Server, ServerRuntime};

/// How a program ends.
pub type Result = std::result::Result<(), Box<dyn Error>>;

/// Serves until accepting fails.
///
/// # Errors
///
/// The address cannot be listened on.
pub fn serve(options: Server) -> Result {
    match options.runtime {
        ServerRuntime::AsyncStd => async_std::serve(options),
        ServerRuntime::Axum => axum::serve(options),
        ServerRuntime::Smol => smol::serve(options),
        ServerRuntime::Tokio => tokio::serve(options),
    }
}

/// Connects for one case after the other.
///
/// # Errors
///
/// The URL is malformed.
pub fn connect(options: &Client) -> Result {
    let config = Arc::new(options.config());
    for uri in options.cases() {
        let address: Uri = uri.parse()?;
        let echoed = match options.runtime {
            ClientRuntime::AsyncStd => async_std::connect(&address, Arc::clone(&config)),
            ClientRuntime::Smol => smol::connect(&address, Arc::clone(&config)),
            ClientRuntime::Tokio => tokio::connect(&address, Arc::clone(&config)),
        };
        // The suite breaks the protocol on purpose: most cases end in an error.
        if let Err(error) = echoed {
            println!("{uri}: {error}");
        }
    }
    Ok(())
}

/// Sends back what arrives, in the pieces in which it is delivered.
async fn echo<Io, T>(mut socket: WebSocket<Io, T>) -> std::result::Result<(), ws_futures::Error>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    while let Some(mut batch) = socket.read().await? {
        while let Some(event) = batch.next() {
            match event {
                Event::Text(text) => batch.send(text)?,
                Event::Binary(data) => batch.send(data)?,
                Event::TextChunk { data, fin } => batch.send_fragment(data, fin)?,
                Event::BinaryChunk { data, fin } => batch.send_fragment(data, fin)?,
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
            }
        }
    }
    Ok(())
}

/// Reports errors of the server. Errors of a single connection are the peer's fault.
fn report<A: std::fmt::Debug>(error: ServeError<A>) {
    if let ServeError::Accept { .. } = error {
        eprintln!("{error}");
    }
}
