//! One half is dropped.

use std::task::Poll;

use ws_futures::Message;

use crate::support::task::{Task, run};
use crate::support::wire::{self, FIN, PING, PONG, TEXT};
use crate::support::{ROLES, open_plainly};

#[test]
fn the_reader_while_the_writer_waits() {
    for role in ROLES {
        let (socket, remote, _clock) = open_plainly(role);
        let (mut reader, mut writer) = socket.split();
        remote.set_capacity(10);
        let mut send = Task::new(writer.send("x".repeat(1000)));
        send.wait();
        Task::new(reader.recv()).wait();
        send.wait();
        drop(reader);
        let mut written = Vec::new();
        while send.run().is_pending() {
            let piece = remote.take();
            assert!(!piece.is_empty(), "{role:?} stopped");
            written.extend(piece);
        }
        drop(send);
        written.extend(remote.take());
        assert_eq!(wire::contents(&written).len(), 1, "{role:?}");
        assert!(!remote.is_dropped(), "{role:?}");
        drop(writer);
        assert!(remote.is_dropped(), "{role:?}");
    }
}

#[test]
fn the_writer_while_the_reader_waits() {
    for role in ROLES {
        let (socket, remote, _clock) = open_plainly(role);
        let (mut reader, mut writer) = socket.split();
        let mut recv = Task::new(reader.recv());
        recv.wait();
        run(writer.send("last words")).expect("open");
        drop(writer);
        assert!(!remote.is_dropped(), "{role:?}");
        remote.send(&wire::frame(role, PING, b"there?"));
        let Poll::Ready(Ok(Some(Message::Ping(_)))) = recv.run() else { panic!("{role:?}") };
        drop(recv);
        let mut recv = Task::new(reader.recv());
        recv.wait();
        let frames = wire::contents(&remote.take());
        let expected = [(FIN | TEXT, b"last words".to_vec()), (PONG, b"there?".to_vec())];
        assert_eq!(frames, expected, "{role:?}");
        remote.send(&wire::close(role, 1000, ""));
        remote.end();
        assert!(matches!(recv.finish(), Ok(Some(Message::Close(_)))), "{role:?}");
        drop(recv);
        assert!(matches!(run(reader.recv()), Ok(None)), "{role:?}");
    }
}

/// Messages that were fed are not lost with the writer: the reader writes them before it waits
/// again.
#[test]
fn the_writer_before_it_has_flushed() {
    for role in ROLES {
        let (socket, remote, _clock) = open_plainly(role);
        let (mut reader, mut writer) = socket.split();
        run(writer.feed("last words")).expect("open");
        drop(writer);
        Task::new(reader.recv()).wait();
        let frames = wire::contents(&remote.take());
        assert_eq!(frames, [(FIN | TEXT, b"last words".to_vec())], "{role:?}");
    }
}

#[test]
fn both() {
    for role in ROLES {
        let (socket, remote, _clock) = open_plainly(role);
        let (reader, writer) = socket.split();
        drop(writer);
        assert!(!remote.is_dropped(), "{role:?}");
        drop(reader);
        assert!(remote.is_dropped(), "{role:?}");
    }
}
