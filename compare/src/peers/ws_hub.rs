//! `ws-hub` on `ws-tokio`: the broadcast.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::TcpStream;
use ws_hub::{Hub, HubConfig, To};
use ws_tokio::{Error, Event, Prepared, WebSocket, serve};

use super::ws_proto::config;
use crate::contestant::{Contestant, Server, Side};
use crate::server;

pub(super) const CONTESTANT: Contestant = Contestant {
    name: "ws-hub",
    package: Some("ws-hub"),
    side: Side::Ours,
    codec: None,
    server: Some(Server::Broadcast(serve_broadcast)),
};

fn serve_broadcast() {
    server::block_on(async {
        let hub = Hub::new(HubConfig::default());
        let handler = move |socket| broadcast(socket, hub.clone());
        serve(server::listen().await, config(), handler).await;
    });
}

async fn broadcast(mut socket: WebSocket<TcpStream>, hub: Hub<u64>) -> Result<(), Error> {
    static NEXT_KEY: AtomicU64 = AtomicU64::new(0);
    let first = socket.recv().await?;
    if first.is_some_and(|message| message.as_bytes() == [server::PUBLISHER]) {
        while let Some(mut batch) = socket.read().await? {
            while let Some(event) = batch.next() {
                if let Event::Binary(data) = event {
                    hub.publish(To::All, Arc::new(Prepared::new(data)));
                }
            }
        }
        return Ok(());
    }
    let key = NEXT_KEY.fetch_add(1, Ordering::Relaxed);
    let mut member = hub.enter(key, ()).expect("the key is unique");
    socket.send(&server::READY[..]).await?;
    while let Some(mut batch) = member.read(&mut socket).await? {
        while batch.next().is_some() {}
    }
    Ok(())
}
