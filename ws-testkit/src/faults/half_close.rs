//! One side ends its direction of the stream and continues to read.

use std::io::Write;
use std::thread;
use std::time::Duration;

use ws_futures::Config;
use ws_futures::proto::Role;

use crate::echo::{WAYS, Way};
use crate::raw::{REQUEST, RESPONSE, connect, half_close, open, rest};
use crate::runtime::Runtime;
use crate::server::Server;

/// All in one write: request, messages, end.
pub fn what_it_asked_for_is_answered<R: Runtime>() {
    // With two tasks the end of the stream may be detected before the last message was echoed, and
    // then the connection is over.
    for way in [Way::Batches, Way::Messages] {
        Server::new(way, Config::default()).run::<R>(|server| {
            for (len, count) in [(0, 1), (10, 100), (10_000, 3), (200_000, 2)] {
                let payload = vec![b'x'; len];
                let request = [
                    REQUEST.as_bytes(),
                    &ws_wire::frame(Role::Server, 0x82, &payload).repeat(count),
                ]
                .concat();
                let answer = [
                    RESPONSE.as_bytes(),
                    &ws_wire::frame(Role::Client, 0x82, &payload).repeat(count),
                ];
                let mut stream = connect(server.address);
                thread::scope(|scope| {
                    let mut writing = stream.try_clone().expect("a socket");
                    scope.spawn(move || {
                        writing.write_all(&request).expect("the server reads to the end");
                        half_close(&writing).expect("open");
                    });
                    let read = rest(&mut stream);
                    assert!(read == answer.concat(), "{way:?}, {count} messages of {len} bytes");
                });
                assert!(server.end().is_err(), "there was no Close frame");
            }
        });
    }
}

/// A client that violated the protocol, and keeps waiting, reads the end of the stream after the
/// Close frame.
pub fn of_a_server_that_was_sent_nonsense<R: Runtime>() {
    let config = Config { drain_timeout: Duration::from_secs(3600), ..Config::default() };
    for way in WAYS {
        Server::new(way, config.clone()).run::<R>(|server| {
            let mut stream = open(server.address);
            stream.write_all(&ws_wire::frame(Role::Server, 0x83, b"nonsense")).expect("open");
            let answer = rest(&mut stream);
            assert_eq!((answer[0], &answer[2..4]), (0x88, &1002_u16.to_be_bytes()[..]), "{way:?}");
            drop(stream);
            assert!(server.end().is_err(), "{way:?}");
        });
    }
}
