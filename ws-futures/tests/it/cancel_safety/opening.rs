//! The opening handshake: dropping it drops the stream.

use std::task::Poll;

use ws_futures::client::ClientRequest;
use ws_futures::{Config, Incoming, accept, connect_on};

use crate::support::clock::Clock;
use crate::support::script::Script;
use crate::support::stream::{self, Remote, Stream};
use crate::support::task::Task;
use crate::support::{SEED, clock::Alarm, handshake};

type Begin = fn(Stream, Alarm) -> Task<'static, bool>;

const STEPS: [(&str, Begin); 5] = [
    ("accept", |stream, alarm| {
        Task::new(async { accept(stream, alarm, Config::default()).await.is_ok() })
    }),
    ("read, then accept", |stream, alarm| {
        Task::new(async {
            let incoming = Incoming::read(stream, alarm, Config::default()).await;
            incoming.expect("a request").accept().await.is_ok()
        })
    }),
    ("read, then accept_with", |stream, alarm| {
        Task::new(async {
            let incoming = Incoming::read(stream, alarm, Config::default()).await;
            let incoming = incoming.expect("a request");
            incoming.accept_with(|accept| accept.header("X-Test", "yes")).await.is_ok()
        })
    }),
    ("read, then reject", |stream, alarm| {
        Task::new(async {
            let incoming = Incoming::read(stream, alarm, Config::default()).await;
            incoming.expect("a request").reject(403, Ok).await.is_ok()
        })
    }),
    ("connect", |stream, alarm| {
        let request = ClientRequest::new("example.com", "/chat");
        Task::new(async {
            connect_on(stream, alarm, Config::default(), request, SEED).await.is_ok()
        })
    }),
];

fn begin(name: &str, begin: Begin) -> (Task<'static, bool>, Remote) {
    let (stream, remote) = stream::with_remote(Script::hesitant());
    match name {
        "connect" => remote.send(handshake::response(SEED).as_bytes()),
        _ => remote.send(handshake::REQUEST.as_bytes()),
    }
    (begin(stream, Clock::default().alarm()), remote)
}

#[test]
fn dropped_after_any_number_of_polls() {
    for (name, step) in STEPS {
        let (mut task, remote) = begin(name, step);
        if name == "read, then reject" {
            remote.end();
        }
        let polls = (1..).find(|_| task.poll().is_ready()).expect("an end");
        let undisturbed = remote.take();
        assert!(polls > 100, "{name} hardly waits");
        for count in 0..polls {
            let (mut task, remote) = begin(name, step);
            for _ in 0..count {
                assert_eq!(task.poll(), Poll::Pending, "{name} after {count} polls");
            }
            assert!(!remote.is_dropped(), "{name} after {count} polls");
            drop(task);
            assert!(remote.is_dropped(), "{name} after {count} polls");
            let written = remote.take();
            assert!(undisturbed.starts_with(&written), "{name} after {count} polls");
        }
    }
}
