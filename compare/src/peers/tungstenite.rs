//! `tungstenite` without a runtime.

use tokio_tungstenite::tungstenite::protocol::{Role as PeerRole, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, WebSocket};
use ws_proto::Role;

use super::MAX_MESSAGE;
use crate::content::Content;
use crate::contestant::{Contestant, Open, Peer, Side};
use crate::driven;
use crate::memory::Memory;

pub(super) const CONTESTANT: Contestant = Contestant {
    name: "tungstenite",
    package: Some("tungstenite"),
    side: Side::Other,
    codec: Some(driven::open::<WebSocket<Memory>>),
    server: None,
};

pub(super) fn config() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE))
}

pub(super) fn data(message: &Message) -> Option<&[u8]> {
    match message {
        Message::Text(text) => Some(text.as_bytes()),
        Message::Binary(data) => Some(data),
        _ => None,
    }
}

impl Open for WebSocket<Memory> {
    fn open(stream: Memory, role: Role) -> Self {
        let role = match role {
            Role::Server => PeerRole::Server,
            Role::Client => PeerRole::Client,
        };
        Self::from_raw_socket(stream, role, Some(config()))
    }
}

impl Peer for WebSocket<Memory> {
    async fn receive(&mut self, count: usize, mut each: impl FnMut(&[u8]) + Send) -> usize {
        let mut received = 0;
        while received < count {
            let Ok(message) = self.read() else { break };
            if let Some(data) = data(&message) {
                each(data);
                received += 1;
            }
        }
        received
    }

    async fn send<'m>(&mut self, messages: impl Iterator<Item = &'m Content> + Send) {
        for message in messages {
            self.write(Message::Binary(message.data.clone())).expect("open");
        }
        self.flush().expect("open");
    }

    async fn echo(&mut self, count: usize) {
        let mut echoed = 0;
        while echoed < count {
            let Ok(message) = self.read() else { break };
            if data(&message).is_some() {
                self.write(message).expect("open");
                echoed += 1;
            }
        }
        self.flush().expect("open");
    }
}
