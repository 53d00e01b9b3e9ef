//! A client receives the reason of a refusal though it is still sending.

use std::io::Write;
use std::thread;

use ws_futures::proto::Role;
use ws_futures::{Config, Limits};

use crate::echo::WAYS;
use crate::raw::{half_close, open, rest};
use crate::runtime::Runtime;
use crate::server::Server;

/// What the client sends after that: less than the server reads before it ends the connection.
const MORE: usize = 8 << 20;

/// The server continues to read for a while, so that no reset overtakes its Close frame.
pub fn a_client_that_is_still_sending_sees_the_close_frame<R: Runtime>() {
    let config = Config {
        incoming: Limits { max_message_size: 1000, ..Limits::incoming() },
        ..Config::default()
    };
    for way in WAYS {
        Server::new(way, config.clone()).run::<R>(|server| {
            for _ in 0..10 {
                let mut stream = open(server.address);
                let mut writing = stream.try_clone().expect("a socket");
                let frames = thread::scope(|scope| {
                    scope.spawn(move || {
                        writing
                            .write_all(&ws_wire::header(Role::Server, 0x82, MORE as u64))
                            .expect("open");
                        for _ in 0..MORE / 10_000 {
                            writing.write_all(&[0; 10_000]).expect("open");
                        }
                        half_close(&writing).expect("open");
                    });
                    rest(&mut stream)
                });
                assert_eq!(frames[0], 0x88, "{way:?}: {frames:?}");
                assert_eq!(frames[2..4], 1009_u16.to_be_bytes(), "{way:?}: {frames:?}");
                assert_eq!(frames.len(), 2 + usize::from(frames[1]), "{way:?}: {frames:?}");
                assert!(server.end().is_err(), "{way:?}");
            }
        });
    }
}
