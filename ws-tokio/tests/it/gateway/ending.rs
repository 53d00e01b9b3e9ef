//! Close frames are forwarded both ways, and an end without one remains one.

use tokio::io::AsyncWriteExt;
use tokio::join;
use ws_tokio::client::ClientRequest;
use ws_tokio::{Close, CloseCode, Config, Error, Limits, Message, accept, connect_on};

use crate::gateway::{KINDS, Socket, accept_stream, by_application, connect, gateway_to, pair};
use crate::support::{listen, on_both_runtimes};

fn closes() -> [Close<'static>; 4] {
    [
        Close::new(CloseCode::new(4000), "goodbye"),
        Close::new(CloseCode::GOING_AWAY, "r".repeat(123)),
        CloseCode::NORMAL.into(),
        Close::EMPTY,
    ]
}

async fn receive(socket: &mut Socket) -> Message {
    socket.recv().await.expect("no error").expect("open")
}

/// Receives to the end, which must be clean.
async fn end(socket: &mut Socket) {
    while let Some(message) = socket.recv().await.expect("no error") {
        assert!(message.is_close(), "{message:?}");
    }
    assert!(socket.closed().expect("closed").is_clean());
}

#[test]
fn codes_and_reasons_of_both_ends() {
    on_both_runtimes(async || {
        for kind in KINDS {
            for by_client in [true, false] {
                for close in closes() {
                    for answer in closes() {
                        let at = format!("{kind:?}, {by_client}, {close:?}, {answer:?}");
                        let (mut client, mut server) =
                            pair(kind, by_application(), by_application()).await;
                        let (one, other) = match by_client {
                            true => (&mut client, &mut server),
                            false => (&mut server, &mut client),
                        };
                        one.close(close.clone()).await.expect("open");
                        assert_eq!(receive(other).await, Message::close(close.clone()), "{at}");
                        // An end that has received a Close frame may finish its messages.
                        other.send("one more").await.expect("not answered");
                        other.close(answer.clone()).await.expect("not answered");
                        assert_eq!(receive(one).await, "one more".into(), "{at}");
                        assert_eq!(receive(one).await, Message::close(answer.clone()), "{at}");
                        join!(end(&mut client), end(&mut server));
                    }
                }
            }
        }
    });
}

#[test]
fn codes_of_ends_that_close_at_once() {
    on_both_runtimes(async || {
        for kind in KINDS {
            let (mut client, mut server) = pair(kind, Config::default(), Config::default()).await;
            let (one, other) =
                join!(client.close(CloseCode::new(4001)), server.close(CloseCode::new(4002)));
            one.and(other).expect("open");
            join!(end(&mut client), end(&mut server));
            assert_eq!(client.closed().expect("closed").code().get(), 4002, "{kind:?}");
            assert_eq!(server.closed().expect("closed").code().get(), 4001, "{kind:?}");
        }
    });
}

/// Receives to the end, which must be without a closing handshake.
async fn cut(socket: &mut Socket) -> Vec<Message> {
    let mut messages = Vec::new();
    loop {
        match socket.recv().await {
            Ok(Some(message)) => messages.push(message),
            Ok(None) => panic!("a clean end behind {messages:?}"),
            Err(Error::Protocol(_) | Error::Io(_)) => break,
            Err(error) => panic!("{error}"),
        }
    }
    if let Some(closed) = socket.closed() {
        assert_eq!((closed.code(), &closed.received), (CloseCode::ABNORMAL, &None));
    }
    messages
}

#[test]
fn an_end_without_a_close_frame() {
    on_both_runtimes(async || {
        for kind in KINDS {
            for of_client in [true, false] {
                let (client, server) = pair(kind, Config::default(), Config::default()).await;
                let (mut gone, mut left) =
                    if of_client { (client, server) } else { (server, client) };
                gone.send("last words").await.expect("open");
                drop(gone);
                assert_eq!(cut(&mut left).await, ["last words".into()], "{kind:?}, {of_client}");
            }
        }
    });
}

#[test]
fn a_reset() {
    on_both_runtimes(async || {
        for kind in KINDS {
            for of_client in [true, false] {
                let (client, server) = pair(kind, Config::default(), Config::default()).await;
                let (gone, mut left) = if of_client { (client, server) } else { (server, client) };
                gone.get_ref().get_ref().set_zero_linger().expect("open");
                drop(gone);
                assert_eq!(cut(&mut left).await, [], "{kind:?}, {of_client}");
            }
        }
    });
}

#[test]
fn a_violation() {
    on_both_runtimes(async || {
        for kind in KINDS {
            // Of the client.
            let (listener, upstream) = listen().await;
            let gateway = gateway_to(kind, upstream).await;
            let mut stream = connect(gateway).await;
            let request = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
                Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                Sec-WebSocket-Version: 13\r\n\r\n";
            let wire = [request.as_bytes(), b"\x81\x82\0\0\0\0hi\xFF"].concat();
            stream.write_all(&wire).await.expect("open");
            let accepted = accept(accept_stream(&listener).await, Config::default()).await;
            let mut server = accepted.expect("a valid request");
            stream.shutdown().await.expect("open");
            assert_eq!(cut(&mut server).await, ["hi".into()], "{kind:?}");

            // Of the server.
            let opening = async {
                let request = ClientRequest::new("localhost", "/");
                connect_on(connect(gateway).await, request, Config::default())
                    .await
                    .expect("granted")
                    .0
            };
            let breaking = async {
                let accepted = accept(accept_stream(&listener).await, Config::default()).await;
                let server = accepted.expect("a valid request");
                let raw = server.get_ref().get_ref();
                assert_eq!(raw.try_write(b"\x81\x02hi\xFF").expect("open"), 5);
                server
            };
            let (mut client, server) = join!(opening, breaking);
            drop(server);
            assert_eq!(cut(&mut client).await, ["hi".into()], "{kind:?}");
        }
    });
}

/// The server answers with a Close frame while the client is still sending.
#[test]
fn a_close_in_front_of_a_write_error_is_not_lost() {
    on_both_runtimes(async || {
        let small = Limits { max_message_size: 1000, max_frame_size: 1000, ..Limits::incoming() };
        let of_server = Config { incoming: small, ..Config::default() };
        for kind in KINDS {
            for run in 0..5 {
                let (client, mut server) = pair(kind, Config::default(), of_server.clone()).await;
                let (mut reader, mut writer) = client.split();
                let serving = async {
                    let error = server.recv().await.expect_err("too big");
                    assert!(matches!(error, Error::Protocol(_)), "{error}");
                };
                let sending = async { while writer.send(vec![1; 200_000]).await.is_ok() {} };
                let receiving = async {
                    while reader.recv().await.expect("no error").is_some() {}
                    reader.closed().expect("closed").code()
                };
                let ((), (), code) = join!(serving, sending, receiving);
                assert_eq!(code, CloseCode::TOO_BIG, "{kind:?}, run {run}");
            }
        }
    });
}
