use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::any;
use tokio::net::TcpListener;
use ws_tokio::Config;
use ws_tokio::upgrade::{self, WebSocketUpgrade};

use crate::{Result, Server, echo, report};

/// Serves over HTTP/1.1 and HTTP/2.
pub(crate) fn serve(options: Server) -> Result {
    crate::tokio::runtime(options.threads)?.block_on(async {
        let listener = TcpListener::bind(&options.address).await?;
        println!("listening on ws://{}", listener.local_addr()?);
        let app = Router::new().fallback(any(handle)).with_state(Arc::new(options.config()));
        upgrade::serve(listener, app).on_error(report).await;
        Ok(())
    })
}

async fn handle(upgrade: WebSocketUpgrade, State(config): State<Arc<Config>>) -> Response {
    upgrade.config(config).on_upgrade(async |socket| {
        let _ = echo(socket).await;
    })
}
