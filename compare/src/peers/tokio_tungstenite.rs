//! `tokio-tungstenite`.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::batching;
use super::tungstenite::{config, data};
use crate::content::Content;
use crate::contestant::{Accept, Contestant, Peer, Server, Side};
use crate::server;

pub(super) const CONTESTANT: Contestant = Contestant {
    name: "tokio-tungstenite",
    package: Some("tokio-tungstenite"),
    side: Side::Other,
    codec: None,
    server: Some(Server::Modes(server::run::<Socket>)),
};

struct Socket(WebSocketStream<TcpStream>);

impl Peer for Socket {
    async fn receive(&mut self, count: usize, mut each: impl FnMut(&[u8]) + Send) -> usize {
        let mut received = 0;
        while received < count {
            let Some(Ok(message)) = self.0.next().await else { break };
            if let Some(data) = data(&message) {
                each(data);
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
        batching::echo(&mut self.0, count, |message: &Message| data(message).is_some()).await;
    }
}

impl Accept for Socket {
    async fn accept(stream: TcpStream) -> Option<Self> {
        tokio_tungstenite::accept_async_with_config(stream, Some(config())).await.ok().map(Self)
    }
}
