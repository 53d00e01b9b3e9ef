//! Echo servers with `serve`, on both kinds of runtime.

use std::net::{SocketAddr, TcpListener};

use tokio::net::TcpStream;
use tokio::runtime::Builder;
use ws_testkit::serving::Serves;
use ws_tokio::serve::ServeError;
use ws_tokio::{Config, Drained, Error, Shutdown, WebSocket, serve};

pub(crate) struct OneThread;
pub(crate) struct Threads;

impl Serves for OneThread {
    fn serve(
        listener: TcpListener,
        shutdown: &Shutdown,
        on_error: impl Fn(ServeError<SocketAddr>) + Send + Sync + 'static,
    ) -> Drained {
        run(Builder::new_current_thread(), listener, shutdown, on_error)
    }
}

impl Serves for Threads {
    fn serve(
        listener: TcpListener,
        shutdown: &Shutdown,
        on_error: impl Fn(ServeError<SocketAddr>) + Send + Sync + 'static,
    ) -> Drained {
        run(Builder::new_multi_thread(), listener, shutdown, on_error)
    }
}

fn run(
    mut builder: Builder,
    listener: TcpListener,
    shutdown: &Shutdown,
    on_error: impl Fn(ServeError<SocketAddr>) + Send + Sync + 'static,
) -> Drained {
    let runtime = builder.worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("a socket");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        serve(listener, Config::default(), echo).shutdown(shutdown).on_error(on_error).await
    })
}

async fn echo(mut socket: WebSocket<TcpStream>) -> Result<(), Error> {
    while let Some(message) = socket.recv().await? {
        if message.is_data() {
            socket.feed(message).await?;
        }
    }
    Ok(())
}
