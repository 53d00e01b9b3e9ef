//! Streams that take and return one byte at a time.

use std::io::Write;
use std::thread;

use ws_futures::Config;

use super::{CLOSE, conversation};
use crate::echo::WAYS;
use crate::raw::{connect, expect, rest};
use crate::runtime::Runtime;
use crate::server::Server;

/// The server's stream is narrow, and the client also writes byte by byte.
pub fn one_byte_at_a_time<R: Runtime>() {
    let conversation = conversation();
    for way in WAYS {
        let server = Server { width: 1, ..Server::new(way, Config::default()) };
        server.run::<R>(|server| {
            let mut stream = connect(server.address);
            thread::scope(|scope| {
                let mut writing = stream.try_clone().expect("a socket");
                let sent = &conversation.sent;
                scope.spawn(move || {
                    for byte in sent {
                        writing.write_all(&[*byte]).expect("open");
                    }
                });
                let answer = expect(&mut stream, conversation.answered.len());
                assert_eq!(
                    answer.escape_ascii().to_string(),
                    conversation.answered.escape_ascii().to_string(),
                    "{way:?}"
                );
            });
            for byte in CLOSE.0 {
                stream.write_all(&[*byte]).expect("open");
            }
            assert_eq!(rest(&mut stream), CLOSE.1, "{way:?}");
            let close = server.end().expect("no error").expect("a Close frame");
            assert_eq!(close.reason, "Done", "{way:?}");
        });
    }
}
