//! Keep-alive: pings of the library's own, their pongs, and the liveness of the peer.

use alloc::boxed::Box;
use core::num::NonZero;
use core::time::Duration;

use crate::config::Config;
use crate::error::ErrorKind;
use crate::frame::MAX_CONTROL;
use crate::time::{CompactInstant, Instant};

/// The slowest link, in bytes per second, on which a pong is awaited for as long as the bytes ahead of
/// its ping need: 256 kbit/s, a poor mobile network.
const SLOWEST_LINK: u32 = 32 * 1024;
/// The most bytes that count as ahead of a ping in buffers of the system: as far as Linux lets a send
/// buffer grow by itself (`net.ipv4.tcp_wmem`).
const DEEPEST_BUFFER: u32 = 4 * 1024 * 1024;

/// Pings the peer and decides whether it is alive.
///
/// Mark and sweep: a ping marks how much had been received, and the check
/// [`Config::ping_timeout`] later asks only whether it is more.
#[derive(Default)]
pub(super) struct KeepAlive {
    /// When the next ping is sent, or the latest one checked.
    deadline: Option<CompactInstant>,
    /// `None` before the first ping.
    pings: Option<Box<Pings>>,
    stage: Stage,
    /// Of the bytes sent, at least this many have reached the peer.
    delivered: Position,
    /// Whether the stream has refused output since it last took all.
    full: bool,
    /// Whether closing has begun.
    stopped: bool,
    /// Whether the last answer of [`poll_timeout`](Self::poll_timeout) still holds.
    settled: bool,
}

/// The latest ping, and what is kept of all.
struct Pings {
    sent: CompactInstant,
    /// The bytes received before.
    mark: u64,
    /// The bytes sent before, which its pong proves delivered.
    position: Position,
    /// Whether the peer has been found alive since.
    alive: bool,
    /// How many there have been.
    count: u32,
    /// In nanoseconds, plus one.
    rtt: Option<NonZero<u64>>,
}

/// How far the latest ping is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// No pong is awaited.
    #[default]
    Idle,
    /// The ping is to be sent.
    Pending,
    /// Its pong is awaited.
    Sent,
    /// Its pong has arrived; the next [`KeepAlive::poll_timeout`] brings the time.
    Answered,
}

/// The low bits of the number of bytes sent. A peer to which 2 GiB were sent since it last proved
/// delivery needs no allowance for a slow link.
type Position = u32;

/// The bytes from one position to another, none if that is not behind it.
fn between(from: Position, to: Position) -> u32 {
    u32::try_from(to.wrapping_sub(from) as i32).unwrap_or(0)
}

impl KeepAlive {
    /// The latest round-trip time.
    pub(super) fn rtt(&self) -> Option<Duration> {
        let nanos = self.pings.as_ref()?.rtt?;
        Some(Duration::from_nanos(nanos.get() - 1))
    }

    /// The number of pings so far.
    pub(super) fn pings(&self) -> u32 {
        self.pings.as_ref().map_or(0, |pings| pings.count)
    }

    /// Sets no further deadline: closing has begun. A pending ping stays pending.
    pub(super) fn stop(&mut self) {
        self.deadline = None;
        self.stopped = true;
    }

    /// Whether [`take_ping`](Self::take_ping) would return a ping.
    #[inline]
    pub(super) fn is_ping_pending(&self) -> bool {
        self.stage == Stage::Pending
    }

    /// Takes the payload of the pending ping, to be sent now, behind `sent` bytes.
    pub(super) fn take_ping(&mut self, config: &Config, sent: u64) -> Option<PingPayload> {
        if !self.is_ping_pending() {
            return None;
        }
        self.stage = Stage::Sent;
        self.pings.as_mut()?.position = sent as Position;
        Some(self.ping_payload(config))
    }

    /// Compares a pong with the latest ping.
    pub(super) fn receive_pong(&mut self, payload: &[u8], config: &Config) {
        let (Stage::Sent, Some(ping)) = (self.stage, &self.pings) else { return };
        if payload == self.ping_payload(config).as_ref() {
            let proven = between(self.delivered, ping.position);
            self.delivered = self.delivered.wrapping_add(proven);
            self.stage = Stage::Answered;
            self.settled = false;
        }
    }

    /// Records that the stream took `taken` bytes of the output and left `left`.
    pub(super) fn wrote(&mut self, taken: usize, left: usize) {
        if self.full && (taken > 0 || left == 0) {
            // What a full buffer takes, it has passed on before.
            self.delivered = self.delivered.wrapping_add(taken as Position);
            if let Some(ping) = &mut self.pings {
                ping.alive = true;
            }
        }
        self.full = left > 0;
    }

    /// Measures the round trip that a pong has completed, and starts the interval before the next
    /// ping. Returns the next deadline.
    pub(super) fn poll_timeout(&mut self, config: &Config, now: Instant) -> Option<Instant> {
        self.settled = true;
        if let (Stage::Answered, Some(ping)) = (self.stage, &mut self.pings) {
            let rtt = now - Instant::from(ping.sent);
            let nanos = u64::try_from(rtt.as_nanos()).unwrap_or(u64::MAX);
            ping.rtt = NonZero::new(nanos.saturating_add(1));
            self.stage = Stage::Idle;
        }
        if let (false, Some(interval)) = (self.stopped, config.ping_interval) {
            self.deadline.get_or_insert((now + interval).into());
        }
        self.deadline()
    }

    /// Whether [`poll_timeout`](Self::poll_timeout) would do more than repeat its last answer.
    #[inline]
    pub(super) fn timeout_changed(&self) -> bool {
        !self.settled
    }

    /// The last answer of [`poll_timeout`](Self::poll_timeout).
    #[inline]
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline.map(Instant::from)
    }

    /// Checks the latest ping, or makes the next one pending, if the deadline has passed. `received`
    /// and `sent` are the bytes so far.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PingTimeout`] if the peer does not respond.
    pub(super) fn handle_timeout(
        &mut self,
        config: &Config,
        received: u64,
        sent: u64,
        now: Instant,
    ) -> Result<(), ErrorKind> {
        if self.deadline().is_none_or(|deadline| deadline > now) {
            return Ok(());
        }
        self.settled = false;
        let Some(interval) = config.ping_interval else {
            self.deadline = None;
            return Ok(());
        };
        let timeout = config.ping_timeout;
        let allowance = self.allowance();
        if let Some(ping) = &mut self.pings {
            ping.alive |= received != ping.mark;
            let pinged = Instant::from(ping.sent);
            if !ping.alive {
                let last = pinged + timeout + allowance;
                if last <= now {
                    return Err(ErrorKind::PingTimeout);
                }
                // The peer may answer long before the allowance ends.
                let check = now + timeout.max(Duration::from_secs(1));
                self.deadline = Some(last.min(check).into());
                return Ok(());
            }
            if pinged + interval > now {
                self.deadline = Some((pinged + interval).into());
                return Ok(());
            }
        }
        self.begin_ping(received, sent, now);
        self.deadline = Some((now + interval.min(timeout)).into());
        Ok(())
    }

    fn begin_ping(&mut self, received: u64, sent: u64, now: Instant) {
        let ping = Pings {
            sent: now.into(),
            mark: received,
            position: sent as Position,
            alive: false,
            count: self.pings().wrapping_add(1),
            rtt: self.pings.as_ref().and_then(|pings| pings.rtt),
        };
        match &mut self.pings {
            Some(pings) => **pings = ping,
            none => *none = Some(Box::new(ping)),
        }
        self.stage = Stage::Pending;
    }

    /// How much longer than `ping_timeout` the pong may take because of what lies ahead of its ping
    /// in buffers of the system. What a full stream has not taken yet shows its own progress.
    fn allowance(&self) -> Duration {
        let Some(ping) = self.pings.as_ref().filter(|_| !self.full) else { return Duration::ZERO };
        let ahead = between(self.delivered, ping.position).min(DEEPEST_BUFFER);
        Duration::from_secs(u64::from(ahead / SLOWEST_LINK))
    }

    /// The payload of the latest ping.
    fn ping_payload(&self, config: &Config) -> PingPayload {
        match config.ping_payload {
            b"" => PingPayload::Counter(u64::from(self.pings()).to_be_bytes()),
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
            Self::Fixed(bytes) => &bytes[..bytes.len().min(MAX_CONTROL)],
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
