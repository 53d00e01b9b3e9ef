//! A connection as two values for two tasks.

mod read_half;
mod write_half;

use std::sync::{Arc, Mutex};
use std::task::Waker;

use futures_io::{AsyncRead, AsyncWrite};
use ws_proto::{Closed, Stats};

use crate::lock::lock;
use crate::socket::{Socket, Wakers};
use crate::tasks::{Side, Tasks};
use crate::timer::Timer;

pub use read_half::ReadHalf;
pub use write_half::WriteHalf;

/// The lock is held while something is polled, never across an `.await`.
struct Shared<Io, T> {
    socket: Mutex<Socket<Io, T>>,
    tasks: Arc<Tasks>,
}

pub(crate) fn split<Io, T>(mut socket: Socket<Io, T>) -> (ReadHalf<Io, T>, WriteHalf<Io, T>) {
    let tasks = socket.tasks.take().unwrap_or_default();
    let shared = Arc::new(Shared { socket: Mutex::new(socket), tasks });
    (ReadHalf { shared: Arc::clone(&shared) }, WriteHalf { shared })
}

impl<Io, T> Shared<Io, T> {
    fn closed(&self) -> Option<Closed> {
        lock(&self.socket).connection.closed().cloned()
    }

    fn stats(&self) -> Stats {
        lock(&self.socket).connection.stats()
    }
}

impl<Io, T> Shared<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    /// Lets one half act, and wakes the other one if that is what it waits for.
    fn act<R>(&self, side: Side, act: impl FnOnce(&mut Socket<Io, T>) -> R) -> R {
        let (result, concerns_other) = lock(&self.socket).act(act);
        if concerns_other {
            self.tasks.wake(side.other());
        }
        result
    }

    /// The same for what may have to wait.
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
