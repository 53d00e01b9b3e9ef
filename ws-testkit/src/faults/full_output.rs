//! Peers that send and do not read.

use std::io::{ErrorKind, Write};
use std::thread;
use std::time::Duration;

use ws_futures::proto::Role;
use ws_futures::{Config, Error};

use crate::TIMEOUT;
use crate::echo::WAYS;
use crate::raw::{expect, open};
use crate::runtime::Runtime;
use crate::server::Server;

/// How long no byte is taken before the server counts as no longer reading.
const BLOCKED: Duration = Duration::from_millis(300);
/// More than all buffers on the path hold: those of the sockets, and several of 64 KiB.
const MORE_THAN_FITS: usize = 64 << 20;

/// The server stops reading when its output is full; once the client reads, all echoes arrive.
pub fn nothing_is_lost<R: Runtime>() {
    let (frame, echo) = (
        ws_wire::frame(Role::Server, 0x82, &[b'x'; 10_000]),
        ws_wire::frame(Role::Client, 0x82, &[b'x'; 10_000]),
    );
    for way in WAYS {
        Server::new(way, Config::default()).run::<R>(|server| {
            let mut stream = open(server.address);
            stream.set_write_timeout(Some(BLOCKED)).expect("a socket");
            let (mut whole, mut part) = (0, 0);
            loop {
                match stream.write(&frame[part..]) {
                    Ok(len) if part + len == frame.len() => (whole, part) = (whole + 1, 0),
                    Ok(len) => part += len,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => panic!("{way:?}: {error}"),
                }
                assert!(whole * frame.len() < MORE_THAN_FITS, "{way:?}: it does not stop reading");
            }
            stream.set_write_timeout(Some(TIMEOUT)).expect("a socket");
            thread::scope(|scope| {
                let (mut writing, rest) = (&stream, &frame[part..]);
                scope.spawn(move || writing.write_all(rest).expect("open"));
                let mut reading = stream.try_clone().expect("a socket");
                for number in 0..=whole {
                    assert!(expect(&mut reading, echo.len()) == echo, "{way:?}: echo {number}");
                }
            });
            drop(stream);
            assert!(server.end().is_err());
        });
    }
}

/// A peer that does not read and is unresponsive otherwise.
pub fn a_peer_that_never_reads_is_given_up<R: Runtime>() {
    let config = Config {
        ping_interval: Some(Duration::from_millis(100)),
        ping_timeout: Duration::from_millis(100),
        ..Config::default()
    };
    let frame = ws_wire::frame(Role::Server, 0x82, &[b'x'; 10_000]);
    for way in WAYS {
        Server::new(way, config.clone()).run::<R>(|server| {
            let mut stream = open(server.address);
            // Until the server takes no more bytes, or has reset the connection.
            while stream.write_all(&frame).is_ok() {}
            let end = server.end();
            assert!(matches!(end, Err(Error::Protocol(_) | Error::Io(_))), "{way:?}: {end:?}");
        });
    }
}
