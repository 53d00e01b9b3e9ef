//! The flow control of HTTP/2 reaches the sender.

use std::time::Duration;

use tokio::sync::mpsc;
use ws_tokio::proto::ErrorKind;
use ws_tokio::upgrade::WebSocket;
use ws_tokio::{Config, Error, Message, TrySendError};

use crate::upgrade::h2_client::Stream;
use crate::upgrade::server::{serve_in_memory, soon};

const MESSAGE: usize = 1000;

/// The default window of a stream, the bytes that the socket takes before sending waits, and four
/// pieces of 16 KiB in transit through hyper.
const BOUND: usize = 65_535 + 64 * 1024 + 4 * 16 * 1024;

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_stops_the_server_and_loses_nothing() {
    soon(async {
        let (sender, mut full) = mpsc::unbounded_channel();
        let connection = serve_in_memory(move |upgrade| {
            let sender = sender.clone();
            async move { upgrade.on_upgrade(async move |socket| fill(socket, sender).await) }
        });
        let mut stream = Stream::open_over(connection).await;
        let count = full.recv().await.expect("a server");
        assert!(count * MESSAGE <= BOUND, "{count} messages");
        assert!(count * MESSAGE > 65_535, "{count} messages");
        let received = stream.receive(count * (MESSAGE + 4)).await;
        for (i, frame) in received.chunks(MESSAGE + 4).enumerate() {
            assert_eq!(frame[..4], [0x82, 126, 3, 0xE8]);
            assert!(frame[4..].iter().all(|byte| *byte == i as u8), "message {i}");
        }
    })
    .await;
}

/// Sends until no more bytes are accepted, and then waits for the client.
async fn fill(mut socket: WebSocket, full: mpsc::UnboundedSender<usize>) {
    let mut count = 0;
    loop {
        match socket.try_send(Message::binary(vec![count as u8; MESSAGE])) {
            Ok(()) => count += 1,
            Err(TrySendError::Full(_)) => {
                let moved = tokio::time::timeout(Duration::from_secs(1), socket.ready()).await;
                if moved.is_err() {
                    break;
                }
            }
            Err(TrySendError::Send(error)) => panic!("{error}"),
        }
    }
    let _ = full.send(count);
    let _ = socket.flush().await;
    let _ = socket.recv().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_is_given_up() {
    soon(async {
        let (sender, mut ends) = mpsc::unbounded_channel();
        let config = Config {
            ping_interval: Some(Duration::from_secs(5)),
            ping_timeout: Duration::from_secs(5),
            ..Config::default()
        };
        let connection = serve_in_memory(move |upgrade| {
            let (sender, config) = (sender.clone(), config.clone());
            async move {
                upgrade.config(config).on_upgrade(async move |mut socket| {
                    while socket.send(vec![0; MESSAGE]).await.is_ok() {}
                    let _ = sender.send(socket.recv().await);
                })
            }
        });
        let stream = Stream::open_over(connection).await;
        match ends.recv().await.expect("a server") {
            Err(Error::Protocol(error)) => assert_eq!(error.kind(), ErrorKind::PingTimeout),
            other => panic!("{other:?}"),
        }
        drop(stream);
    })
    .await;
}
