//! The closing handshake of a connection in two halves.

use ws_futures::proto::{Initiator, Role};
use ws_futures::{Close, CloseCode, Error, Message};

use crate::support::task::{Task, run};
use crate::support::{ROLES, open_plainly, wire};

#[test]
fn its_facts_are_seen_from_both() {
    for role in ROLES {
        let (socket, remote, _clock) = open_plainly(role);
        let (mut reader, mut writer) = socket.split();
        assert_eq!((reader.closed(), writer.closed()), (None, None));
        let reason = Close::new(CloseCode::new(4000), "a reason that survives");
        run(writer.close(reason.clone())).expect("open");
        remote.send(&wire::close(role, 4001, "another one"));
        remote.end();
        let answer = run(reader.recv()).expect("no error");
        assert!(matches!(answer, Some(Message::Close(_))), "{role:?}");
        assert!(matches!(run(reader.recv()), Ok(None)), "{role:?}");

        let closed = reader.closed().expect("facts");
        assert_eq!(writer.closed().as_ref(), Some(&closed), "{role:?}");
        assert_eq!(closed.initiator, Initiator::Local, "{role:?}");
        assert_eq!(closed.sent, Some(reason), "{role:?}");
        assert_eq!((closed.code().get(), closed.reason()), (4001, "another one"), "{role:?}");
        assert_eq!(reader.stats(), writer.stats(), "{role:?}");
        assert_eq!(reader.stats().sent.frames, 1, "{role:?}");
    }
}

#[test]
fn by_the_peer() {
    for role in ROLES {
        let (socket, remote, _clock) = open_plainly(role);
        let (mut reader, mut writer) = socket.split();
        remote.send(&wire::close(role, 1001, "bye"));
        remote.end();
        assert!(matches!(run(reader.recv()), Ok(Some(Message::Close(_)))), "{role:?}");
        assert!(run(writer.send("late")).is_err(), "{role:?}");
        run(writer.close(CloseCode::NORMAL)).expect("nothing is pending");
        assert!(matches!(run(reader.recv()), Ok(None)), "{role:?}");
        assert_eq!(wire::contents(&remote.take()), [wire::close_content(1001, "")], "{role:?}");
        assert_eq!(writer.closed().expect("facts").initiator, Initiator::Peer, "{role:?}");
    }
}

#[test]
fn a_failure_is_seen_from_both() {
    for role in ROLES {
        let (socket, remote, _clock) = open_plainly(role);
        let (mut reader, mut writer) = socket.split();
        remote.send(&[0xFF]);
        let mut recv = Task::new(reader.recv());
        recv.wait();
        assert!(run(writer.send("late")).is_err(), "{role:?}");
        assert_eq!(writer.closed().expect("facts").initiator, Initiator::Library, "{role:?}");
        assert_eq!(wire::contents(&remote.take()).len(), 1, "{role:?}: the Close frame");
        remote.end();
        assert!(matches!(recv.finish(), Err(Error::Protocol(_))), "{role:?}");
    }
}

/// The reason is kept though every future is dropped at its first wait.
#[test]
fn a_reason_survives_dropped_futures() {
    for role in ROLES {
        let (socket, remote, _clock) = open_plainly(role);
        let (mut reader, mut writer) = socket.split();
        remote.set_capacity(3);
        let reason = Close::new(CloseCode::new(4000), "a reason that survives");
        let mut written = Vec::new();
        while Task::new(writer.close(reason.clone())).poll().is_pending() {
            assert!(Task::new(reader.recv()).poll().is_pending());
            written.extend(remote.take());
        }
        written.extend(remote.take());
        let expected = wire::close_content(4000, "a reason that survives");
        assert_eq!(wire::contents(&written), [expected], "{role:?}");
        for byte in wire::close(role, 4001, "as does this one") {
            remote.send(&[byte]);
            if let std::task::Poll::Ready(message) = Task::new(reader.recv()).poll() {
                let answer = Close::new(CloseCode::new(4001), "as does this one");
                assert_eq!(message.expect("no error"), Some(Message::Close(answer)), "{role:?}");
            }
        }
        assert!(reader.closed().expect("facts").is_clean(), "{role:?}");
        if role == Role::Client {
            remote.end();
        }
        assert!(matches!(run(reader.recv()), Ok(None)), "{role:?}");
    }
}
