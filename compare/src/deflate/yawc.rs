//! `yawc`.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use yawc::frame::{Frame, OpCode};
use yawc::{CompressionLevel, Options, Role, WebSocket};

use super::{Settings, Stream};

pub(super) struct Echo(WebSocket<Stream>);

/// Opens one side, as if a handshake had agreed on these settings.
fn open(stream: Stream, role: Role, settings: Settings) -> WebSocket<Stream> {
    let Settings { level, window_bits } = settings;
    let terms = format!(
        "permessage-deflate; server_max_window_bits={window_bits}; client_max_window_bits={window_bits}"
    );
    // It inflates with the configured window; text is validated, as by the other implementations.
    let options = Options::default()
        .with_compression_level(CompressionLevel::new(level.into()))
        .with_server_max_window_bits(window_bits)
        .with_client_max_window_bits(window_bits)
        .with_utf8();
    WebSocket::from_stream_with_extensions(stream, role, Some(&terms), options).expect("valid")
}

impl Echo {
    pub(super) fn new((stream, server): (Stream, Stream), settings: Settings) -> Self {
        tokio::spawn(async move {
            let mut socket = open(server, Role::Server, settings);
            while let Some(frame) = socket.next().await {
                if matches!(frame.opcode(), OpCode::Text | OpCode::Binary) {
                    socket.send(frame).await.expect("open");
                }
            }
        });
        Self(open(stream, Role::Client, settings))
    }
}

impl super::Echo for Echo {
    async fn exchange(&mut self, messages: &[Bytes]) -> usize {
        let mut received = 0;
        for message in messages {
            self.0.send(Frame::text(message.clone())).await.expect("open");
            let frame = self.0.next().await.expect("open");
            assert_eq!(frame.opcode(), OpCode::Text);
            received += frame.payload().len();
        }
        received
    }
}
