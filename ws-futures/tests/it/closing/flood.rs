//! A peer that never stops sending: each time the stream is read, more bytes are available.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};
use ws_futures::proto::Role;
use ws_futures::{CloseCode, Config, Error, WebSocket};

use crate::support::clock::Clock;
use crate::support::task::at_once;
use crate::support::{ROLES, connection, wire};

/// The simulated duration of one read.
const READ: Duration = Duration::from_millis(10);

/// Returns the same bytes again and again, and advances the clock each time.
struct Flood {
    first: Vec<u8>,
    again: Vec<u8>,
    clock: Clock,
    reads: u32,
}

impl AsyncRead for Flood {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.reads += 1;
        assert!(self.reads < 100_000, "it reads for ever");
        self.clock.advance(READ);
        let bytes = if self.reads == 1 { &self.first } else { &self.again };
        buffer[..bytes.len()].copy_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }
}

impl AsyncWrite for Flood {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

type Socket = WebSocket<Flood, crate::support::clock::Alarm>;

fn open(role: Role, first: Vec<u8>, again: Vec<u8>) -> (Socket, Clock) {
    let clock = Clock::default();
    let flood = Flood { first, again, clock: clock.clone(), reads: 0 };
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
