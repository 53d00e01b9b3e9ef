use std::sync::Arc;

use async_global_executor::GlobalExecutorConfig;
use async_std::net::TcpListener;
use async_std::task;
use ws_async_std::proto::client::{ClientRequest, Uri};
use ws_async_std::{Config, WebSocket, connect_with};

use crate::{Result, Server, echo, report};

pub(crate) fn serve(options: Server) -> Result {
    let threads = GlobalExecutorConfig::default().with_min_threads(options.threads);
    async_global_executor::init_with_config(threads.with_max_threads(options.threads));
    task::block_on(async {
        let listener = TcpListener::bind(&options.address).await?;
        println!("listening on ws://{}", listener.local_addr()?);
        let echo = async |socket: WebSocket| echo(socket).await;
        ws_async_std::serve(listener, options.config(), echo).on_error(report).await;
        Ok(())
    })
}

pub(crate) fn connect(uri: &Uri, config: Arc<Config>) -> Result {
    task::block_on(async {
        let request = ClientRequest::for_uri(uri);
        let (socket, _response) = connect_with(uri, request, config).await?;
        Ok(echo(socket).await?)
    })
}
