//! `sockudo-ws`.

use futures_util::{SinkExt, StreamExt};
use sockudo_ws::server::WebSocketServer;
use sockudo_ws::{Config, Http1, Message, WebSocketStream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use ws_proto::Role;

use super::{MAX_MESSAGE, batching};
use crate::content::Content;
use crate::contestant::{Accept, Contestant, Open, Peer, Server, Side};
use crate::memory::Memory;
use crate::{driven, server};

pub(super) const CONTESTANT: Contestant = Contestant {
    name: "sockudo-ws",
    package: Some("sockudo-ws"),
    side: Side::Other,
    codec: Some(driven::open::<WebSocketStream<Memory>>),
    server: Some(Server::Modes(server::run::<WebSocketStream<TcpStream>>)),
};

fn config() -> Config {
    Config { max_message_size: MAX_MESSAGE, max_frame_size: MAX_MESSAGE, ..Config::default() }
}

fn data(message: &Message) -> Option<&[u8]> {
    match message {
        Message::Text(data) | Message::Binary(data) => Some(data),
        _ => None,
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Peer for WebSocketStream<S> {
    async fn receive(&mut self, count: usize, mut each: impl FnMut(&[u8]) + Send) -> usize {
        let mut received = 0;
        while received < count {
            let Some(Ok(message)) = self.next().await else { break };
            if let Some(data) = data(&message) {
                each(data);
                received += 1;
            }
        }
        received
    }

    async fn send<'m>(&mut self, messages: impl Iterator<Item = &'m Content> + Send) {
        for message in messages {
            if self.feed(Message::Binary(message.data.clone())).await.is_err() {
                return;
            }
        }
        drop(self.flush().await);
    }

    async fn echo(&mut self, count: usize) {
        batching::echo(self, count, |message| data(message).is_some()).await;
    }
}

impl Open for WebSocketStream<Memory> {
    fn open(stream: Memory, role: Role) -> Self {
        match role {
            Role::Server => Self::server(stream, config()),
            Role::Client => Self::client(stream, config()),
        }
    }
}

impl Accept for WebSocketStream<TcpStream> {
    async fn accept(stream: TcpStream) -> Option<Self> {
        let server = WebSocketServer::<Http1>::new(config());
        Some(server.accept_raw(stream).await.ok()?.0)
    }
}
