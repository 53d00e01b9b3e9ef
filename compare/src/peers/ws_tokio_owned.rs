//! `ws-tokio` with owned messages, as in the loop of its README.

use tokio::io::{AsyncRead, AsyncWrite};
use ws_proto::Role;
use ws_tokio::{Error, Message, WebSocket, serve};

use super::ws_proto::config;
use super::ws_tokio_lent::open;
use crate::content::Content;
use crate::contestant::{Contestant, Open, Peer, Server, Side};
use crate::memory::Memory;
use crate::{driven, server};

pub(super) const CONTESTANT: Contestant = Contestant {
    name: "ws-tokio, owned",
    package: Some("ws-tokio"),
    side: Side::Ours,
    codec: Some(driven::open::<Owned<Memory>>),
    server: Some(Server::Echo(serve_echo)),
};

struct Owned<S>(WebSocket<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Owned<S> {
    async fn try_echo(&mut self, count: usize) -> Result<(), Error> {
        let mut echoed = 0;
        while echoed < count
            && let Some(message) = self.0.recv().await?
        {
            if message.is_data() {
                self.0.feed(message).await?;
                echoed += 1;
            }
        }
        self.0.flush().await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Peer for Owned<S> {
    async fn receive(&mut self, count: usize, mut each: impl FnMut(&[u8]) + Send) -> usize {
        let mut received = 0;
        while received < count
            && let Ok(Some(message)) = self.0.recv().await
        {
            if message.is_data() {
                each(message.as_bytes());
                received += 1;
            }
        }
        received
    }

    async fn send<'m>(&mut self, messages: impl Iterator<Item = &'m Content> + Send) {
        for message in messages {
            if self.0.feed(Message::Binary(message.data.clone())).await.is_err() {
                return;
            }
        }
        drop(self.0.flush().await);
    }

    async fn echo(&mut self, count: usize) {
        drop(self.try_echo(count).await);
    }
}

impl Open for Owned<Memory> {
    fn open(stream: Memory, role: Role) -> Self {
        Self(open(stream, role))
    }
}

fn serve_echo() {
    server::block_on(async {
        let echo = async |socket| Owned(socket).try_echo(usize::MAX).await;
        serve(server::listen().await, config(), echo).await;
    });
}
