//! `yawc`.

use futures_util::SinkExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use ws_proto::Role;
use yawc::frame::{Frame, OpCode};
use yawc::{HttpWebSocket, Options, Role as PeerRole, WebSocket};

use super::{MAX_MESSAGE, hyper};
use crate::content::Content;
use crate::contestant::{Accept, Contestant, Open, Peer, Server, Side};
use crate::memory::Memory;
use crate::{driven, server};

pub(super) const CONTESTANT: Contestant = Contestant {
    name: "yawc",
    package: Some("yawc"),
    side: Side::Other,
    codec: Some(driven::open::<WebSocket<Memory>>),
    server: Some(Server::Modes(server::run::<WebSocket<TcpStream>>)),
};

/// Text is validated, as by the other implementations.
fn options() -> Options {
    Options::default().with_limits(MAX_MESSAGE + 1, 2 * MAX_MESSAGE).with_utf8()
}

fn is_data(frame: &Frame) -> bool {
    matches!(frame.opcode(), OpCode::Text | OpCode::Binary)
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Peer for WebSocket<S> {
    async fn receive(&mut self, count: usize, mut each: impl FnMut(&[u8]) + Send) -> usize {
        let mut received = 0;
        while received < count {
            let Ok(frame) = self.next_frame().await else { break };
            if is_data(&frame) {
                each(frame.payload());
                received += 1;
            }
        }
        received
    }

    async fn send<'m>(&mut self, messages: impl Iterator<Item = &'m Content> + Send) {
        for message in messages {
            if self.feed(Frame::binary(message.data.clone())).await.is_err() {
                return;
            }
        }
        drop(self.flush().await);
    }

    async fn echo(&mut self, count: usize) {
        let mut echoed = 0;
        while echoed < count {
            let Some(frame) = super::batching::next(self).await else { break };
            if is_data(&frame) {
                if self.feed(frame).await.is_err() {
                    break;
                }
                echoed += 1;
            }
        }
        drop(self.flush().await);
    }
}

impl Open for WebSocket<Memory> {
    fn open(stream: Memory, role: Role) -> Self {
        let role = match role {
            Role::Server => PeerRole::Server,
            Role::Client => PeerRole::Client,
        };
        Self::from_stream(stream, role, options()).expect("no extensions")
    }
}

impl Accept for WebSocket<TcpStream> {
    async fn accept(stream: TcpStream) -> Option<Self> {
        let respond =
            |request: &mut _| Some(HttpWebSocket::upgrade_with_options(request, options()).ok()?.0);
        let stream = hyper::upgrade(stream, respond).await?;
        Self::from_stream(stream, PeerRole::Server, options()).ok()
    }
}
