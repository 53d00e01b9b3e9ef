//! `tokio-websockets`.

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, Limits, Message, ServerBuilder, WebSocketStream};
use ws_proto::Role;

use super::{MAX_MESSAGE, batching};
use crate::content::Content;
use crate::contestant::{Accept, Contestant, Open, Peer, Server, Side};
use crate::memory::Memory;
use crate::{codec, server};

pub(super) const CONTESTANT: Contestant = Contestant {
    name: "tokio-websockets",
    package: Some("tokio-websockets"),
    side: Side::Other,
    codec: Some(codec::open::<WebSocketStream<Memory>>),
    server: Some(Server::Modes(server::run::<WebSocketStream<TcpStream>>)),
};

fn limits() -> Limits {
    Limits::default().max_payload_len(Some(MAX_MESSAGE))
}

fn is_data(message: &Message) -> bool {
    message.is_text() || message.is_binary()
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Peer for WebSocketStream<S> {
    async fn receive(&mut self, count: usize, mut each: impl FnMut(&[u8]) + Send) -> usize {
        let mut received = 0;
        while received < count {
            let Some(Ok(message)) = self.next().await else { break };
            if is_data(&message) {
                each(message.as_payload());
                received += 1;
            }
        }
        received
    }

    async fn send<'m>(&mut self, messages: impl Iterator<Item = &'m Content> + Send) {
        for message in messages {
            if self.feed(Message::binary(message.data.clone())).await.is_err() {
                return;
            }
        }
        drop(self.flush().await);
    }

    async fn echo(&mut self, count: usize) {
        batching::echo(self, count, is_data).await;
    }
}

impl Open for WebSocketStream<Memory> {
    fn open(stream: Memory, role: Role) -> Self {
        match role {
            Role::Server => ServerBuilder::new().limits(limits()).serve(stream),
            Role::Client => ClientBuilder::new().limits(limits()).take_over(stream),
        }
    }
}

impl Accept for WebSocketStream<TcpStream> {
    async fn accept(stream: TcpStream) -> Option<Self> {
        let accepted = ServerBuilder::new().limits(limits()).accept(stream).await;
        accepted.ok().map(|(_, socket)| socket)
    }
}
