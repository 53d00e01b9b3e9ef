//! Pings of the library, and unresponsive peers.

use std::task::Poll;
use std::time::Duration;

use futures_util::StreamExt;
use ws_futures::proto::{ErrorKind, Initiator, Role};
use ws_futures::{Config, Error, Event};

use crate::support::clock::Clock;
use crate::support::link::{Link, STEP};
use crate::support::script::Script;
use crate::support::stream::Remote;
use crate::support::task::{Task, run};
use crate::support::wire::{self, CLOSE, PING, PONG};
use crate::support::{ROLES, Socket, open, open_plainly};

/// The defaults of the configuration.
const INTERVAL: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(20);
const MOMENT: Duration = Duration::from_millis(1);

type Receive = for<'s> fn(&'s mut Socket) -> Task<'s, Result<(), Error>>;

/// The calls that keep the deadlines while they wait.
const WAYS: [(&str, Receive); 3] = [
    ("recv", |socket| Task::new(async { socket.recv().await.map(|_message| ()) })),
    ("read", |socket| Task::new(async { socket.read().await.map(|_batch| ()) })),
    ("next", |socket| Task::new(async { socket.next().await.transpose().map(|_message| ()) })),
];

fn is_ping_timeout(error: &Error) -> bool {
    error.is_timeout()
        && matches!(error, Error::Protocol(error) if error.kind() == ErrorKind::PingTimeout)
}

/// The payload of the one ping that was written.
#[track_caller]
fn ping(remote: &Remote) -> Vec<u8> {
    let frames = wire::contents(&remote.take());
    let [(PING, payload)] = &frames[..] else { panic!("{frames:?}") };
    payload.clone()
}

#[test]
fn a_silent_peer_is_pinged_and_given_up() {
    for role in ROLES {
        for (way, receive) in WAYS {
            let (mut socket, remote, clock) = open_plainly(role);
            {
                let mut waiting = receive(&mut socket);
                waiting.wait();
                clock.advance(INTERVAL - MOMENT);
                waiting.wait();
                assert!(remote.take().is_empty(), "{way} as {role:?} pings too early");
                clock.advance(MOMENT);
                waiting.wait();
                ping(&remote);
                clock.advance(TIMEOUT - MOMENT);
                waiting.wait();
                assert!(remote.take().is_empty(), "{way} as {role:?} times out too early");
                clock.advance(MOMENT);
                let error = waiting.finish().expect_err("an unresponsive peer");
                assert!(is_ping_timeout(&error), "{way} as {role:?}: {error}");
                let frames = wire::contents(&remote.take());
                let [(CLOSE, payload)] = &frames[..] else { panic!("{way}, {role:?}: {frames:?}") };
                assert_eq!(payload[..2], 1011_u16.to_be_bytes(), "{way} as {role:?}");
                assert!(remote.is_ended(), "{way} as {role:?}");
            }
            assert_eq!(socket.closed().expect("facts").initiator, Initiator::Library);
        }
    }
}

#[test]
fn a_pong_shows_life_and_measures_the_way() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        assert_eq!(socket.rtt(), None);
        Task::new(socket.recv()).wait();
        let mut since_ping = Duration::ZERO;
        for i in 1..=5 {
            clock.advance(INTERVAL - since_ping);
            Task::new(socket.recv()).wait();
            let payload = ping(&remote);
            let way = Duration::from_millis(i * 7);
            clock.advance(way);
            remote.send(&wire::frame(role, PONG, &payload));
            run(socket.recv()).expect("no error").expect("the pong");
            Task::new(socket.recv()).wait();
            assert_eq!(socket.rtt(), Some(way), "{role:?}");
            clock.advance(TIMEOUT - way);
            Task::new(socket.recv()).wait();
            since_ping = TIMEOUT;
        }
    }
}

#[test]
fn any_byte_shows_life() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        let frame = wire::binary(role, &[0; 100]);
        let mut recv = Task::new(socket.recv());
        recv.wait();
        for byte in &frame[..frame.len() - 1] {
            clock.advance(TIMEOUT - MOMENT);
            remote.send(&[*byte]);
            recv.wait();
        }
        remote.send(&frame[frame.len() - 1..]);
        assert!(recv.finish().is_ok(), "{role:?}");
    }
}

/// The application did not read for a long time, and its peer's pong is in the stream.
#[test]
fn an_answer_that_was_not_read_yet_counts() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        Task::new(socket.recv()).wait();
        clock.advance(INTERVAL);
        Task::new(socket.recv()).wait();
        remote.send(&wire::frame(role, PONG, &ping(&remote)));
        clock.advance(10 * INTERVAL);
        assert!(run(socket.recv()).is_ok(), "{role:?}");
        Task::new(socket.recv()).wait();
        assert!(socket.closed().is_none(), "{role:?}");
    }
}

#[test]
fn without_an_interval_no_ping_is_sent() {
    for role in ROLES {
        let config = Config { ping_interval: None, ..Config::default() };
        let (mut socket, remote, clock) = open(role, &config, Script::default());
        let mut recv = Task::new(socket.recv());
        recv.wait();
        assert_eq!(clock.next(), None, "{role:?}");
        clock.advance(1000 * INTERVAL);
        recv.wait();
        assert!(remote.take().is_empty(), "{role:?}");
    }
}

/// An application that has filled its output, and reads in batches: no input is read, so that the
/// peer can show that it is responsive only by reading.
fn full(role: Role, capacity: usize) -> (Socket, Remote, Clock) {
    let (mut socket, remote, clock) = open_plainly(role);
    remote.set_capacity(capacity);
    Task::new(async { socket.read().await.is_ok() }).wait();
    run(socket.feed(vec![0xA5; 1 << 20])).expect("room");
    (socket, remote, clock)
}

#[test]
fn a_peer_that_reads_slowly_is_alive() {
    for role in ROLES {
        let (mut socket, remote, clock) = full(role, 1000);
        let mut read = Task::new(async { socket.read().await.map(|_batch| ()) });
        read.wait();
        for _ in 0..60 {
            clock.advance(Duration::from_secs(10));
            read.wait();
            assert_eq!(remote.take_some(100).len(), 100);
            read.wait();
        }
    }
}

/// The peer has read everything at once, just before the timeout: the pending ping is sent only
/// now.
#[test]
fn a_peer_that_reads_late_is_alive() {
    for role in ROLES {
        let (mut socket, remote, clock) = full(role, 1000);
        let mut read = Task::new(async { socket.read().await.map(|_batch| ()) });
        read.wait();
        clock.advance(INTERVAL);
        read.wait();
        clock.advance(TIMEOUT - MOMENT);
        remote.set_capacity(usize::MAX);
        read.wait();
        let frames = wire::contents(&remote.take());
        assert_eq!(frames.len(), 2, "{role:?}: the message and the ping");
        clock.advance(MOMENT);
        assert!(read.run().is_pending(), "{role:?} timed out a moment after the ping");
        drop(read);
        assert!(socket.closed().is_none(), "{role:?} timed out a moment after the ping");
    }
}

/// The same with a stream that has taken all bytes and could not pass them on.
#[test]
fn a_peer_that_lets_a_stream_be_flushed_late_is_alive() {
    for role in ROLES {
        let script = Script { holds: true, ..Script::default() };
        let (mut socket, remote, clock) = open(role, &Config::default(), script);
        let mut recv = Task::new(socket.recv());
        recv.wait();
        remote.stall(true);
        clock.advance(INTERVAL);
        recv.wait();
        assert!(remote.take().is_empty(), "{role:?}");
        clock.advance(TIMEOUT - MOMENT);
        remote.stall(false);
        recv.wait();
        ping(&remote);
        clock.advance(MOMENT);
        assert!(recv.run().is_pending(), "{role:?} timed out a moment after the ping");
    }
}

#[test]
fn a_peer_that_neither_reads_nor_writes_is_given_up() {
    for role in ROLES {
        let (mut socket, _remote, clock) = full(role, 1000);
        let mut read = Task::new(async { socket.read().await.map(|_batch| ()) });
        read.wait();
        clock.advance(INTERVAL);
        read.wait();
        clock.advance(TIMEOUT);
        read.wait();
        clock.advance(clock.next().expect("a deadline"));
        let error = read.finish().expect_err("an unresponsive peer");
        assert!(is_ping_timeout(&error), "{role:?}: {error}");
    }
}

/// Bytes that the system's buffers take do not show that the peer is responsive.
#[test]
fn taking_output_that_was_never_refused_shows_no_life() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        Task::new(socket.recv()).wait();
        clock.advance(INTERVAL);
        Task::new(socket.recv()).wait();
        ping(&remote);
        clock.advance(MOMENT);
        remote.set_capacity(50_000);
        run(socket.feed(vec![0xA5; 100_000])).expect("open");
        Task::new(socket.recv()).wait();
        clock.advance(TIMEOUT);
        Task::new(socket.recv()).wait();
        assert!(socket.closed().is_some(), "{role:?}");
    }
}

const MIB: usize = 1 << 20;

/// Sends a message a moment before the ping, over a link that a send buffer of 4 MiB keeps busy for
/// 64 s. The link dies when `dies` returns true for the time since then; returns how long it took
/// until the connection ended, `None` if the message has arrived and the connection has lasted for
/// five minutes.
fn upload(role: Role, size: usize, dies: impl Fn(Duration) -> bool) -> Option<Duration> {
    let (mut socket, remote, clock) = open_plainly(role);
    let mut link = Link::new(role, remote, clock.clone(), 64 << 10, 4 * MIB);
    Task::new(socket.recv()).wait();
    clock.advance(INTERVAL - STEP);
    run(socket.feed(vec![0xA5; size])).expect("room");
    let begin = clock.now();
    let mut receiving = Task::new(async {
        // Its pongs.
        while let Some(_message) = socket.recv().await? {}
        Ok::<_, Error>(())
    });
    while clock.now() - begin < Duration::from_secs(300) {
        if let Poll::Ready(result) = receiving.run() {
            let error = result.expect_err("an unresponsive peer");
            assert!(is_ping_timeout(&error), "{role:?}: {error}");
            return Some(clock.now() - begin);
        }
        link.dead |= dies(clock.now() - begin);
        link.step();
    }
    drop(receiving);
    assert_eq!(link.arrived, size, "{role:?}");
    assert!(socket.rtt().is_some(), "{role:?}: the pong of a later ping, or of that one");
    None
}

/// The buffer has taken all bytes, and the ping waits in it for longer than the timeout.
#[test]
fn a_message_in_a_deep_buffer_delays_the_pong() {
    for role in ROLES {
        assert_eq!(upload(role, 4 * MIB - 4096, |_| false), None, "{role:?}");
    }
}

/// The buffer is full until the message was sent, and then still holds bytes in front of the next
/// ping.
#[test]
fn an_upload_through_a_deep_buffer_is_not_cut() {
    for role in ROLES {
        for mib in [5, 7, 10] {
            assert_eq!(upload(role, mib * MIB, |_| false), None, "{role:?}, {mib} MiB");
        }
    }
}

/// The time in which the pong would have arrived at 32 KiB/s: 128 s for 4 MiB.
#[test]
fn a_peer_that_dies_behind_a_deep_buffer_is_given_up() {
    for role in ROLES {
        let took = upload(role, 4 * MIB - 4096, |time| time >= STEP).expect("an unresponsive peer");
        let bound = STEP + TIMEOUT + Duration::from_secs(128);
        assert!(took > TIMEOUT && took <= bound + STEP, "{role:?}: {took:?}");
    }
}

/// With a live peer, the full stream would have taken bytes meanwhile.
#[test]
fn a_peer_that_dies_while_the_buffer_is_full_is_given_up_soon() {
    let death = Duration::from_secs(10);
    for role in ROLES {
        let took = upload(role, 16 * MIB, |time| time >= death).expect("an unresponsive peer");
        assert!(took <= death + INTERVAL + TIMEOUT + STEP, "{role:?}: {took:?}");
    }
}

#[test]
fn a_constant_stream_of_messages_needs_no_ping() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        for _ in 0..100 {
            clock.advance(TIMEOUT);
            remote.send(&wire::text(role, "here"));
            run(async {
                let mut batch = socket.read().await.expect("no error").expect("open");
                assert_eq!(batch.next(), Some(Event::Text("here".into())));
            });
        }
        assert!(socket.closed().is_none(), "{role:?}");
    }
}
