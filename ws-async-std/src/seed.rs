//! Random seeds.

use std::io;

use rand::TryRng;
use rand::rngs::SysRng;

/// Returns a seed from the system's random generator, for
/// [`Connection::client`](crate::proto::Connection::client), or any other function that asks for one. It
/// must be used once, so draw one for each connection (RFC 6455 §5.3 and §10.3).
///
/// # Errors
///
/// The system's random generator failed.
///
/// ```
/// use ws_async_std::proto::Connection;
/// use ws_async_std::{AsyncStdTimer, Config, WebSocket, seed};
///
/// # fn example(stream: ws_async_std::AsyncStdStream) -> std::io::Result<()> {
/// // After a handshake of your own.
/// let connection = Connection::client(Config::default(), seed()?);
/// let socket = WebSocket::new(stream, AsyncStdTimer::default(), connection, &[]);
/// # drop(socket);
/// # Ok(())
/// # }
/// # let _ = example;
/// ```
pub fn seed() -> io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    SysRng.try_fill_bytes(&mut seed).map_err(io::Error::other)?;
    Ok(seed)
}
