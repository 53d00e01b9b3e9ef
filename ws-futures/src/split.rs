//! A connection as two halves for two tasks.

mod batch;
mod conversion;
mod facts;
mod read_half;
mod write_half;

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use futures_io::{AsyncRead, AsyncWrite};

use crate::lock::lock;
use crate::socket::{Socket, Wakers};
use crate::tasks::{Side, Tasks};
use crate::timer::Timer;

pub use batch::ReadHalfBatch;
pub use conversion::ReuniteError;
pub use read_half::ReadHalf;
pub use write_half::WriteHalf;

/// The lock is held during a poll, never across an `.await`.
struct Shared<Io, T> {
    socket: Mutex<Socket<Io, T>>,
    tasks: Arc<Tasks>,
}

impl<Io, T> Shared<Io, T> {
    fn into_socket(self) -> Socket<Io, T> {
        self.socket.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Io, T> Shared<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    /// Acts for one half, and wakes the other one if it can continue.
    fn act<R>(&self, side: Side, act: impl FnOnce(&mut Socket<Io, T>) -> R) -> R {
        let (result, concerns_other) = lock(&self.socket).act(act);
        if concerns_other {
            self.tasks.wake(side.other());
        }
        result
    }

    /// The same for poll functions.
    fn poll<R>(
        &self,
        side: Side,
        waker: &Waker,
        poll: impl FnOnce(&mut Socket<Io, T>, Wakers<'_>) -> R,
    ) -> R {
        self.tasks.register(side, waker);
        let both = Waker::from(Arc::clone(&self.tasks));
        self.act(side, |socket| poll(socket, Wakers { read: waker, write: &both }))
    }
}
