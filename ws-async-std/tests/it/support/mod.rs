//! An echo server by `serve`.

use std::net::{SocketAddr, TcpListener};

use async_std::task;
use ws_async_std::serve::ServeError;
use ws_async_std::{Config, Drained, Error, Shutdown, WebSocket, serve};
use ws_testkit::serving::Serves;

pub(crate) struct Server;

impl Serves for Server {
    fn serve(
        listener: TcpListener,
        shutdown: &Shutdown,
        on_error: impl Fn(ServeError<SocketAddr>) + Send + Sync + 'static,
    ) -> Drained {
        let listener = async_std::net::TcpListener::from(listener);
        let serving = serve(listener, Config::default(), echo);
        task::block_on(serving.shutdown(shutdown).on_error(on_error).into_future())
    }
}

async fn echo(mut socket: WebSocket) -> Result<(), Error> {
    while let Some(message) = socket.recv().await? {
        if message.is_data() {
            socket.feed(message).await?;
        }
    }
    Ok(())
}
