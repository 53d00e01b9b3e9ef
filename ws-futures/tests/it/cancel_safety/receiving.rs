//! `recv`, `read` and the `Stream`.

use futures_util::StreamExt;
use ws_futures::proto::Role;
use ws_futures::{Config, Delivery, Message};

use crate::cancel_safety::{Trace, same_at_every_patience};
use crate::support::script::Script;
use crate::support::stream::Remote;
use crate::support::task::{insist, run};
use crate::support::{ROLES, Socket, conversation, open, wire};

fn open_at_conversation(role: Role, config: &Config) -> (Socket, Remote) {
    let (socket, remote, _clock) = open(role, config, Script::hesitant());
    remote.send(&[conversation::wire(role), wire::close(role, 4321, "enough")].concat());
    remote.end();
    (socket, remote)
}

#[test]
fn recv() {
    for role in ROLES {
        same_at_every_patience(&format!("{role:?}"), |timeout| {
            let (mut socket, remote) = open_at_conversation(role, &Config::default());
            let mut messages = Vec::new();
            run(async {
                while let Some(message) =
                    insist(timeout, async || socket.recv().await).await.expect("no error")
                {
                    messages.push(message);
                }
            });
            let expected = [conversation::messages(), vec![conversation::close()]].concat();
            assert_eq!(messages, expected, "{timeout}");
            Trace::of(messages, &socket, &remote)
        });
    }
}

#[test]
fn recv_of_pieces() {
    let config = Config { delivery: Delivery::Chunked, ..Config::default() };
    for role in ROLES {
        same_at_every_patience(&format!("{role:?}"), |timeout| {
            let (mut socket, remote) = open_at_conversation(role, &config);
            let mut messages = Vec::new();
            run(async {
                while let Some(message) =
                    insist(timeout, async || socket.recv().await).await.expect("no error")
                {
                    messages.push(message);
                }
            });
            Trace::of(messages, &socket, &remote)
        });
    }
}

#[test]
fn next() {
    for role in ROLES {
        same_at_every_patience(&format!("{role:?}"), |timeout| {
            let (mut socket, remote) = open_at_conversation(role, &Config::default());
            let mut messages = Vec::new();
            run(async {
                while let Some(item) = insist(timeout, async || socket.next().await).await {
                    messages.push(item.expect("no error"));
                }
            });
            Trace::of(messages, &socket, &remote)
        });
    }
}

/// Takes one event of each batch, leaves the rest for the next call, and answers it.
#[test]
fn read() {
    for role in ROLES {
        same_at_every_patience(&format!("{role:?}"), |timeout| {
            let (mut socket, remote) = open_at_conversation(role, &Config::default());
            let mut messages: Vec<Message> = Vec::new();
            run(async {
                let mut more = true;
                while more {
                    let event = insist(timeout, async || {
                        let mut batch = socket.read().await.expect("no error")?;
                        let event = batch.next().map(Message::from);
                        if let Some(Message::Text(text)) = &event {
                            batch.send(&**text).expect("open");
                        }
                        Some(event)
                    });
                    match event.await {
                        Some(event) => messages.extend(event),
                        None => more = false,
                    }
                }
            });
            let expected = [conversation::messages(), vec![conversation::close()]].concat();
            assert_eq!(messages, expected, "{timeout}");
            Trace::of(messages, &socket, &remote)
        });
    }
}

/// An echo loop: each future of either kind is dropped.
#[test]
fn recv_and_send() {
    for role in ROLES {
        same_at_every_patience(&format!("{role:?}"), |timeout| {
            let (mut socket, remote) = open_at_conversation(role, &Config::default());
            let mut messages = Vec::new();
            run(async {
                while let Some(message) =
                    insist(timeout, async || socket.recv().await).await.expect("no error")
                {
                    if message.is_data() {
                        insist(timeout, async || socket.feed(message.clone()).await)
                            .await
                            .expect("open");
                        insist(timeout, async || socket.flush().await).await.expect("open");
                    }
                    messages.push(message);
                }
            });
            Trace::of(messages, &socket, &remote)
        });
    }
}
