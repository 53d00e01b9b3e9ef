//! Waiting for input, and for the end.

use std::io;
use std::task::{Poll, Waker, ready};

use futures_io::{AsyncRead, AsyncWrite};
use ws_proto::Event;

use super::shutdown::Activity;
use super::waiting::{Wakers, WhenFull};
use super::{Socket, Stage, context};
use crate::error::Error;
use crate::message::Message;
use crate::pool;
use crate::timer::Timer;
use crate::trace;

impl<Io, T> Socket<Io, T>
where
    Io: AsyncRead + AsyncWrite + Unpin,
    T: Timer,
{
    /// Waits until there is input, and room for replies if `when_full` requires it;
    /// `false`: the connection has ended.
    #[inline]
    pub(crate) fn poll_input(
        &mut self,
        wakers: Wakers<'_>,
        when_full: WhenFull,
    ) -> Poll<Result<bool, Error>> {
        // What the loop would find first, without a call.
        let full = when_full == WhenFull::Wait && self.is_full();
        if self.has_input() && !full && self.connection.closed().is_none() {
            return Poll::Ready(Ok(true));
        }
        self.poll_more_input(wakers, when_full)
    }

    #[inline(never)]
    fn poll_more_input(
        &mut self,
        wakers: Wakers<'_>,
        when_full: WhenFull,
    ) -> Poll<Result<bool, Error>> {
        loop {
            if self.ignores_input() {
                self.discard_input();
            }
            let full = |socket: &Self| when_full == WhenFull::Wait && socket.is_full();
            let at_hand = self.has_input();
            if at_hand && !full(self) {
                return Poll::Ready(Ok(true));
            }
            self.input.release();
            if self.stage == Stage::Done {
                return Poll::Ready(Ok(false));
            }
            // A reader flushes before it waits.
            let flushed = self.poll_flush(wakers.write).is_ready();
            if at_hand {
                if full(self) {
                    self.input.leave_large();
                    ready!(self.poll_deadline(wakers, Activity::Busy));
                }
                continue;
            }
            if self.connection.closed().is_some() {
                if flushed && (self.connection.wants_close() || self.is_cut_off()) {
                    ready!(self.poll_close(wakers));
                    self.stage = Stage::Done;
                    self.take_unfinished();
                    self.mark_clean();
                    let outcome = self.outcome();
                    trace::ended(&self.connection, outcome.as_ref().err());
                    return Poll::Ready(outcome.map(|()| false));
                }
                if flushed && self.connection.poll_half_close() {
                    self.stage = Stage::HalfClosing;
                }
                if self.stage == Stage::HalfClosing && self.poll_end(wakers.write).is_ready() {
                    self.stage = Stage::HalfClosed;
                }
            }
            if full(self) || self.stage == Stage::InputEnded {
                self.take_unfinished();
                ready!(self.poll_deadline(wakers, Activity::Busy));
                continue;
            }
            if !self.input.is_empty() && !self.make_room() && self.take_unfinished() {
                continue;
            }
            match self.poll_read(wakers.read) {
                Poll::Ready(Ok(0)) => {
                    self.take_unfinished();
                    self.end_input();
                }
                Poll::Ready(Ok(_)) => {
                    // A peer that does not stop sending must not delay the deadline.
                    while self.is_ending() && self.poll_deadline(wakers, Activity::Busy).is_ready()
                    {
                    }
                }
                Poll::Ready(Err(error)) => {
                    self.take_unfinished();
                    let closing = self.connection.closed().is_some();
                    self.end_input();
                    if !closing {
                        self.stage = Stage::Done;
                        let error = Error::Io(error);
                        trace::ended(&self.connection, Some(&error));
                        return Poll::Ready(Err(error));
                    }
                    // Nor does it accept a reply to the peer's Close frame.
                    if self.connection.can_send() {
                        self.write_error.get_or_insert(error);
                    }
                }
                // The Close frame that reports a fault in the unfinished input is written first.
                Poll::Pending if self.take_unfinished() => {}
                Poll::Pending => ready!(self.poll_deadline(wakers, Activity::Idle)),
            }
        }
    }

    /// Whether there is input to receive. A payload that is left in the input until it is complete is none.
    #[inline]
    fn has_input(&self) -> bool {
        !self.input.is_empty() && self.connection.lacks(self.input.len()) == 0
    }

    #[cold]
    fn make_room(&mut self) -> bool {
        self.input.make_room(self.connection.lacks(self.input.len()))
    }

    /// Reads once, behind an unfinished payload if there is one.
    #[inline]
    fn poll_read(&mut self, waker: &Waker) -> Poll<io::Result<usize>> {
        if self.input.is_empty() && self.connection.lacks(0) <= pool::READ as u64 {
            return self.input.poll_read(&mut self.io, &mut context(waker));
        }
        self.poll_read_more(waker)
    }

    #[cold]
    fn poll_read_more(&mut self, waker: &Waker) -> Poll<io::Result<usize>> {
        let lacks = self.connection.lacks(self.input.len());
        let cx = &mut context(waker);
        if self.input.is_empty() {
            return self.input.poll_read_large(&mut self.io, cx, lacks);
        }
        self.input.poll_read_behind(&mut self.io, cx, lacks)
    }

    /// Passes an unfinished payload to the connection, whenever the rest cannot be read at once: no buffer
    /// is held while waiting, and faults are reported before. Returns whether the connection failed by
    /// it; then there is a Close frame to write, or the stream to half-close.
    #[inline]
    fn take_unfinished(&mut self) -> bool {
        if self.input.is_empty() {
            return false;
        }
        let valid = self.connection.error().is_none();
        self.discard_input();
        self.input.release();
        valid && self.connection.error().is_some()
    }

    /// Does the same before sending waits, and returns buffers: nothing is read meanwhile, and the peer decides
    /// how long that takes. Events that the application has not taken remain.
    #[cold]
    pub(super) fn set_input_aside(&mut self) -> bool {
        let failed = !self.has_input() && self.take_unfinished();
        self.input.release();
        self.input.leave_large();
        failed
    }

    /// Waits for the next event and returns an owned copy; `None`: the connection has ended.
    #[inline]
    pub(crate) fn poll_recv(&mut self, wakers: Wakers<'_>) -> Poll<Result<Option<Message>, Error>> {
        while ready!(self.poll_input(wakers, WhenFull::Read))? {
            self.transmit();
            let (mut bytes, mut cursor) = self.input.lend();
            let received = self.connection.receive_whole(&mut bytes);
            cursor.keep(bytes.len());
            // An error first ends the connection, and is then reported.
            let Ok(Some(event)) = received else { continue };
            trace::received(&event);
            let is_close = matches!(event, Event::Close(_));
            let message = event.into();
            self.input.release_large();
            if is_close {
                self.flush_answer(wakers.write);
            }
            return Poll::Ready(Ok(Some(message)));
        }
        Poll::Ready(Ok(None))
    }

    /// Flushes the answer to the peer's Close frame: the application may not call again.
    #[cold]
    fn flush_answer(&mut self, waker: &Waker) {
        if self.poll_flush(waker).is_ready() {
            self.mark_clean();
        }
    }

    /// Whether further input of the peer is ignored.
    fn ignores_input(&self) -> bool {
        let Some(closed) = self.connection.closed() else { return false };
        self.discards || closed.received.is_some() || self.connection.error().is_some()
    }

    fn discard_input(&mut self) {
        let Self { input, connection, .. } = self;
        // The connection counts it.
        input.with(|input| while let Ok(Some(_event)) = connection.receive(input) {});
    }

    pub(super) fn end_input(&mut self) {
        self.stage = Stage::InputEnded;
        // `outcome` returns an error.
        let _ = self.connection.receive_eof();
    }
}
