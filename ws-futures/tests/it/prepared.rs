//! Messages that are encoded once for many connections.

use ws_futures::proto::Role;
use ws_futures::{CloseCode, Prepared};

use crate::support::task::{Task, run};
use crate::support::wire::{self, BINARY, CLOSE, FIN, PING, PONG, TEXT};
use crate::support::{ROLES, conversation, open_plainly};

/// Small ones are copied, large ones of a server shared.
const SIZES: [usize; 6] = [0, 5, 126, 8 * 1024 - 1, 8 * 1024, 100_000];

#[test]
fn the_same_to_many() {
    for len in SIZES {
        let data = conversation::pattern(len);
        let binary = Prepared::new(&*data);
        let text = Prepared::new("fan-out");
        for role in ROLES {
            for _ in 0..3 {
                let (mut socket, remote, _clock) = open_plainly(role);
                let once = [(FIN | TEXT, b"fan-out".to_vec()), (FIN | BINARY, data.clone())];
                let twice = [once.clone(), once].concat();
                run(async {
                    socket.feed_prepared(&text).await.expect("open");
                    socket.feed_prepared(&binary).await.expect("open");
                    socket.flush().await.expect("open");
                });
                assert_eq!(remote.writes().len(), 1, "{role:?}, {len} bytes");
                let (_reader, mut writer) = socket.split();
                run(async {
                    writer.feed_prepared(&text).await.expect("open");
                    writer.feed_prepared(&binary).await.expect("open");
                    writer.flush().await.expect("open");
                });
                assert_eq!(wire::contents(&remote.take()), twice, "{role:?}, {len} bytes");
            }
        }
    }
}

#[test]
fn pending_replies_are_written_first() {
    for role in ROLES {
        for len in SIZES {
            let (mut socket, remote, _clock) = open_plainly(role);
            remote.send(&wire::frame(role, PING, b"there?"));
            run(socket.recv()).expect("no error");
            run(socket.feed_prepared(&Prepared::new(&*vec![1; len]))).expect("open");
            run(socket.flush()).expect("open");
            let expected = [(PONG, b"there?".to_vec()), (FIN | BINARY, vec![1; len])];
            assert_eq!(wire::contents(&remote.take()), expected, "{role:?}, {len} bytes");
        }
    }
}

#[test]
fn a_full_output_is_waited_for() {
    let message = Prepared::new(&*vec![7; 50_000]);
    for role in ROLES {
        let (mut socket, remote, _clock) = open_plainly(role);
        remote.set_capacity(0);
        run(socket.feed_prepared(&message)).expect("room");
        run(socket.feed_prepared(&message)).expect("room");
        {
            let mut feed = Task::new(socket.feed_prepared(&message));
            feed.wait();
            remote.set_capacity(usize::MAX);
            feed.finish().expect("open");
        }
        run(socket.flush()).expect("open");
        let frames = wire::contents(&remote.take());
        assert_eq!(frames, vec![(FIN | BINARY, vec![7; 50_000]); 3], "{role:?}");
    }
}

#[test]
fn nothing_follows_a_close_frame() {
    let (mut socket, remote, _clock) = open_plainly(Role::Server);
    Task::new(socket.close_and_discard(CloseCode::NORMAL)).wait();
    for len in SIZES {
        let prepared = Prepared::new(&*vec![1; len]);
        assert!(run(socket.feed_prepared(&prepared)).is_err(), "{len} bytes");
    }
    run(socket.flush()).expect("open");
    let frames = wire::contents(&remote.take());
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].0, CLOSE);
}
