//! The peer breaks the protocol or a limit.

use ws_futures::proto::{ErrorKind, Initiator, Role};
use ws_futures::{Config, Error, Limits};

use crate::closing::WAYS;
use crate::support::script::Script;
use crate::support::task::Task;
use crate::support::wire::{self, CLOSE, FIN, RSV1, TEXT};
use crate::support::{ROLES, conversation, open};

fn limited() -> Config {
    Config {
        incoming: Limits { max_message_size: 1000, ..Limits::incoming() },
        ..Config::default()
    }
}

/// What the peer does, how it is called, and the code that tells it: in a header, in a payload, over a
/// limit, and in a Close frame. The core's tests have all of them.
fn faults(to: Role) -> [(Vec<u8>, ErrorKind, u16); 4] {
    [
        (wire::frame(to, FIN | RSV1 | TEXT, b""), ErrorKind::ReservedBit, 1002),
        (wire::frame(to, FIN | TEXT, b"caf\xE9!"), ErrorKind::InvalidUtf8, 1007),
        (wire::binary(to, &[0; 1001]), ErrorKind::MessageTooBig, 1009),
        (wire::close(to, 1006, ""), ErrorKind::InvalidCloseCode, 1002),
    ]
}

#[test]
fn earlier_messages_are_delivered_and_the_peer_gets_a_close_frame() {
    let scripts = [Script::default(), Script::cut(&[0, 1]), Script::hesitant()];
    for role in ROLES {
        for (fault, kind, code) in faults(role) {
            for (way, rest) in WAYS {
                for script in &scripts {
                    let (mut socket, remote, _clock) = open(role, &limited(), script.clone());
                    remote.send(&[conversation::wire(role), fault.clone()].concat());
                    remote.send(b"and more that nobody looks at");
                    remote.end();
                    let rest = rest(&mut socket);
                    let at = format!("{kind:?} by {way} as {role:?}, {script:?}");
                    assert_eq!(rest.messages, conversation::messages(), "{at}");
                    let Some(Error::Protocol(error)) = rest.error else { panic!("{at}") };
                    assert_eq!(error.kind(), kind, "{at}");

                    let frames = wire::contents(&remote.take());
                    let (first, payload) = frames.last().expect("a Close frame");
                    assert_eq!((*first, &payload[..2]), (CLOSE, &code.to_be_bytes()[..]), "{at}");
                    assert_eq!(frames.len(), conversation::pongs().len() + 1, "{at}");
                    assert!(remote.is_ended(), "{at}");

                    let closed = socket.closed().expect("facts");
                    assert_eq!(closed.initiator, Initiator::Library, "{at}");
                    let sent = closed.sent.as_ref().expect("a Close frame");
                    assert_eq!(sent.code.get(), code, "{at}");
                }
            }
        }
    }
}

/// It is written before anybody asks for it again, and without the peer's help.
#[test]
fn the_close_frame_does_not_wait() {
    for role in ROLES {
        let (mut socket, remote, _clock) = open(role, &limited(), Script::default());
        remote.send(&[0xFF]);
        Task::new(socket.recv()).wait();
        let frames = wire::contents(&remote.take());
        assert_eq!(frames.len(), 1, "{role:?}");
        // A server half-closes, so that its frame arrives; a client leaves that to the server.
        assert_eq!(remote.is_ended(), role == Role::Server, "{role:?}");
    }
}
