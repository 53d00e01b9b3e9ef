//! `sockudo-ws`.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use sockudo_ws::deflate::DeflateWindowBits;
use sockudo_ws::{CompressedWebSocketStream, Config, DeflateConfig, Message};

use super::{Settings, Stream};

pub(super) struct Echo(CompressedWebSocketStream<Stream>);

fn deflate(settings: Settings) -> DeflateConfig {
    let window = DeflateWindowBits::try_from(settings.window_bits).expect("from 9 to 15");
    DeflateConfig {
        server_max_window_bits: window,
        client_max_window_bits: window,
        compression_level: settings.level.into(),
        ..DeflateConfig::default()
    }
}

impl Echo {
    pub(super) fn new((stream, server): (Stream, Stream), settings: Settings) -> Self {
        let deflate = deflate(settings);
        let mut server =
            CompressedWebSocketStream::server(server, Config::default(), deflate.clone());
        tokio::spawn(async move {
            while let Some(message) = server.next().await {
                let message = message.expect("open");
                if matches!(message, Message::Text(_) | Message::Binary(_)) {
                    server.send(message).await.expect("open");
                }
            }
        });
        Self(CompressedWebSocketStream::client(stream, Config::default(), deflate))
    }
}

impl super::Echo for Echo {
    async fn exchange(&mut self, messages: &[Bytes]) -> usize {
        let mut received = 0;
        for message in messages {
            self.0.send(Message::Text(message.clone())).await.expect("open");
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => break received += text.len(),
                    // Its pings are answered as well.
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
        received
    }
}
