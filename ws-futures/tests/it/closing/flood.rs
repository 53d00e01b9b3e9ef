//! A peer that never stops sending: each time the stream is read, more bytes are available.

use std::io;
use std::task::Poll;
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use ws_futures::proto::Role;
use ws_futures::{CloseCode, Config, Error, WebSocket};

use crate::support::clock::{Alarm, Clock};
use crate::support::reading::Reading;
use crate::support::task::at_once;
use crate::support::{ROLES, connection, wire};

/// The simulated duration of one read.
const READ: Duration = Duration::from_millis(10);

/// A stream that returns the same bytes again and again, and advances the clock each time.
fn flood(first: Vec<u8>, again: Vec<u8>, clock: Clock) -> impl AsyncRead + AsyncWrite + Unpin {
    let mut reads = 0;
    Reading(move |buffer: &mut [u8]| {
        reads += 1;
        assert!(reads < 100_000, "it reads for ever");
        clock.advance(READ);
        let bytes = if reads == 1 { &first } else { &again };
        buffer[..bytes.len()].copy_from_slice(bytes);
        Poll::Ready(io::Result::Ok(bytes.len()))
    })
}

fn open(
    role: Role,
    first: Vec<u8>,
    again: Vec<u8>,
) -> (WebSocket<impl AsyncRead + AsyncWrite + Unpin, Alarm>, Clock) {
    let clock = Clock::default();
    let flood = flood(first, again, clock.clone());
    (WebSocket::new(flood, clock.alarm(), connection(role, &Config::default()), &[]), clock)
}

#[test]
fn after_our_close() {
    for role in ROLES {
        let mut endless = wire::binary(role, &vec![0; 1 << 20]);
        endless.truncate(if role == Role::Server { 14 } else { 10 });
        let floods = [
            ("messages", wire::text(role, "more"), wire::text(role, "more")),
            ("pings", wire::frame(role, wire::PING, b"more"), wire::frame(role, wire::PING, b"")),
            ("one frame", endless, vec![0; 100]),
        ];
        for (name, first, again) in floods {
            let (mut socket, clock) = open(role, first, again);
            let began = clock.now();
            at_once(socket.close_and_discard(CloseCode::NORMAL)).expect("no error of the protocol");
            let took = clock.now() - began;
            let timeout = Config::default().close_timeout;
            assert!((timeout..=timeout + 2 * READ).contains(&took), "{name}, {role:?}: {took:?}");
        }
    }
}

#[test]
fn after_its_own_close() {
    // A server ends the stream itself; only a client has to wait.
    let role = Role::Client;
    let (mut socket, clock) = open(role, wire::close(role, 1000, ""), vec![0; 100]);
    let began = clock.now();
    at_once(socket.recv()).expect("no error").expect("the Close frame");
    assert!(at_once(socket.recv()).expect("no error").is_none());
    let took = clock.now() - began;
    assert!(took <= Config::default().close_timeout + 3 * READ, "{took:?}");
}

#[test]
fn after_a_failure() {
    for role in ROLES {
        let (mut socket, clock) = open(role, vec![0xFF], vec![0; 100]);
        let began = clock.now();
        let result = at_once(socket.recv());
        assert!(matches!(result, Err(Error::Protocol(_))), "{role:?}");
        let took = clock.now() - began;
        let Config { close_timeout, drain_timeout, .. } = Config::default();
        let timeout = if role == Role::Server { drain_timeout } else { close_timeout };
        assert!(took <= timeout + 3 * READ, "{role:?}: {took:?}");
    }
}
