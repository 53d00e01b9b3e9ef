//! `tokio-websockets`.

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, Limits, Message, ServerBuilder, WebSocketStream};
use ws_proto::Role;

use super::MAX_MESSAGE;
use crate::content::Content;
use crate::contestant::{Accept, Contestant, Open, Peer, Server, Side};
use crate::memory::Memory;
use crate::{driven, server};

pub(super) const CONTESTANT: Contestant = Contestant {
    name: "tokio-websockets",
    package: Some("tokio-websockets"),
    side: Side::Other,
    codec: Some(driven::open::<WebSocketStream<Memory>>),
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

    /// Receiving flushes what was fed, so messages that arrived together are received first.
    async fn echo(&mut self, count: usize) {
        const MESSAGES: usize = 32;
        const BYTES: usize = 16 * 1024;
        let mut batch = Vec::with_capacity(MESSAGES);
        let mut echoed = 0;
        while echoed < count {
            let mut bytes = 0;
            let mut next = self.next().await;
            while let Some(Ok(message)) = next {
                if is_data(&message) {
                    bytes += message.as_payload().len();
                    batch.push(message);
                    echoed += 1;
                }
                if batch.len() == MESSAGES || bytes >= BYTES || echoed == count {
                    break;
                }
                match self.next().now_or_never() {
                    Some(more) => next = more,
                    None => break,
                }
            }
            if batch.is_empty() {
                return;
            }
            for message in batch.drain(..) {
                if self.feed(message).await.is_err() {
                    return;
                }
            }
            if self.flush().await.is_err() {
                return;
            }
        }
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
