//! Pending replies of the library are sent before the application's next message.

use ws_futures::{Event, Message};

use crate::support::task::run;
use crate::support::wire::{self, BINARY, FIN, PING, PONG};
use crate::support::{ROLES, open_plainly};

/// Sizes of messages that are copied and of messages that are not.
const SIZES: [usize; 3] = [5, 8 * 1024, 100_000];

#[test]
fn a_pong_goes_before_a_reply() {
    for role in ROLES {
        for len in SIZES {
            let (mut socket, remote, _clock) = open_plainly(role);
            remote.send(&wire::frame(role, PING, b"there?"));
            let ping = run(socket.recv()).expect("no error");
            assert!(matches!(ping, Some(Message::Ping(_))));
            run(socket.send(vec![1; len])).expect("open");
            let expected = [(PONG, b"there?".to_vec()), (FIN | BINARY, vec![1; len])];
            assert_eq!(wire::contents(&remote.take()), expected, "{role:?}, {len} bytes");
        }
    }
}

#[test]
fn a_pong_goes_before_a_reply_of_a_batch() {
    for role in ROLES {
        for len in SIZES {
            let (mut socket, remote, _clock) = open_plainly(role);
            remote.send(&wire::frame(role, PING, b"there?"));
            run(async {
                let mut batch = socket.read().await.expect("no error").expect("open");
                assert!(matches!(batch.next(), Some(Event::Ping(_))));
                batch.send(vec![1; len]).expect("open");
            });
            run(socket.flush()).expect("open");
            let expected = [(PONG, b"there?".to_vec()), (FIN | BINARY, vec![1; len])];
            assert_eq!(wire::contents(&remote.take()), expected, "{role:?}, {len} bytes");
        }
    }
}
