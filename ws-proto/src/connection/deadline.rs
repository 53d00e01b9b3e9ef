//! Deadlines as data: keep-alive, closing, draining.

use core::time::Duration;

use super::{Connection, Side};
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::time::Instant;

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

/// Keep-alive is mark and sweep: a ping marks how much had been received, and the sweep
/// `ping_timeout` later asks only whether it is more.
#[derive(Default)]
pub(super) struct Clock {
    /// When the next ping or sweep is due; once closing has begun, when patience with the peer ends.
    due: Option<Instant>,
    ping: Option<Ping>,
    pings: u32,
    rtt: Option<Duration>,
    /// Whether patience with a closing peer has ended.
    expired: bool,
    /// Whether the last answer of [`Connection::poll_timeout`] still holds.
    settled: bool,
}

#[derive(Clone, Copy)]
struct Ping {
    sent: Instant,
    /// The bytes received before.
    mark: u64,
    answer: Answer,
    /// Whether the peer has been found alive since.
    swept: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// The ping itself is not sent yet.
    Owed,
    Awaited,
    /// Its pong has come, at a time that the next [`Connection::poll_timeout`] tells.
    Come,
    Timed,
}

impl Clock {
    pub(super) fn rtt(&self) -> Option<Duration> {
        self.rtt
    }

    /// How many pings of our own there have been.
    pub(super) fn pings(&self) -> u32 {
        self.pings
    }

    pub(super) fn expired(&self) -> bool {
        self.expired
    }

    /// Notes that closing has begun or made a step: another deadline counts now.
    pub(super) fn restart(&mut self) {
        self.due = None;
        self.settled = false;
    }

    #[inline]
    pub(super) fn owes_ping(&self) -> bool {
        self.ping.is_some_and(|ping| ping.answer == Answer::Owed)
    }

    /// The payload of the ping that is owed, which no longer is.
    pub(super) fn send_ping(&mut self, config: &Config) -> PingPayload {
        if let Some(ping) = &mut self.ping {
            ping.answer = Answer::Awaited;
        }
        self.ping_payload(config)
    }

    /// The payload of the latest ping of our own.
    fn ping_payload(&self, config: &Config) -> PingPayload {
        match config.ping_payload {
            b"" => PingPayload::Counter(u64::from(self.pings).to_be_bytes()),
            fixed => PingPayload::Fixed(fixed),
        }
    }
}

pub(super) enum PingPayload {
    Counter([u8; 8]),
    Fixed(&'static [u8]),
}

impl AsRef<[u8]> for PingPayload {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Counter(bytes) => bytes,
            Self::Fixed(bytes) => &bytes[..bytes.len().min(crate::frame::MAX_CONTROL)],
        }
    }
}

impl Connection {
    /// When [`handle_timeout`](Self::handle_timeout) should be called next, `None` if there is no
    /// need to; an earlier answer is void.
    ///
    /// Deadlines run from the first call after what caused them, so call it when the connection
    /// begins, after each input or output, and after `handle_timeout`; or, where reading the clock
    /// costs too much for that, when [`timeout_changed`](Self::timeout_changed) says so.
    ///
    /// A connection that is closing has a deadline until the last one has passed. `None` means then
    /// that nobody is waited for any more, and the TCP connection may be ended even if output is
    /// unwritten.
    pub fn poll_timeout(&mut self, now: Instant) -> Option<Instant> {
        self.clock.settled = true;
        let answered = |ping: &&mut Ping| ping.answer == Answer::Come;
        if let Some(ping) = self.clock.ping.as_mut().filter(answered) {
            ping.answer = Answer::Timed;
            self.clock.rtt = Some(now - ping.sent);
        }
        let engines =
            self.extension.as_mut().and_then(|extension| extension.poll_timeout(&self.config, now));
        let patience = match (&self.closing, &self.side) {
            (None, _) => self.config.ping_interval,
            (Some(_), _) if self.clock.expired => return None,
            (Some(_), Side::Server) if self.receiver.error().is_some() => {
                Some(self.config.drain_timeout)
            }
            (Some(_), _) => Some(self.config.close_timeout),
        };
        if let Some(patience) = patience {
            self.clock.due.get_or_insert(now + patience);
        }
        earlier(self.clock.due, engines)
    }

    /// Whether [`poll_timeout`](Self::poll_timeout) would do more than repeat its last answer.
    #[inline]
    pub fn timeout_changed(&self) -> bool {
        let engines = self.extension.as_ref();
        !self.clock.settled || engines.is_some_and(|extension| extension.timeout_changed())
    }

    /// The last answer of [`poll_timeout`](Self::poll_timeout).
    #[inline]
    pub fn next_timeout(&self) -> Option<Instant> {
        earlier(self.clock.due, self.extension.as_ref().and_then(|extension| extension.due()))
    }

    /// Acts on the deadlines that have passed: owes a ping, gives up on a peer that shows no life
    /// or does not finish closing ([`wants_close`](Self::wants_close) is true then). Pass to
    /// [`receive`](Self::receive) what the socket holds before, so that bytes which have arrived
    /// count as life.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PingTimeout`], now or earlier, or another error that ended the connection.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        if let Some(extension) = &mut self.extension {
            extension.handle_timeout(&self.config, now);
        }
        if self.clock.due.is_some_and(|due| due <= now) {
            self.clock.settled = false;
            match self.closing {
                None => self.keep_alive(now),
                Some(_) => {
                    self.clock.due = None;
                    self.clock.expired = true;
                }
            }
        }
        self.receiver.error().map_or(Ok(()), Err)
    }

    fn keep_alive(&mut self, now: Instant) {
        let Some(interval) = self.config.ping_interval else { return };
        let timeout = self.config.ping_timeout;
        if let Some(ping) = &mut self.clock.ping {
            ping.swept |= self.counters.received.bytes != ping.mark;
            let (alive, sweep, next) = (ping.swept, ping.sent + timeout, ping.sent + interval);
            if !alive && sweep <= now {
                self.fail(ErrorKind::PingTimeout);
                return;
            }
            let due = if alive { next } else { sweep };
            if due > now {
                self.clock.due = Some(due);
                return;
            }
        }
        self.clock.pings = self.clock.pings.wrapping_add(1);
        self.clock.ping = Some(Ping {
            sent: now,
            mark: self.counters.received.bytes,
            answer: Answer::Owed,
            swept: false,
        });
        self.clock.due = Some(now + interval.min(timeout));
    }

    /// Counts as a sign of life in place of received bytes: call it when a socket that had been full
    /// takes output again.
    ///
    /// A peer that reads slowly is alive, and an application under back-pressure may not be reading
    /// what that peer sends.
    pub fn peer_has_read(&mut self) {
        if let Some(ping) = &mut self.clock.ping {
            ping.swept = true;
        }
    }

    pub(super) fn pong_received(&mut self, payload: &[u8]) {
        let expected = self.clock.ping_payload(&self.config);
        let awaited = |ping: &&mut Ping| ping.answer == Answer::Awaited;
        let Some(ping) = self.clock.ping.as_mut().filter(awaited) else { return };
        if payload == expected.as_ref() {
            ping.answer = Answer::Come;
            self.clock.settled = false;
        }
    }
}
