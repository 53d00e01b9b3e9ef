//! `StreamExt::split`: the `Stream` and the `Sink` of one connection in two tasks.

use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use rand::RngExt;
use ws_futures::proto::Role;
use ws_futures::{Config, Error, Message};

use crate::split::load;
use crate::support::script::Script;
use crate::support::stream::Remote;
use crate::support::task::{Crowd, Task, run};
use crate::support::wire::{self, PING};
use crate::support::{ROLES, Socket, clock::Clock, open, open_both, open_plainly, seeds};

type Sink = SplitSink<Socket, Message>;
type Stream = SplitStream<Socket>;

/// Both parts of a connection whose output is full.
fn full(role: Role) -> (Sink, Stream, Remote, Clock) {
    let (mut socket, remote, clock) = open_plainly(role);
    remote.set_capacity(0);
    while socket.try_send(vec![0xA5; 1000]).is_ok() {}
    let (sink, stream) = StreamExt::split(socket);
    (sink, stream, remote, clock)
}

#[test]
fn room_wakes_a_waiting_sink_though_the_stream_waits_too() {
    for role in ROLES {
        let (mut sink, mut stream, remote, _clock) = full(role);
        let mut send = Task::new(sink.send("more".into()));
        let mut next = Task::new(stream.next());
        send.wait();
        // Its waker is the latest that the stream has.
        next.wait();
        remote.set_capacity(usize::MAX);
        assert!(send.is_woken(), "{role:?}");
        send.finish().expect("open");
        next.wait();
    }
}

#[test]
fn what_the_sink_has_written_lets_the_stream_end() {
    let (mut sink, mut stream, remote, _clock) = full(Role::Server);
    let mut next = Task::new(async {
        while let Some(item) = stream.next().await {
            item.expect("no error");
        }
    });
    let mut flush = Task::new(sink.flush());
    remote.send(&wire::close(Role::Server, 1000, ""));
    next.wait();
    flush.wait();
    next.wait();
    remote.be_lazy();
    remote.set_capacity(usize::MAX);
    assert!(flush.poll().is_ready());
    next.finish();
    assert!(remote.is_ended());
}

#[test]
fn the_stream_keeps_its_deadline_though_the_sink_has_waited() {
    for role in ROLES {
        let config = Config { ping_interval: Some(Duration::from_secs(7)), ..Config::default() };
        let (socket, remote, clock) = open(role, &config, Script::default());
        let (mut sink, mut stream) = StreamExt::split(socket);
        remote.set_capacity(1);
        let mut next = Task::new(stream.next());
        next.wait();
        {
            let mut send = Task::new(sink.send("waits".into()));
            send.wait();
        }
        remote.set_capacity(usize::MAX);
        next.wait();
        remote.take();
        clock.advance(Duration::from_secs(7));
        assert!(next.is_woken(), "{role:?}");
        next.wait();
        let frames = wire::contents(&remote.take());
        assert_eq!(frames.first().map(|(first, _)| *first), Some(PING), "{role:?}");
    }
}

#[test]
fn a_sink_that_closes_makes_the_stream_keep_the_deadline() {
    for role in ROLES {
        let config = Config { ping_interval: None, ..Config::default() };
        let (socket, remote, clock) = open(role, &config, Script::default());
        let (mut sink, mut stream) = StreamExt::split(socket);
        let mut next = Task::new(stream.next());
        next.wait();
        run(sink.close()).expect("open");
        assert!(next.is_woken(), "{role:?}");
        next.wait();
        clock.advance(config.close_timeout);
        assert!(next.finish().is_none(), "{role:?}");
        assert!(remote.is_ended(), "{role:?}");
    }
}

#[test]
fn everything_arrives() {
    seeds::for_seeds(100, |random| {
        let scripts = [seeds::script(random), seeds::script(random)];
        // Each end closes when it has sent all, whether the other one has closed before or not.
        let config = Config { automatic_close: false, ..Config::default() };
        let (client, server, clock) = open_both(&config, scripts);
        let began = clock.now();
        let wires = [&client, &server].map(|socket| socket.get_ref().remote());
        for wire in &wires {
            wire.set_capacity(random.random_range(1..100_000));
            if random.random() {
                wire.be_lazy();
            }
        }
        let sent = [load::messages(random), load::messages(random)];
        let mut received = [Vec::new(), Vec::new()];
        let mut crowd = Crowd { tasks: Vec::new(), wires: wires.to_vec() };
        for ((socket, sent), received) in [client, server].into_iter().zip(&sent).zip(&mut received)
        {
            let (mut sink, mut stream) = StreamExt::split(socket);
            let feeds: bool = random.random();
            crowd.tasks.push(Task::new(async move {
                for message in sent {
                    match feeds {
                        true => sink.feed(message.clone()).await.expect("open"),
                        false => sink.send(message.clone()).await.expect("open"),
                    }
                }
                // When both Close frames have arrived the peer may be gone before a stream that
                // holds bytes back has noticed that it was flushed.
                let closed = sink.close().await;
                assert!(matches!(closed, Ok(()) | Err(Error::Io(_))), "{closed:?}");
            }));
            crowd.tasks.push(Task::new(async move {
                while let Some(item) = stream.next().await {
                    match item.expect("no error") {
                        Message::Pong(_) | Message::Close(_) => {}
                        message => received.push(message),
                    }
                }
            }));
        }
        crowd.run_to_end(|woken| random.random_range(0..woken));
        drop(crowd);
        assert!(received[1] == sent[0], "the server has not received all");
        assert!(received[0] == sent[1], "the client has not received all");
        assert_eq!(clock.now(), began, "no deadline was needed");
    });
}
