//! `ws-tokio` with messages that are lent from the read buffer.

use tokio::io::{AsyncRead, AsyncWrite};
use ws_proto::{Connection, Role};
use ws_tokio::{Error, Event, WebSocket, established, serve};

use super::ws_proto::config;
use crate::content::Content;
use crate::contestant::{Contestant, Open, Peer, Server, Side};
use crate::memory::Memory;
use crate::{driven, server};

pub(super) const CONTESTANT: Contestant = Contestant {
    name: "ws-tokio, lent",
    package: Some("ws-tokio"),
    side: Side::Ours,
    codec: Some(driven::open::<Lent<Memory>>),
    server: Some(Server::Echo(serve_echo)),
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

fn serve_echo() {
    server::block_on(async {
        let echo = async |socket| Lent(socket).try_echo(usize::MAX).await;
        serve(server::listen().await, config(), echo).await;
    });
}
