//! A client that does not read the answers to its messages.

use std::io::{ErrorKind, Read as _, Write as _};
use std::thread;
use std::time::Duration;

use tungstenite::Message;
use ws_proto::Role;

use crate::examples::client::tungstenite;
use crate::examples::{raw, server};
use crate::pair::wire::{self, BINARY, FIN};

/// More than the buffers of both sockets hold.
const ENOUGH: usize = 256 << 20;

#[test]
fn a_client_that_does_not_read_is_not_read_from_and_delays_no_other() {
    let payload = vec![3; 10_000];
    let frame = wire::frame(Role::Server, FIN | BINARY, &payload);
    let reply = wire::frame(Role::Client, FIN | BINARY, &payload);
    server::each(|address| {
        let mut stalled = raw::open(address);
        stalled.set_write_timeout(Some(Duration::from_millis(500))).expect("a socket");
        let mut sent = 0;
        let error = loop {
            assert!(sent < ENOUGH, "the server takes everything");
            match stalled.write(&frame[sent % frame.len()..]) {
                Ok(len) => sent += len,
                Err(error) => break error,
            }
        };
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");

        let mut other = tungstenite(address);
        for number in 0..10 {
            let message = Message::text(number.to_string());
            other.send(message.clone()).expect("open");
            assert_eq!(other.read().expect("open"), message);
        }

        // Now the client reads: nothing was lost.
        let mut reader = stalled.try_clone().expect("a socket");
        let rest = &frame[sent % frame.len()..];
        let replies = sent.div_ceil(frame.len());
        thread::scope(|scope| {
            scope.spawn(|| stalled.write_all(rest).expect("a server that reads again"));
            let mut bytes = vec![0; reply.len()];
            for number in 0..replies {
                reader.read_exact(&mut bytes).expect("a reply");
                assert!(bytes == reply, "reply {number} of {replies}");
            }
        });
    });
}
