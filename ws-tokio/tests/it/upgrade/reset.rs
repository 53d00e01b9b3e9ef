//! A Close frame that arrives together with the end of the stream and the connection.
//!
//! A server that refuses the rest of a message sends a Close frame, ends its direction, and resets
//! the stream with NO_ERROR; proxies forward that in one packet. What arrived before the reset must
//! be delivered (RFC 9113 §5.1, §8.1).

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use ws_tokio::upgrade::WebSocket;
use ws_tokio::{CloseCode, Config, Error};

use crate::support::listen;
use crate::upgrade::raw_h2::{
    CANCEL, INTERNAL_ERROR, NO_ERROR, RawH2, WINDOW, close, data, go_away, ok, reset,
};
use crate::upgrade::server::{in_both_orders, over_http2, request, serve};

/// More than a stream's window and all buffers hold.
const LARGE: usize = 300_000;

/// The frames after the Close frame, in the same packet.
struct Ending {
    name: &'static str,
    end_stream: bool,
    frames: Vec<u8>,
}

fn endings() -> Vec<Ending> {
    let mut endings = Vec::new();
    for end_stream in [true, false] {
        for (name, frames) in [
            ("RST_STREAM(NO_ERROR)", reset(NO_ERROR)),
            ("RST_STREAM(CANCEL)", reset(CANCEL)),
            ("RST_STREAM(INTERNAL_ERROR)", reset(INTERNAL_ERROR)),
            ("GOAWAY of this stream", go_away(0, NO_ERROR)),
            ("GOAWAY(INTERNAL_ERROR)", go_away(0, INTERNAL_ERROR)),
            (
                "GOAWAY of later streams, RST_STREAM",
                [go_away(1, NO_ERROR), reset(NO_ERROR)].concat(),
            ),
            ("an end of the connection", Vec::new()),
        ] {
            endings.push(Ending { name, end_stream, frames });
        }
    }
    endings
}

impl Ending {
    fn wire(&self, masked: bool) -> Vec<u8> {
        [data(&close(1009, masked), self.end_stream), self.frames.clone()].concat()
    }
}

/// How an application uses its socket.
#[derive(Clone, Copy, Debug)]
enum Usage {
    Receives,
    /// Sends a large message, and receives once that has failed.
    Sends,
    /// Feeds messages, and receives in between.
    Feeds,
    SendsAndReceives,
}

const USAGES: [Usage; 4] = [Usage::Receives, Usage::Sends, Usage::Feeds, Usage::SendsAndReceives];

impl Usage {
    /// The number of bytes that the peer receives before it has to grant more.
    fn sent(self) -> usize {
        match self {
            Self::Receives => 1,
            Self::Sends | Self::Feeds | Self::SendsAndReceives => WINDOW,
        }
    }
}

/// Uses a socket to its end; returns the close code of the peer.
async fn use_up(mut socket: WebSocket, usage: Usage) -> (Result<(), Error>, Option<CloseCode>) {
    match usage {
        Usage::Receives => socket.send("small").await.expect("open"),
        Usage::Sends => {
            let error = socket.send(vec![7; LARGE]).await.expect_err("cut off");
            assert!(matches!(error, Error::Io(_)), "{error}");
        }
        Usage::Feeds => socket.feed(vec![7; LARGE]).await.expect("taken"),
        Usage::SendsAndReceives => {
            let (mut reader, mut writer) = socket.split();
            let sending =
                tokio::spawn(async move { while writer.send(vec![7; LARGE]).await.is_ok() {} });
            let ended = loop {
                match reader.recv().await {
                    Ok(Some(_)) => {}
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            sending.await.expect("no panic");
            let received = reader.closed().and_then(|closed| closed.received);
            return (ended, received.map(|close| close.code));
        }
    }
    let ended = loop {
        match socket.read().await {
            Ok(Some(mut batch)) => while batch.next().is_some() {},
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    let received = socket.closed().and_then(|closed| closed.received.as_ref());
    (ended, received.map(|close| close.code))
}

fn expect_1009(
    (ended, received): (Result<(), Error>, Option<CloseCode>),
    ending: &Ending,
    usage: Usage,
) {
    let Ending { name, end_stream, .. } = ending;
    let case = format!("{name}, END_STREAM: {end_stream}, {usage:?}");
    assert_eq!(received, Some(CloseCode::TOO_BIG), "{case}: {ended:?}");
    assert!(ended.is_ok(), "{case}: {ended:?}");
}

#[test]
fn a_close_before_a_reset_reaches_the_client() {
    in_both_orders(async || {
        for ending in endings() {
            for usage in USAGES {
                let (listener, address) = listen().await;
                let wire = ending.wire(false);
                let server = tokio::spawn(async move {
                    let (stream, _peer) = listener.accept().await.expect("a client");
                    let mut server = RawH2::server(stream).await;
                    server.write(&ok()).await;
                    server.data(usage.sent()).await;
                    server.write(&wire).await;
                    server.end().await;
                });
                let (socket, _) = over_http2(address, request(address), Config::default())
                    .await
                    .expect("granted");
                expect_1009(use_up(socket, usage).await, &ending, usage);
                server.await.expect("no panic");
            }
        }
    });
}

#[test]
fn a_close_before_a_reset_reaches_the_client_together_with_the_response() {
    in_both_orders(async || {
        for ending in endings() {
            let (listener, address) = listen().await;
            let wire = [ok(), ending.wire(false)].concat();
            let server = tokio::spawn(async move {
                let (stream, _peer) = listener.accept().await.expect("a client");
                let mut server = RawH2::server(stream).await;
                server.write(&wire).await;
                server.end().await;
            });
            let (mut socket, _) =
                over_http2(address, request(address), Config::default()).await.expect("granted");
            let mut ended = Ok(());
            loop {
                match socket.recv().await {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(error) => {
                        ended = Err(error);
                        break;
                    }
                }
            }
            let received = socket.closed().and_then(|closed| closed.received.as_ref());
            expect_1009((ended, received.map(|close| close.code)), &ending, Usage::Receives);
            server.await.expect("no panic");
        }
    });
}

#[test]
fn a_close_before_a_reset_reaches_the_server() {
    in_both_orders(async || {
        for ending in endings() {
            for usage in USAGES {
                let (sender, mut ends) = mpsc::unbounded_channel();
                let address = serve(move |upgrade| {
                    let sender = sender.clone();
                    async move {
                        upgrade.on_upgrade(async move |socket| {
                            let _ = sender.send(use_up(socket, usage).await);
                        })
                    }
                })
                .await;
                let mut client =
                    RawH2::client(TcpStream::connect(address).await.expect("a server")).await;
                client.data(usage.sent()).await;
                client.write(&ending.wire(true)).await;
                client.end().await;
                expect_1009(ends.recv().await.expect("an end"), &ending, usage);
            }
        }
    });
}
