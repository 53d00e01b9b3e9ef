//! Halves of a connection in tasks of their own, both directions as fast as they go.

mod support;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::io::{AsyncRead, AsyncWrite};
use ws_tokio::{CloseCode, Config, Message, ReadHalf, accept};

use support::seeds::{self, Named};
use support::{client, listen, on_both_runtimes, proxy};

/// What each side sends.
const COUNT: usize = 60;

fn messages(seed: u64) -> Vec<Message> {
    let random = &mut StdRng::seed_from_u64(seed);
    (0..COUNT).map(|_| seeds::message(random)).collect()
}

/// Receives up to the last of these messages.
async fn expect(reader: &mut ReadHalf<impl AsyncRead + AsyncWrite + Unpin>, messages: &[Message]) {
    for expected in messages {
        let message = reader.recv().await.expect("no error").expect("open");
        assert!(message == *expected, "not what was sent");
    }
}

#[test]
fn everything_arrives_both_ways() {
    on_both_runtimes(async || {
        for seed in 0..2 {
            let _named = Named(seed);
            let (listener, address) = listen().await;
            let (ours, theirs) = (messages(2 * seed), messages(2 * seed + 1));

            let (sent, awaited) = (theirs.clone(), ours.clone());
            let server = tokio::spawn(async move {
                let (stream, _peer) = listener.accept().await.expect("a client");
                let socket = accept(stream, Config::default()).await.expect("a request");
                let (mut reader, mut writer) = socket.split();
                let writing = tokio::spawn(async move {
                    for message in sent {
                        writer.send(message).await.expect("open");
                    }
                    writer
                });
                expect(&mut reader, &awaited).await;
                let writer = writing.await.expect("no panic");
                // The client closes.
                let close = reader.recv().await.expect("no error");
                assert!(matches!(close, Some(Message::Close(_))));
                assert!(reader.recv().await.expect("no error").is_none());
                assert!(writer.closed().is_some_and(|closed| closed.is_clean()));
            });

            let address = proxy::start(address, seed).await;
            let (mut reader, mut writer) = client(address, &Config::default()).await.split();
            let writing = tokio::spawn(async move {
                for message in ours {
                    writer.feed(message).await.expect("open");
                }
                writer.flush().await.expect("open");
                writer
            });
            expect(&mut reader, &theirs).await;
            let mut writer = writing.await.expect("no panic");
            writer.close(CloseCode::NORMAL).await.expect("open");
            while reader.recv().await.expect("no error").is_some() {}
            assert!(reader.closed().is_some_and(|closed| closed.is_clean()));
            server.await.expect("no panic");
        }
    });
}
