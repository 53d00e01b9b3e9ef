//! `ws-tokio`.

use bytes::Bytes;
use ws_tokio::client::ClientRequest;
use ws_tokio::{
    ByteString, Config, Deflate, Event, Message, Offers, WebSocket, accept, connect_on,
};

use super::{Settings, Stream};

pub(super) struct Echo(WebSocket<Stream>);

fn config(settings: Settings) -> Config {
    let deflate = Deflate {
        level: settings.level,
        window_bits: settings.window_bits,
        peer_window_bits: settings.window_bits,
        offers: Offers::PeerWindow,
        ..Deflate::default()
    };
    Config { deflate: Some(deflate), ..Config::default() }
}

impl Echo {
    /// Connects to a server that sends back messages lent from the read buffer.
    pub(super) async fn lent((stream, server): (Stream, Stream), settings: Settings) -> Self {
        tokio::spawn(async move {
            let mut socket = accept(server, config(settings)).await.expect("a client");
            while let Some(mut batch) = socket.read().await.expect("open") {
                while let Some(event) = batch.next() {
                    match event {
                        Event::Text(text) => batch.send(text).expect("open"),
                        Event::Binary(data) => batch.send(data).expect("open"),
                        Event::TextChunk { data, fin } => {
                            batch.send_fragment(data, fin).expect("open");
                        }
                        Event::BinaryChunk { data, fin } => {
                            batch.send_fragment(data, fin).expect("open");
                        }
                        Event::Ping(_) | Event::Pong(_) | Event::Close(_) => {}
                    }
                }
            }
        });
        Self::connect(stream, settings).await
    }

    /// Connects to a server that sends back owned messages.
    pub(super) async fn owned((stream, server): (Stream, Stream), settings: Settings) -> Self {
        tokio::spawn(async move {
            let mut socket = accept(server, config(settings)).await.expect("a client");
            while let Some(message) = socket.recv().await.expect("open") {
                if message.is_data() {
                    socket.feed(message).await.expect("open");
                }
            }
        });
        Self::connect(stream, settings).await
    }

    async fn connect(stream: Stream, settings: Settings) -> Self {
        let opened =
            connect_on(stream, ClientRequest::new("localhost", "/"), config(settings)).await;
        let (socket, response) = opened.expect("a server");
        assert!(response.header("sec-websocket-extensions").is_some(), "not compressed");
        Self(socket)
    }
}

impl super::Echo for Echo {
    async fn exchange(&mut self, messages: &[Bytes]) -> usize {
        let mut received = 0;
        for message in messages {
            let text = ByteString::try_from(message.clone()).expect("UTF-8");
            self.0.send(Message::Text(text)).await.expect("open");
            loop {
                match self.0.recv().await.expect("open") {
                    Some(Message::Text(text)) => break received += text.len(),
                    // The pong to a ping that the connection sent itself.
                    Some(Message::Pong(_)) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
        received
    }
}
