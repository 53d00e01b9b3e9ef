//! The tasks and the listener of smol.

use std::future::{Ready, pending, ready};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use smol::net::{TcpListener, TcpStream};
use ws_futures::serve::{Listener, Runtime};

use super::timer::SmolTimer;

#[derive(Clone, Default)]
pub(crate) struct Smol(Arc<smol::Executor<'static>>);

impl Smol {
    /// Runs a future to its end, with this number of threads for tasks.
    pub(crate) fn block_on<R>(&self, threads: usize, future: impl Future<Output = R>) -> R {
        for _ in 1..threads {
            let Self(executor) = self.clone();
            std::thread::spawn(move || smol::block_on(executor.run(pending::<()>())));
        }
        smol::block_on(self.0.run(future))
    }
}

impl Runtime for Smol {
    type Timer = SmolTimer;

    fn timer(&self) -> SmolTimer {
        SmolTimer::default()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(task).detach();
    }
}

pub(crate) struct SmolListener(pub(crate) TcpListener);

impl Listener for SmolListener {
    type Stream = TcpStream;
    type Address = SocketAddr;
    type Opening = Ready<io::Result<TcpStream>>;

    async fn accept(&mut self) -> io::Result<(Self::Opening, SocketAddr)> {
        let (stream, peer) = self.0.accept().await?;
        // Fails if the peer has reset the connection.
        let _ = stream.set_nodelay(true);
        Ok((ready(Ok(stream)), peer))
    }
}
