//! `ws-tokio` with messages that are lent from the read buffer; `ws-hub` for the broadcast.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use ws_hub::{Hub, HubConfig, To};
use ws_proto::{Connection, Role};
use ws_tokio::{Error, Event, Prepared, WebSocket, established, serve};

use super::ws_proto::config;
use crate::codec;
use crate::content::Content;
use crate::contestant::{Contestant, Open, Peer, Server, Side};
use crate::memory::Memory;
use crate::server::{self, Mode};

pub(super) const CONTESTANT: Contestant = Contestant {
    name: "ws-tokio, lent",
    package: Some("ws-tokio"),
    side: Side::Ours,
    codec: Some(codec::open::<Lent<Memory>>),
    server: Some(Server::Modes(serve_mode)),
};

struct Lent<S>(WebSocket<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Lent<S> {
    async fn try_echo(&mut self, count: usize) -> Result<(), Error> {
        let mut echoed = 0;
        while echoed < count
            && let Some(mut batch) = self.0.read().await?
        {
            while echoed < count
                && let Some(event) = batch.next()
            {
                match event {
                    Event::Text(text) => batch.send(text)?,
                    Event::Binary(data) => batch.send(data)?,
                    _ => continue,
                }
                echoed += 1;
            }
        }
        self.0.flush().await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Peer for Lent<S> {
    async fn receive(&mut self, count: usize, mut each: impl FnMut(&[u8]) + Send) -> usize {
        let mut received = 0;
        while received < count
            && let Ok(Some(mut batch)) = self.0.read().await
        {
            while received < count
                && let Some(event) = batch.next()
            {
                match event {
                    Event::Text(text) => each(text.as_bytes()),
                    Event::Binary(data) => each(&data),
                    _ => continue,
                }
                received += 1;
            }
        }
        received
    }

    /// A message in one fragment is the lent form of `feed`.
    async fn send<'m>(&mut self, messages: impl Iterator<Item = &'m Content> + Send) {
        for message in messages {
            if self.0.feed_fragment(&*message.data, true).await.is_err() {
                return;
            }
        }
        drop(self.0.flush().await);
    }

    async fn echo(&mut self, count: usize) {
        drop(self.try_echo(count).await);
    }
}

impl Open for Lent<Memory> {
    fn open(stream: Memory, role: Role) -> Self {
        Self(open(stream, role))
    }
}

pub(super) fn open(stream: Memory, role: Role) -> WebSocket<Memory> {
    let connection = match role {
        Role::Server => Connection::server(config()),
        Role::Client => Connection::client(config(), [7; 32]),
    };
    established(stream, connection, &[])
}

fn serve_mode(mode: Mode) {
    match mode {
        Mode::Echo => server::block_on(async {
            let echo = async |socket| Lent(socket).try_echo(usize::MAX).await;
            serve(server::listen().await, config(), echo).await;
        }),
        Mode::Broadcast => server::block_on(async {
            let hub = Hub::new(HubConfig::default());
            let handler = move |socket| broadcast(socket, hub.clone());
            serve(server::listen().await, config(), handler).await;
        }),
    }
}

async fn broadcast(mut socket: WebSocket<TcpStream>, hub: Hub<u64>) -> Result<(), Error> {
    static NEXT_KEY: AtomicU64 = AtomicU64::new(0);
    let mut first = None;
    socket.recv().await?.inspect(|message| first = message.as_bytes().first().copied());
    if first == Some(server::PUBLISHER) {
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
