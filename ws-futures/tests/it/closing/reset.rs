//! Reading fails at any byte.

use std::io;

use ws_futures::proto::Initiator;
use ws_futures::{CloseCode, Error};

use crate::closing::WAYS;
use crate::support::task::{Task, run};
use crate::support::{ROLES, conversation, open_plainly, wire};

#[test]
fn before_a_close() {
    for role in ROLES {
        let wire = [conversation::wire(role), wire::close(role, 4321, "enough")].concat();
        for (way, rest) in WAYS {
            for len in 0..wire.len() {
                let (mut socket, remote, _clock) = open_plainly(role);
                remote.send(&wire[..len]);
                remote.break_reading(io::ErrorKind::ConnectionReset);
                let rest = rest(&mut socket);
                let at = format!("{way} as {role:?}, {len} bytes");
                assert_eq!(rest.messages, conversation::messages_within(role, len), "{at}");
                let Some(Error::Io(error)) = rest.error else { panic!("{at}: no error") };
                assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{at}");

                let closed = socket.closed().expect("facts");
                assert_eq!(closed.initiator, Initiator::Peer, "{at}");
                assert_eq!(closed.code(), CloseCode::ABNORMAL, "{at}");
            }
        }
    }
}

/// After its Close frame a peer may end the connection in any way.
#[test]
fn after_the_closing_handshake() {
    for role in ROLES {
        for (way, rest) in WAYS {
            let (mut socket, remote, _clock) = open_plainly(role);
            remote.send(&wire::close(role, 1000, ""));
            remote.reset();
            let rest = rest(&mut socket);
            assert_eq!(rest.messages.len(), 1, "{way} as {role:?}");
            assert!(rest.error.is_none(), "{way} as {role:?}: {:?}", rest.error);
        }
    }
}

#[test]
fn while_we_wait_for_the_answer() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        {
            let mut close = Task::new(socket.close_and_discard(CloseCode::NORMAL));
            close.wait();
            remote.reset();
            assert!(close.finish().is_err(), "{role:?}");
        }
        assert!(!socket.closed().expect("facts").is_clean(), "{role:?}");
        assert!(matches!(run(socket.recv()), Ok(None)), "{role:?}");
    }
}
