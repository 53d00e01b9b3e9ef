//! `send`, `feed`, `flush`, `ready` and the `Sink`.

use std::pin::Pin;

use std::future::poll_fn;

use futures_util::Sink;
use ws_futures::proto::Role;
use ws_futures::{Config, Message};

use crate::cancel_safety::{Trace, same_at_every_patience};
use crate::support::script::{Script, Turns};
use crate::support::stream::Remote;
use crate::support::task::{insist, run};
use crate::support::{ROLES, Socket, conversation, open, wire};

/// More than the output holds, so that sending waits.
fn messages() -> Vec<Message> {
    let mut messages = vec![Message::Ping(b"there?".as_slice().into())];
    for i in 0..12 {
        messages.push(Message::text(format!("message {i}")));
        messages.push(Message::binary(vec![i; 7000]));
        messages.push(Message::binary(vec![i; 9000]));
    }
    messages
}

/// Pending before each write of 100 bytes.
fn slow(role: Role, holds: bool) -> (Socket, Remote) {
    let script = Script {
        writes: Turns::of(&[0, 100]),
        flushes: Turns::of(&[0, 0, 1]),
        holds,
        ..Script::default()
    };
    let (socket, remote, _clock) = open(role, &Config::default(), script);
    (socket, remote)
}

#[track_caller]
fn check(name: &str, send: impl Fn(&mut Socket, Vec<Message>, usize)) {
    for role in ROLES {
        for holds in [false, true] {
            same_at_every_patience(&format!("{name} as {role:?}"), |timeout| {
                let (mut socket, remote) = slow(role, holds);
                send(&mut socket, messages(), timeout);
                let trace = Trace::of(Vec::<()>::new(), &socket, &remote);
                let frames = wire::contents(&trace.written);
                assert_eq!(frames.len(), messages().len(), "{name} as {role:?}, {timeout}");
                trace
            });
        }
    }
}

#[test]
fn feed_and_flush() {
    check("feed", |socket, messages, timeout| {
        run(async {
            for message in messages {
                insist(timeout, async || socket.feed(message.clone()).await).await.expect("open");
            }
            insist(timeout, async || socket.flush().await).await.expect("open");
        });
    });
}

#[test]
fn ready_and_try_send() {
    check("ready", |socket, messages, timeout| {
        run(async {
            for message in messages {
                insist(timeout, async || socket.ready().await).await.expect("open");
                socket.try_send(message).expect("room");
            }
            insist(timeout, async || socket.flush().await).await.expect("open");
        });
    });
}

/// A `send` that was dropped has sent the whole message or nothing, as the counters show.
#[test]
fn send() {
    check("send", |socket, messages, timeout| {
        run(async {
            for message in messages {
                let before = socket.stats().sent.frames;
                insist(timeout, async || {
                    if socket.stats().sent.frames == before {
                        socket.send(message.clone()).await.expect("open");
                    } else {
                        socket.flush().await.expect("open");
                    }
                })
                .await;
            }
        });
    });
}

#[test]
fn sink() {
    check("Sink", |socket, messages, timeout| {
        run(async {
            for message in messages {
                insist(timeout, async || {
                    poll_fn(|cx| Pin::new(&mut *socket).poll_ready(cx)).await.expect("open");
                })
                .await;
                Pin::new(&mut *socket).start_send(message).expect("room");
            }
            insist(timeout, async || {
                poll_fn(|cx| Sink::poll_flush(Pin::new(&mut *socket), cx)).await.expect("open");
            })
            .await;
        });
    });
}

/// Pongs for pings that arrive meanwhile are sent between the messages, each once.
#[test]
fn while_pings_come() {
    for role in ROLES {
        same_at_every_patience(&format!("{role:?}"), |timeout| {
            let (mut socket, remote, _clock) = open(role, &Config::default(), Script::hesitant());
            remote.send(&conversation::wire(role));
            let mut messages = Vec::new();
            run(async {
                for i in 0..conversation::messages().len() {
                    let message = insist(timeout, async || socket.recv().await).await;
                    messages.push(message.expect("no error").expect("open"));
                    insist(timeout, async || socket.feed(format!("reply {i}")).await)
                        .await
                        .expect("open");
                }
                insist(timeout, async || socket.flush().await).await.expect("open");
            });
            Trace::of(messages, &socket, &remote)
        });
    }
}
