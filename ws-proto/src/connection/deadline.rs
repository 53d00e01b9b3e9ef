//! Deadlines as data: keep-alive, closing, draining.

use core::num::NonZero;
use core::time::Duration;

use super::{Connection, Side};
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::time::Instant;

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

/// The slowest link, in bytes per second, on which a pong is waited for as long as the bytes ahead of
/// its ping need: 256 kbit/s, a poor mobile network.
const SLOWEST_LINK: u32 = 32 * 1024;
/// The most bytes that count as ahead of a ping in buffers of the system: as far as Linux lets a send
/// buffer grow by itself (`net.ipv4.tcp_wmem`).
const DEEPEST_BUFFER: u32 = 4 * 1024 * 1024;

/// Keep-alive is mark and sweep: a ping marks how much had been received, and the sweep
/// `ping_timeout` later asks only whether it is more.
#[derive(Default)]
pub(super) struct Clock {
    /// When the next ping or sweep is due; once closing has begun, when patience with the peer ends.
    due: Option<Instant>,
    ping: Option<Ping>,
    pings: u32,
    /// In nanoseconds, and one more, which keeps every connection 8 bytes smaller.
    rtt: Option<NonZero<u64>>,
    /// Of the bytes sent, at least this many have reached the peer.
    delivered: Position,
    /// Whether the stream has refused output since it last took all.
    full: bool,
    /// Whether patience with a closing peer has ended.
    expired: bool,
    /// Whether the last answer of [`Connection::poll_timeout`] still holds.
    settled: bool,
}

/// The low bits of [`Counter::bytes`](super::stats::Counter). A peer to which 2 GiB were sent since it
/// last proved delivery needs no allowance for a slow link.
type Position = u32;

/// The bytes from one position to another, none if that is not behind it.
fn between(from: Position, to: Position) -> u32 {
    u32::try_from(to.wrapping_sub(from) as i32).unwrap_or(0)
}

#[derive(Clone, Copy)]
struct Ping {
    sent: Instant,
    /// The bytes received before.
    mark: u64,
    /// The bytes sent before, which its pong proves delivered.
    position: Position,
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
        self.rtt.map(|nanos| Duration::from_nanos(nanos.get() - 1))
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

    /// The payload of the pending ping, which is sent behind `position` bytes.
    pub(super) fn send_ping(&mut self, config: &Config, position: Position) -> PingPayload {
        if let Some(ping) = &mut self.ping {
            ping.answer = Answer::Awaited;
            ping.position = position;
        }
        self.ping_payload(config)
    }

    /// How much longer than `ping_timeout` the pong may take because of what lies ahead of its ping
    /// in buffers of the system. What a full stream has not taken yet shows its own progress.
    fn allowance(&self, ping: Ping) -> Duration {
        if self.full {
            return Duration::ZERO;
        }
        let ahead = between(self.delivered, ping.position).min(DEEPEST_BUFFER);
        Duration::from_secs(u64::from(ahead / SLOWEST_LINK))
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
            let nanos = u64::try_from((now - ping.sent).as_nanos()).unwrap_or(u64::MAX);
            self.clock.rtt = NonZero::new(nanos.saturating_add(1));
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
            let ping = *ping;
            if !ping.swept {
                let sweep = ping.sent + timeout + self.clock.allowance(ping);
                if sweep <= now {
                    self.fail(ErrorKind::PingTimeout);
                    return;
                }
                // The peer may answer long before the allowance ends.
                let look = now + timeout.max(Duration::from_secs(1));
                self.clock.due = Some(sweep.min(look));
                return;
            }
            if ping.sent + interval > now {
                self.clock.due = Some(ping.sent + interval);
                return;
            }
        }
        self.clock.pings = self.clock.pings.wrapping_add(1);
        self.clock.ping = Some(Ping {
            sent: now,
            mark: self.counters.received.bytes,
            position: self.counters.sent.bytes as Position,
            answer: Answer::Owed,
            swept: false,
        });
        self.clock.due = Some(now + interval.min(timeout));
    }

    /// Reports a write: the stream took `taken` bytes of the output and left `left`. Bytes that a
    /// stream has taken but cannot flush yet count as left.
    ///
    /// Call it after each write that left something, and after the next one; other writes change
    /// nothing. Output that a full stream takes counts as liveness like received bytes: there is room
    /// only because the peer has read. A peer that reads slowly is alive, and an application under
    /// back-pressure may not be reading what that peer sends.
    ///
    /// [`Config::ping_timeout`] has what else is known of a ping behind much output.
    pub fn wrote(&mut self, taken: usize, left: usize) {
        let clock = &mut self.clock;
        if clock.full && (taken > 0 || left == 0) {
            // What a full buffer takes, it has passed on before.
            clock.delivered = clock.delivered.wrapping_add(taken as Position);
            if let Some(ping) = &mut clock.ping {
                ping.swept = true;
            }
        }
        clock.full = left > 0;
    }

    pub(super) fn pong_received(&mut self, payload: &[u8]) {
        let expected = self.clock.ping_payload(&self.config);
        let awaited = |ping: &&mut Ping| ping.answer == Answer::Awaited;
        let Some(ping) = self.clock.ping.as_mut().filter(awaited) else { return };
        if payload == expected.as_ref() {
            ping.answer = Answer::Come;
            let proven = between(self.clock.delivered, ping.position);
            self.clock.delivered = self.clock.delivered.wrapping_add(proven);
            self.clock.settled = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_wrap_around() {
        assert_eq!(between(3, 5), 2);
        assert_eq!(between(5, 3), 0);
        assert_eq!(between(u32::MAX, 1), 2);
        assert_eq!(between(1, u32::MAX), 0);
    }
}
