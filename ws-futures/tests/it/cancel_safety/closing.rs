//! `close`, `close_and_discard`, and the `Sink`'s.

use futures_util::{SinkExt, StreamExt};
use ws_futures::{Close, CloseCode, Config, Error};

use crate::cancel_safety::{Trace, same_at_every_patience};
use crate::support::script::Script;
use crate::support::task::{insist, run};
use crate::support::{ROLES, conversation, open, wire};

fn reason() -> Close<'static> {
    Close::new(CloseCode::new(4000), "a reason that survives")
}

#[test]
fn close_and_discard() {
    for role in ROLES {
        same_at_every_patience(&format!("{role:?}"), |timeout| {
            let (mut socket, remote, _clock) = open(role, &Config::default(), Script::hesitant());
            remote.send(&[conversation::wire(role), wire::close(role, 4001, "bye")].concat());
            remote.end();
            run(insist(timeout, async || socket.close_and_discard(reason()).await))
                .expect("no error");
            let trace = Trace::of(Vec::<()>::new(), &socket, &remote);
            let expected = wire::close_content(4000, "a reason that survives");
            assert_eq!(wire::contents(&trace.written), [expected], "{role:?}");
            assert!(trace.closed.as_ref().expect("facts").is_clean(), "{role:?}");
            trace
        });
    }
}

#[test]
fn close() {
    for role in ROLES {
        same_at_every_patience(&format!("{role:?}"), |timeout| {
            let (mut socket, remote, _clock) = open(role, &Config::default(), Script::hesitant());
            remote.send(&[conversation::wire(role), wire::close(role, 4321, "enough")].concat());
            remote.end();
            let mut messages = Vec::new();
            run(async {
                insist(timeout, async || socket.close(reason()).await).await.expect("open");
                while let Some(message) =
                    insist(timeout, async || socket.recv().await).await.expect("no error")
                {
                    messages.push(message);
                }
            });
            let expected = [conversation::messages(), vec![conversation::close()]].concat();
            assert_eq!(messages, expected, "{role:?}");
            Trace::of(messages, &socket, &remote)
        });
    }
}

#[test]
fn close_of_the_sink() {
    for role in ROLES {
        same_at_every_patience(&format!("{role:?}"), |timeout| {
            let (mut socket, remote, _clock) = open(role, &Config::default(), Script::hesitant());
            remote.send(&[conversation::wire(role), wire::close(role, 4321, "enough")].concat());
            remote.end();
            let mut messages = Vec::new();
            run(async {
                let closed = insist(timeout, async || SinkExt::close(&mut socket).await);
                closed.await.expect("open");
                while let Some(item) = insist(timeout, async || socket.next().await).await {
                    messages.push(item.expect("no error"));
                }
            });
            let expected = [conversation::messages(), vec![conversation::close()]].concat();
            assert_eq!(messages, expected, "{role:?}");
            Trace::of(messages, &socket, &remote)
        });
    }
}

/// The error at the end is returned once, to the last call.
#[test]
fn an_error() {
    for role in ROLES {
        same_at_every_patience(&format!("{role:?}"), |timeout| {
            let (mut socket, remote, _clock) = open(role, &Config::default(), Script::hesitant());
            remote.send(&[conversation::wire(role), vec![0xFF], vec![0; 100]].concat());
            remote.end();
            let mut results = Vec::new();
            run(async {
                loop {
                    match insist(timeout, async || socket.recv().await).await {
                        Ok(Some(message)) => results.push(Ok(message)),
                        Ok(None) => break,
                        Err(Error::Protocol(error)) => results.push(Err(error)),
                        Err(error) => panic!("{error}"),
                    }
                }
            });
            let messages = conversation::messages().len();
            assert_eq!(results.iter().filter(|result| result.is_ok()).count(), messages);
            assert_eq!(results.len(), messages + 1);
            Trace::of(results, &socket, &remote)
        });
    }
}
