//! A connection as two halves, and the halves as one connection.

use std::fmt;
use std::sync::{Arc, Mutex};

use futures_io::{AsyncRead, AsyncWrite};

use super::{ReadHalf, Shared, WriteHalf};
use crate::timer::Timer;
use crate::web_socket::WebSocket;

impl<Io, T> WebSocket<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    /// Splits the connection for two tasks; [`ReadHalf::reunite`] reunites the halves.
    pub fn split(self) -> (ReadHalf<Io, T>, WriteHalf<Io, T>) {
        let mut socket = self.into_socket();
        let tasks = socket.tasks.take().unwrap_or_default();
        let shared = Arc::new(Shared { socket: Mutex::new(socket), tasks });
        (ReadHalf::new(Arc::clone(&shared)), WriteHalf { shared })
    }
}

impl<Io, T> ReadHalf<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    /// Reunites the two halves. Nothing is lost, including events that a batch has not taken.
    ///
    /// # Errors
    ///
    /// [`ReuniteError`] returns the halves if they belong to different connections.
    pub fn reunite(
        self,
        writer: WriteHalf<Io, T>,
    ) -> Result<WebSocket<Io, T>, ReuniteError<Io, T>> {
        if !Arc::ptr_eq(&self.shared, &writer.shared) {
            return Err(ReuniteError(self, writer));
        }
        drop(writer);
        Ok(WebSocket::of(self.into_socket()))
    }
}

/// Two halves of different connections ([`ReadHalf::reunite`]).
pub struct ReuniteError<Io, T>(
    /// The receiving half, unchanged.
    pub ReadHalf<Io, T>,
    /// The sending half, unchanged.
    pub WriteHalf<Io, T>,
);

impl<Io, T> fmt::Display for ReuniteError<Io, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("halves belong to different connections")
    }
}

impl<Io, T> fmt::Debug for ReuniteError<Io, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReuniteError").finish_non_exhaustive()
    }
}

impl<Io, T> std::error::Error for ReuniteError<Io, T> {}
