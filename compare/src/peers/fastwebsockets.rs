//! `fastwebsockets`.

use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role as PeerRole, WebSocket};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use ws_proto::Role;

use super::{MAX_MESSAGE, hyper};
use crate::content::Content;
use crate::contestant::{Accept, Contestant, Open, Peer, Server, Side};
use crate::memory::Memory;
use crate::{driven, server};

pub(super) const CONTESTANT: Contestant = Contestant {
    name: "fastwebsockets",
    package: Some("fastwebsockets"),
    side: Side::Other,
    codec: Some(driven::open::<FragmentCollector<Memory>>),
    server: Some(Server::Modes(server::run::<FragmentCollector<TcpStream>>)),
};

fn wrap<S: AsyncRead + AsyncWrite + Unpin>(stream: S, role: PeerRole) -> FragmentCollector<S> {
    let mut socket = WebSocket::after_handshake(stream, role);
    socket.set_max_message_size(MAX_MESSAGE + 1);
    FragmentCollector::new(socket)
}

fn is_data(frame: &Frame<'_>) -> bool {
    matches!(frame.opcode, OpCode::Text | OpCode::Binary)
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Peer for FragmentCollector<S> {
    async fn receive(&mut self, count: usize, mut each: impl FnMut(&[u8]) + Send) -> usize {
        let mut received = 0;
        while received < count {
            let Ok(frame) = self.read_frame().await else { break };
            if is_data(&frame) {
                each(&frame.payload);
                received += 1;
            }
        }
        received
    }

    async fn send<'m>(&mut self, messages: impl Iterator<Item = &'m Content> + Send) {
        for message in messages {
            let frame = Frame::binary(Payload::Borrowed(&message.data));
            if self.write_frame(frame).await.is_err() {
                return;
            }
        }
    }

    async fn echo(&mut self, count: usize) {
        let mut echoed = 0;
        while echoed < count {
            let Ok(frame) = self.read_frame().await else { break };
            if is_data(&frame) {
                if self.write_frame(frame).await.is_err() {
                    break;
                }
                echoed += 1;
            }
        }
    }
}

impl Open for FragmentCollector<Memory> {
    fn open(stream: Memory, role: Role) -> Self {
        match role {
            Role::Server => wrap(stream, PeerRole::Server),
            Role::Client => wrap(stream, PeerRole::Client),
        }
    }
}

impl Accept for FragmentCollector<TcpStream> {
    async fn accept(stream: TcpStream) -> Option<Self> {
        let respond = |request: &mut _| Some(fastwebsockets::upgrade::upgrade(request).ok()?.0);
        Some(wrap(hyper::upgrade(stream, respond).await?, PeerRole::Server))
    }
}
