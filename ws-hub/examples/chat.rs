//! A chat with rooms: `cargo run -p ws-hub --example chat`, then <http://127.0.0.1:9001/lobby> in some
//! windows. The name of a room is the path of its page.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, Response};
use axum::routing::{any, get};
use tokio::net::TcpListener;
use ws_hub::{Hub, HubConfig, OutboxLimits, SlowPolicy, To};
use ws_tokio::upgrade::{self, WebSocket, WebSocketUpgrade};
use ws_tokio::{Error, Event, Prepared};

const PAGE: &str = "<input onchange='chat.send(value); value = ``'><pre id=said></pre><script>
    const chat = new WebSocket(`ws://${location.host}/chat${location.pathname}`)
    chat.onmessage = ({ data }) => said.append(`${data}\n`)</script>";

#[tokio::main]
async fn main() -> std::io::Result<()> {
    // A client with 256 KiB unread, or without progress for 5 s, is closed with 1013.
    let timeout = Duration::from_secs(5);
    let bounds = OutboxLimits { capacity: 256 * 1024, timeout, slow: SlowPolicy::Close };
    let hub = Hub::new(HubConfig { bounds, ..HubConfig::default() });
    let page = get(async || Html(PAGE));
    let app = Router::new().route("/{room}", page).route("/chat/{room}", any(join));
    let listener = TcpListener::bind("127.0.0.1:9001").await?;
    // Closes all connections with 1001 and waits until they have ended.
    upgrade::serve(listener, app.with_state(hub))
        .with_graceful_shutdown(async { tokio::signal::ctrl_c().await.unwrap_or_default() })
        .await;
    Ok(())
}

async fn join(
    upgrade: WebSocketUpgrade,
    State(hub): State<Hub<u64>>,
    Path(room): Path<String>,
) -> Response {
    upgrade.on_upgrade(async move |socket| drop(chat(socket, hub, room.into()).await))
}

async fn chat(mut socket: WebSocket, hub: Hub<u64>, room: Arc<str>) -> Result<(), Error> {
    static NEXT_KEY: AtomicU64 = AtomicU64::new(1);
    let key = NEXT_KEY.fetch_add(1, Ordering::Relaxed);
    let mut member = hub.enter(key, ()).expect("the key is unique");
    member.join(Arc::clone(&room)).expect("one room is within the limit");
    while let Some(mut batch) = member.read(&mut socket).await? {
        while let Some(event) = batch.next() {
            if let Event::Text(text) = event {
                hub.publish(To::Room(&room), Prepared::new(format!("{key}: {text}")));
            }
        }
    }
    Ok(())
}
