//! Time as data: the deadlines of keep-alive, of closing and of idle compression engines.

use super::Connection;
use crate::error::Error;
use crate::time::Instant;

impl Connection {
    /// Returns when to call [`handle_timeout`](Self::handle_timeout) next, `None` if there is no
    /// deadline. The result replaces that of an earlier call. The [deadlines of a
    /// connection](crate::Config#deadlines) are listed at the configuration.
    ///
    /// Deadlines run from the first call after what caused them, so call it when the connection
    /// begins, after each input or output, and after `handle_timeout`; or, where reading the clock
    /// costs too much for that, when [`timeout_changed`](Self::timeout_changed) returns `true`.
    ///
    /// A connection that is closing has a deadline until the last one has passed. After that, `None`
    /// means that the TCP connection may be ended even if output is unwritten.
    pub fn poll_timeout(&mut self, now: Instant) -> Option<Instant> {
        let (role, config) = (self.role(), &self.config);
        let keep_alive = self.keep_alive.poll_timeout(config, now);
        let engines =
            self.extension.as_mut().and_then(|extension| extension.poll_timeout(config, now));
        if self.closing.has_begun() {
            // Once its deadline has passed no other counts.
            let closing = self.closing.poll_timeout(role, config, now)?;
            return earlier(Some(closing), engines);
        }
        earlier(keep_alive, engines)
    }

    /// Returns whether [`poll_timeout`](Self::poll_timeout) would do more than repeat its last result.
    #[inline]
    pub fn timeout_changed(&self) -> bool {
        let engines = self.extension.as_ref();
        self.keep_alive.timeout_changed()
            || self.closing.timeout_changed()
            || engines.is_some_and(|extension| extension.timeout_changed())
    }

    /// Returns the last result of [`poll_timeout`](Self::poll_timeout).
    #[inline]
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.extension.is_none() && !self.closing.has_begun() {
            return self.keep_alive.deadline();
        }
        let engines = self.extension.as_ref().and_then(|extension| extension.deadline());
        earlier(earlier(self.keep_alive.deadline(), self.closing.deadline()), engines)
    }

    /// Handles the deadlines that have passed: makes a ping pending, fails the connection to an
    /// unresponsive peer, or stops waiting for a peer that does not finish closing
    /// ([`wants_close`](Self::wants_close) is `true` then). Before, pass what the socket holds to
    /// [`receive`](Self::receive), so that bytes which have arrived count as liveness.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PingTimeout`](crate::ErrorKind::PingTimeout), now or earlier, or another error that
    /// ended the connection.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        if let Some(extension) = &mut self.extension {
            extension.handle_timeout(&self.config, now);
        }
        if self.closing.has_begun() {
            self.closing.handle_timeout(now);
        } else {
            let (received, sent) = (self.receiver.received().bytes(), self.sender.sent().bytes());
            let checked = self.keep_alive.handle_timeout(&self.config, received, sent, now);
            if let Err(kind) = checked {
                self.fail(kind);
            }
        }
        self.error().map_or(Ok(()), Err)
    }

    /// Reports a write: the stream took `taken` bytes of the output and left `left`. Bytes that a
    /// stream has taken but cannot flush yet count as left.
    ///
    /// Call it after each write that left bytes, and after the next one; other writes change nothing.
    /// Output that a full stream takes counts as liveness like received bytes: there is room only
    /// because the peer has read. A peer that reads slowly is alive, and an application under
    /// back-pressure may not be reading what that peer sends.
    ///
    /// [`Config::ping_timeout`](crate::Config::ping_timeout) describes pings behind much output.
    pub fn wrote(&mut self, taken: usize, left: usize) {
        self.keep_alive.wrote(taken, left);
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
