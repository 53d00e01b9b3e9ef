//! Time as data: the deadlines of keep-alive, of closing and of idle compression engines.

use super::Connection;
use crate::error::Error;
use crate::time::Instant;

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

    /// Whether [`poll_timeout`](Self::poll_timeout) would do more than repeat its last answer.
    #[inline]
    pub fn timeout_changed(&self) -> bool {
        let engines = self.extension.as_ref();
        self.keep_alive.timeout_changed()
            || self.closing.timeout_changed()
            || engines.is_some_and(|extension| extension.timeout_changed())
    }

    /// The last answer of [`poll_timeout`](Self::poll_timeout).
    #[inline]
    pub fn next_timeout(&self) -> Option<Instant> {
        let engines = self.extension.as_ref().and_then(|extension| extension.due());
        earlier(earlier(self.keep_alive.deadline(), self.closing.deadline()), engines)
    }

    /// Acts on the deadlines that have passed: owes a ping, gives up on a peer that shows no life
    /// or does not finish closing ([`wants_close`](Self::wants_close) is true then). Pass to
    /// [`receive`](Self::receive) what the socket holds before, so that bytes which have arrived
    /// count as life.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PingTimeout`](crate::ErrorKind::PingTimeout), now or earlier, or another error that ended the connection.
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
    /// Call it after each write that left something, and after the next one; other writes change
    /// nothing. Output that a full stream takes counts as liveness like received bytes: there is room
    /// only because the peer has read. A peer that reads slowly is alive, and an application under
    /// back-pressure may not be reading what that peer sends.
    ///
    /// [`Config::ping_timeout`](crate::Config::ping_timeout) has what else is known of a ping behind much output.
    pub fn wrote(&mut self, taken: usize, left: usize) {
        self.keep_alive.wrote(taken, left);
    }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
