//! The connection ends while output waits that the peer has not read.

use ws_futures::proto::{ErrorKind, Role};
use ws_futures::{CloseCode, Error, Message};

use crate::support::task::{Task, run};
use crate::support::{ROLES, Socket, open_plainly, wire};

const HIGH_WATER: usize = 64 * 1024;

fn fill(socket: &mut Socket) {
    while socket.try_send(vec![0xA5; 1000]).is_ok() {}
}

/// The answer is sent after the rest.
#[test]
fn the_peer_closes_and_reads_again() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.set_capacity(100);
        fill(&mut socket);
        remote.send(&wire::close(role, 1001, ""));
        assert!(matches!(run(socket.recv()), Ok(Some(Message::Close(_)))), "{role:?}");
        let mut written = Vec::new();
        {
            let mut end = Task::new(socket.recv());
            end.wait();
            remote.end();
            end.wait();
            for _ in 0..HIGH_WATER {
                written.extend(remote.take_some(70));
                if end.run().is_ready() {
                    break;
                }
            }
        }
        written.extend(remote.take());
        let frames = wire::contents(&written);
        assert_eq!(frames.last(), Some(&wire::close_content(1001, "")), "{role:?}");
        assert!(frames.len() > HIGH_WATER / 1000, "{role:?}");
        assert!(remote.is_ended(), "{role:?}");
    }
}

#[test]
fn the_peer_closes_and_never_reads() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        remote.set_capacity(100);
        fill(&mut socket);
        remote.send(&wire::close(role, 1001, ""));
        assert!(matches!(run(socket.recv()), Ok(Some(Message::Close(_)))), "{role:?}");
        let mut end = Task::new(socket.recv());
        end.wait();
        clock.advance(clock.next().expect("a deadline"));
        assert!(matches!(end.finish(), Ok(None)), "{role:?}");
        assert_eq!(remote.take().len(), 100, "{role:?}");
        assert!(remote.is_ended(), "{role:?}");
    }
}

#[test]
fn the_peer_breaks_the_protocol_and_reads_again() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.set_capacity(100);
        fill(&mut socket);
        remote.send(&[0xFF]);
        let mut end = Task::new(socket.recv());
        end.wait();
        let mut written = remote.take();
        remote.set_capacity(usize::MAX);
        remote.end();
        let Err(Error::Protocol(error)) = end.finish() else { panic!("{role:?}: no error") };
        assert_eq!(error.kind(), ErrorKind::ReservedBit, "{role:?}");
        written.extend(remote.take());
        let frames = wire::contents(&written);
        let last = frames.last().expect("frames");
        assert_eq!((last.0, &last.1[..2]), (wire::CLOSE, &1002_u16.to_be_bytes()[..]), "{role:?}");
    }
}

#[test]
fn we_close_and_the_peer_never_reads() {
    for role in ROLES {
        let (mut socket, remote, clock) = open_plainly(role);
        remote.set_capacity(100);
        fill(&mut socket);
        {
            let mut close = Task::new(socket.close_and_discard(CloseCode::NORMAL));
            close.wait();
            clock.advance(clock.next().expect("a deadline"));
            close.finish().expect("no error of the protocol");
        }
        assert!(remote.is_ended(), "{role:?}");
        assert!(!socket.closed().expect("facts").is_clean(), "{role:?}");
        if role == Role::Server {
            assert_eq!(remote.take().len(), 100);
        }
    }
}
