//! Peers that stop in the middle, temporarily or for ever.

use std::io::Write;
use std::time::Duration;

use ws_futures::proto::ErrorKind;
use ws_futures::proto::Role;
use ws_futures::{Config, Error};

use crate::echo::WAYS;
use crate::raw::{REQUEST, RESPONSE, connect, expect, open, read_frame, rest};
use crate::runtime::Runtime;
use crate::server::Server;

/// A request that is never finished is eventually answered with 408.
pub fn in_a_request<R: Runtime>() {
    let config = Config {
        handshake_timeout: Some(Duration::from_millis(100)),
        drain_timeout: Duration::from_millis(100),
        ..Config::default()
    };
    for way in WAYS {
        Server::new(way, config.clone()).run::<R>(|server| {
            let mut stream = connect(server.address);
            stream.write_all(&REQUEST.as_bytes()[..40]).expect("open");
            let answer = rest(&mut stream);
            assert!(answer.starts_with(b"HTTP/1.1 408 "), "{}", answer.escape_ascii());
            assert!(server.end().is_err());
        });
    }
}

/// A client stops after every byte of a request and of a frame, is served once it continues, and
/// does not hold up other clients.
pub fn in_a_message<R: Runtime>() {
    let sent = [REQUEST.as_bytes(), &ws_wire::frame(Role::Server, 0x81, b"stalled")].concat();
    for way in WAYS {
        Server::new(way, Config::default()).run::<R>(|server| {
            let mut other = open(server.address);
            let mut stalled: Vec<_> = (0..sent.len())
                .step_by(5)
                .map(|len| {
                    let mut stream = connect(server.address);
                    stream.write_all(&sent[..len]).expect("open");
                    (stream, len)
                })
                .collect();
            for _ in 0..20 {
                other.write_all(&ws_wire::frame(Role::Server, 0x82, b"other")).expect("open");
                assert_eq!(read_frame(&mut other), (0x82, b"other".to_vec()));
            }
            for (stream, len) in &mut stalled {
                stream.write_all(&sent[*len..]).expect("open");
                let answer =
                    [RESPONSE.as_bytes(), &ws_wire::frame(Role::Client, 0x81, b"stalled")].concat();
                assert_eq!(expect(stream, answer.len()), answer, "{way:?}, after {len} bytes");
            }
            let count = 1 + stalled.len();
            drop((other, stalled));
            for _ in 0..count {
                assert!(server.end().is_err(), "{way:?}");
            }
        });
    }
}

/// The connection to a peer that reads but does not answer pings ends with an error.
pub fn of_a_peer_that_shows_no_life<R: Runtime>() {
    let config = Config {
        ping_interval: Some(Duration::from_millis(50)),
        ping_timeout: Duration::from_millis(50),
        ..Config::default()
    };
    for way in WAYS {
        Server::new(way, config.clone()).run::<R>(|server| {
            let mut stream = open(server.address);
            let (first, _payload) = read_frame(&mut stream);
            assert_eq!(first, 0x89, "{way:?}");
            let end = server.end();
            let Err(Error::Protocol(error)) = end else { panic!("{way:?}: {end:?}") };
            assert_eq!(error.kind(), ErrorKind::PingTimeout, "{way:?}");
        });
    }
}
