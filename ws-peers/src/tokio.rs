use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use ws_tokio::proto::client::{ClientRequest, Uri};
use ws_tokio::{Config, WebSocket, connect_with};

use crate::{Result, Server, echo, report};

/// A runtime with this number of threads.
pub(crate) fn runtime(threads: usize) -> std::io::Result<Runtime> {
    let mut runtime = match threads {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    runtime.worker_threads(threads).enable_all().build()
}

pub(crate) fn serve(options: Server) -> Result {
    runtime(options.threads)?.block_on(async {
        let listener = TcpListener::bind(&options.address).await?;
        println!("listening on ws://{}", listener.local_addr()?);
        let echo = async |socket: WebSocket<TcpStream>| echo(socket).await;
        ws_tokio::serve(listener, options.config(), echo).on_error(report).await;
        Ok(())
    })
}

pub(crate) fn connect(uri: &Uri, config: Arc<Config>) -> Result {
    runtime(1)?.block_on(async {
        let request = ClientRequest::for_uri(uri);
        let (socket, _response) = connect_with(uri, request, config).await?;
        Ok(echo(socket).await?)
    })
}
