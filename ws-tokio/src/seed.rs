//! The system's randomness.

use std::io;

use rand::TryRng;
use rand::rngs::SysRng;

/// A seed from the system's generator for a client's: for
/// [`Connection::client`](crate::proto::Connection::client), or any other function that asks for one. It
/// must be used once, so draw one for each connection (RFC 6455 §5.3 and §10.3).
///
/// # Errors
///
/// The system's generator fails.
///
/// ```
/// use ws_tokio::proto::Connection;
/// use ws_tokio::{Config, established, seed};
///
/// # fn example(stream: tokio::net::TcpStream) -> std::io::Result<()> {
/// // A handshake of your own has ended here.
/// let connection = Connection::client(Config::default(), seed()?);
/// let socket = established(stream, connection, &[]);
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
