//! Either side breaks the TCP connection off at any point.

mod support;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use ws_tokio::{Config, Error, HandshakeError, Message, accept};

use support::echo::{self, End, WAYS};
use support::seeds::{self, Named};
use support::wire::{REQUEST, frame};
use support::{client, listen, on_both_runtimes};

/// A server that tells how each of its connections has ended; the handshake may have failed, too.
async fn server(way: echo::Way) -> (std::net::SocketAddr, mpsc::UnboundedReceiver<End>) {
    let (listener, address) = listen().await;
    let (sender, ends) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _peer)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let end = match accept(stream, Config::default()).await {
                    Ok(socket) => echo::echo(socket, way).await,
                    Err(HandshakeError::Io(error)) => Err(error.into()),
                    Err(error) => panic!("{error}"),
                };
                let _ = sender.send(end);
            });
        }
    });
    (address, ends)
}

/// In the middle of a frame, too, and with echoes that nobody reads.
#[test]
fn by_a_client() {
    on_both_runtimes(async || {
        for way in WAYS {
            let (address, mut ends) = server(way).await;
            for seed in 0..40 {
                let _named = Named(seed);
                let random = &mut StdRng::seed_from_u64(seed);
                let mut stream = TcpStream::connect(address).await.expect("a server");
                stream.write_all(REQUEST.as_bytes()).await.expect("open");
                let frames: Vec<u8> = (0..random.random_range(0..4))
                    .flat_map(|_| frame(0x82, seeds::message(random).as_bytes()))
                    .collect();
                let len = random.random_range(0..=frames.len());
                // The server may be waiting for us to read by then.
                let len = len.min(40_000);
                stream.write_all(&frames[..len]).await.expect("open");
                if random.random() {
                    // Wait until the server has answered something.
                    stream.readable().await.expect("open");
                }
                stream.set_zero_linger().expect("a socket");
                drop(stream);
                let end = ends.recv().await;
                let end = end.expect("a server");
                assert!(end.is_err(), "{way:?}: {end:?}");
            }
        }
    });
}

#[test]
fn by_a_server() {
    on_both_runtimes(async || {
        let (listener, address) = listen().await;
        for seed in 0..40 {
            let _named = Named(seed);
            let random = &mut StdRng::seed_from_u64(seed);
            let count = random.random_range(0..5);
            let breaking = async {
                let (stream, _peer) = listener.accept().await.expect("a client");
                let mut socket = accept(stream, Config::default()).await.expect("a request");
                for i in 0..count {
                    socket.send(format!("message {i}")).await.expect("open");
                }
                socket.get_ref().get_ref().set_zero_linger().expect("a socket");
            };
            let receiving = async {
                let mut socket = client(address, &Config::default()).await;
                let mut received = Vec::new();
                let error = loop {
                    match socket.recv().await {
                        Ok(Some(message)) => received.push(message),
                        Ok(None) => panic!("a clean end"),
                        Err(error) => break error,
                    }
                };
                assert!(matches!(error, Error::Io(_) | Error::Protocol(_)), "{error}");
                assert!(matches!(socket.recv().await, Ok(None)));
                assert!(socket.send("late").await.is_err());
                received
            };
            let ((), received) = tokio::join!(breaking, receiving);
            // A reset may overtake what was sent before it.
            assert!(received.len() <= count);
            for (i, message) in received.into_iter().enumerate() {
                assert_eq!(message, Message::text(format!("message {i}")));
            }
        }
    });
}
