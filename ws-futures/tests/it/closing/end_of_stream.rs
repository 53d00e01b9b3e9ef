//! The stream ends at any byte.

use ws_futures::proto::{ErrorKind, Initiator};
use ws_futures::{CloseCode, Config, Error};

use crate::closing::WAYS;
use crate::support::script::Script;
use crate::support::task::run;
use crate::support::{ROLES, conversation, open, open_plainly, wire};

#[test]
fn without_a_close() {
    for role in ROLES {
        let wire = [conversation::wire(role), wire::close(role, 4321, "enough")].concat();
        for (way, rest) in WAYS {
            for len in 0..wire.len() {
                let (mut socket, remote, _clock) = open_plainly(role);
                remote.send(&wire[..len]);
                remote.end();
                let rest = rest(&mut socket);
                let at = format!("{way} as {role:?}, {len} bytes");
                assert_eq!(rest.messages, conversation::messages_within(role, len), "{at}");
                let Some(Error::Protocol(error)) = rest.error else { panic!("{at}: no error") };
                assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{at}");

                let closed = socket.closed().expect("facts");
                assert_eq!(closed.initiator, Initiator::Peer, "{at}");
                assert_eq!(closed.code(), CloseCode::ABNORMAL, "{at}");
                assert_eq!((&closed.sent, &closed.received), (&None, &None), "{at}");
                assert!(remote.is_ended(), "{at}");
            }
        }
    }
}

/// A peer may end its direction and still read: its requests are answered.
#[test]
fn what_was_sent_before_is_written() {
    for role in ROLES {
        for script in [Script::default(), Script::hesitant()] {
            let (mut socket, remote, _clock) = open(role, &Config::default(), script);
            remote.send(&wire::text(role, "request"));
            remote.end();
            run(socket.recv()).expect("no error");
            run(socket.feed("reply")).expect("open");
            assert!(run(socket.recv()).is_err(), "{role:?}");
            let reply = (wire::FIN | wire::TEXT, b"reply".to_vec());
            assert_eq!(wire::contents(&remote.take()), [reply], "{role:?}");
            assert!(remote.is_ended(), "{role:?}");
        }
    }
}

/// Our own Close frame was sent and no answer arrived.
#[test]
fn instead_of_an_answer() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.end();
        let Err(Error::Protocol(error)) = run(socket.close_and_discard(CloseCode::NORMAL)) else {
            panic!("{role:?}: no error")
        };
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{role:?}");
        assert_eq!(wire::contents(&remote.take()), [wire::close_content(1000, "")], "{role:?}");
        let closed = socket.closed().expect("facts");
        assert!(!closed.is_clean(), "{role:?}");
        assert_eq!(closed.initiator, Initiator::Local, "{role:?}");
    }
}
