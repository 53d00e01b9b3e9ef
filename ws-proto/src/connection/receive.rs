//! Bytes in, events out (RFC 6455 §5 and §6.2).

use super::Connection;
use super::receiver::{Context, Unfinished, WholeFrame};
use crate::error::{Error, ErrorKind};
use crate::event::Event;

impl Connection {
    /// Takes bytes from the front of `input` until they make an event.
    ///
    /// The input is unmasked in place and an event borrows from it, not from the connection, so
    /// replies can be sent while the event is held. `Ok(None)`: the input is used up; call again
    /// when the socket has given more, or [`receive_eof`](Self::receive_eof) when it has ended.
    ///
    /// # Errors
    ///
    /// The peer violated the protocol or a limit. Everything before the violation was returned as
    /// events; the Close frame that reports it is pending ([`poll_transmit`](Self::poll_transmit));
    /// further input is counted and discarded. Input after the peer's Close frame is ignored
    /// (RFC 6455 §5.5.1).
    #[inline]
    pub fn receive<'i>(&mut self, input: &mut &'i mut [u8]) -> Result<Option<Event<'i>>, Error> {
        self.receive_with(input, Unfinished::Take)
    }

    /// Like [`receive`](Self::receive), but leaves a payload that is not complete in `input`, if it would
    /// have to be copied to be gathered: the caller can read the rest behind it, and a message that is
    /// complete then is lent without a copy. This is optional.
    ///
    /// `Ok(None)`: the input is used up, or [`lacks`](Self::lacks) returns how many bytes have to follow
    /// it. Text that is left is not checked. So whenever the rest does not fit, or has to be waited for, or
    /// does not arrive, pass the input to `receive`, which takes it and reports what is wrong with it.
    ///
    /// # Errors
    ///
    /// Those of `receive`.
    #[inline]
    pub fn receive_whole<'i>(
        &mut self,
        input: &mut &'i mut [u8],
    ) -> Result<Option<Event<'i>>, Error> {
        self.receive_with(input, Unfinished::Leave)
    }

    /// Returns the number of bytes that have to be read behind `unread` bytes of input until
    /// [`receive_whole`](Self::receive_whole) takes them; 0 if it takes some of them now. The peer has
    /// claimed it, so do not allocate by it.
    #[inline]
    pub fn lacks(&self, unread: usize) -> u64 {
        self.receiver.lacks(unread, self.config.delivery)
    }

    #[inline]
    fn receive_with<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        unfinished: Unfinished,
    ) -> Result<Option<Event<'i>>, Error> {
        // The common case in one step. Everything else, faults of headers included, takes the other path.
        if self.receiver.is_idle() {
            if let Some(frame) = self.receiver.take_whole(input, self.sender.role(), &self.config) {
                return match self.receiver.lend(frame, self.config.delivery) {
                    Some(event) => Ok(Some(event)),
                    None => self.receive_invalid(frame),
                };
            }
            if input.is_empty() {
                return Ok(None);
            }
        }
        self.receive_in_steps(input, unfinished)
    }

    /// Reports that the peer's byte stream has ended.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedEof`] if no Close frame had arrived (RFC 6455 §7.1.5: code 1006), or
    /// the error that had ended the connection before.
    pub fn receive_eof(&mut self) -> Result<(), Error> {
        if let Err(kind) = self.closing.receive_eof() {
            self.fail(kind);
        }
        self.error().map_or(Ok(()), Err)
    }

    /// Returns the number of bytes of the payload in progress that were not taken from the input yet: a
    /// hint for the size of the next read. The peer has claimed it, so do not allocate by it.
    pub fn frame_remaining(&self) -> u64 {
        self.receiver.frame_remaining()
    }

    #[inline(never)]
    fn receive_in_steps<'i>(
        &mut self,
        input: &mut &'i mut [u8],
        unfinished: Unfinished,
    ) -> Result<Option<Event<'i>>, Error> {
        // RFC 6455 §5.5.1: data after a Close frame is not processed.
        if self.receiver.has_ended() {
            let len = self.receiver.discard(input);
            return self.closing.drain(len).map(|()| None);
        }
        let context = Context {
            role: self.sender.role(),
            config: &self.config,
            extension: self.extension.as_deref_mut(),
            unfinished,
        };
        match self.receiver.receive(input, context) {
            Ok(None) => Ok(None),
            received => self.handle(received),
        }
    }

    #[cold]
    fn receive_invalid<'i>(&mut self, frame: WholeFrame<'i>) -> Result<Option<Event<'i>>, Error> {
        let result = self.receiver.receive_invalid(frame, self.config.delivery);
        self.handle(result)
    }

    /// Acts on what was received, where that is not for the application alone.
    fn handle<'i>(
        &mut self,
        received: Result<Option<Event<'i>>, ErrorKind>,
    ) -> Result<Option<Event<'i>>, Error> {
        match received {
            Ok(None) => Ok(None),
            Ok(Some(event)) => {
                self.handle_event(&event);
                Ok(Some(event))
            }
            Err(kind) => Err(self.fail(kind)),
        }
    }

    fn handle_event(&mut self, event: &Event<'_>) {
        match event {
            Event::Text(_) | Event::Binary(_) => {}
            Event::TextChunk { .. } | Event::BinaryChunk { .. } => {
                if let Some(kind) = self.receiver.fault() {
                    self.fail(kind);
                }
            }
            Event::Ping(payload) => {
                if self.config.automatic_pong && !self.closing.has_begun() {
                    self.sender.answer_ping(payload);
                }
            }
            Event::Pong(payload) => self.keep_alive.receive_pong(payload, &self.config),
            Event::Close(close) => {
                self.closing.receive_close(close.clone().into_owned(), &self.config);
                self.follow_closing();
            }
        }
    }
}
