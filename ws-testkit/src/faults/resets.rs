//! Either side breaks the TCP connection off at any byte.

use std::io::Write;
use std::thread;

use futures_io::{AsyncRead, AsyncWrite};
use ws_futures::client::ClientRequest;
use ws_futures::proto::Role;
use ws_futures::{Config, Error, Message, Timer, WebSocket};

use super::{CLOSE, conversation};
use crate::echo::WAYS;
use crate::raw::{self, connect, expect, reset};
use crate::runtime::Runtime;
use crate::server::{Server, listener};

/// The client breaks off after every byte that it writes; the server receives an error.
pub fn by_a_client_that_has_written_a_part<R: Runtime>() {
    let conversation = conversation();
    for way in WAYS {
        Server::new(way, Config::default()).run::<R>(|server| {
            let sent = [&conversation.sent, CLOSE.0].concat();
            for len in 0..sent.len() {
                let mut stream = connect(server.address);
                stream.write_all(&sent[..len]).expect("open");
                reset(stream);
                let end = server.end();
                assert!(end.is_err(), "{way:?}, after {len} bytes: {end:?}");
            }
        });
    }
}

/// The client breaks off after every byte that it reads. The server may have ended by then.
pub fn by_a_client_that_has_read_a_part<R: Runtime>() {
    let conversation = conversation();
    for way in WAYS {
        Server::new(way, Config::default()).run::<R>(|server| {
            for len in 0..=conversation.answered.len() {
                let mut stream = connect(server.address);
                stream.write_all(&conversation.sent).expect("open");
                expect(&mut stream, len);
                reset(stream);
                assert!(server.end().is_err(), "{way:?}, after {len} bytes");
            }
        });
    }
}

/// The server breaks off, or ends the stream, after every byte that it writes; the client receives
/// an error, and has received all earlier messages.
pub fn by_a_server<R: Runtime>() {
    let texts = ["one", "two", "three"];
    let frames: Vec<Vec<u8>> =
        texts.iter().map(|text| ws_wire::frame(Role::Client, 0x81, text.as_bytes())).collect();
    let all = frames.concat();
    for end in [reset, drop] {
        for len in 0..=all.len() {
            let listener = listener();
            let address = listener.local_addr().expect("an address");
            thread::scope(|scope| {
                scope.spawn(|| {
                    let (stream, _peer) = listener.accept().expect("a client");
                    let mut stream = raw::prepared(stream);
                    raw::accept(&mut stream);
                    stream.write_all(&all[..len]).expect("open");
                    // The client has received everything before the end.
                    let whole = whole(&frames, len);
                    expect(&mut stream, 6 * whole);
                    end(stream);
                });
                R::block_on(async {
                    let stream = R::connect(address).await.expect("a server");
                    let request = ClientRequest::new("localhost", "/");
                    let config = Config::default();
                    let connected =
                        ws_futures::connect_on(stream, R::timer(), config, request, [7; 32]).await;
                    let (socket, _response) = connected.expect("a response");
                    let received = received_before_the_end(socket).await;
                    let expected: Vec<_> = texts[..whole(&frames, len)]
                        .iter()
                        .map(|text| Message::text(*text))
                        .collect();
                    assert_eq!(received, expected, "after {len} bytes");
                });
            });
        }
    }
}

/// The number of frames that are complete in the first `len` bytes of all.
fn whole(frames: &[Vec<u8>], len: usize) -> usize {
    let ends = frames.iter().scan(0, |end, frame| {
        *end += frame.len();
        Some(*end)
    });
    ends.take_while(|end| *end <= len).count()
}

/// Answers each message with an empty one, and expects an error in the end.
async fn received_before_the_end<Io, T>(mut socket: WebSocket<Io, T>) -> Vec<Message>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    let mut received = Vec::new();
    let error = loop {
        match socket.recv().await {
            Ok(Some(message)) => {
                received.push(message);
                socket.send("").await.expect("open");
            }
            Ok(None) => panic!("a clean end"),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Io(_) | Error::Protocol(_)), "{error}");
    assert!(matches!(socket.recv().await, Ok(None)), "the error is reported once");
    assert!(socket.send("late").await.is_err());
    assert!(!socket.closed().is_some_and(|closed| closed.is_clean()));
    received
}
