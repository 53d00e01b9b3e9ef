//! One end of the connection, as the model sees it.

use core::hash::Hash as _;
use std::collections::hash_map::DefaultHasher;

use ws_proto::{Close, Connection, Error, Event, Instant};

use crate::closing_model::action::Side;
use crate::pair::peer::into_owned;

/// One end: its connection, and everything that was exchanged.
pub(crate) struct End {
    pub(crate) connection: Connection,
    /// All output of the connection.
    pub(crate) produced: Vec<u8>,
    /// The number of its bytes that the stream has taken.
    pub(crate) written: usize,
    /// The number of the other end's written bytes that were read.
    pub(crate) read: usize,
    /// Where the bytes from this end stop arriving at the other.
    pub(crate) ends_at: Option<usize>,
    pub(crate) events: Vec<Event<'static>>,
    pub(crate) error: Option<Error>,
    /// The messages that the application has sent, as the other end's events.
    pub(crate) sent: Vec<Event<'static>>,
    /// The Close frame that the application has sent.
    pub(crate) closed_with: Option<Close<'static>>,
    /// Whether the end of the stream from the other end was read.
    pub(crate) end_of_stream: bool,
    /// Whether this end has ended its sending direction.
    pub(crate) half_closed: bool,
    /// Whether this end has ended the TCP connection.
    pub(crate) ended: bool,
    pub(crate) ended_at: Instant,
    pub(crate) deadline: Option<Instant>,
    /// The deadlines that have passed here: when, and how many bytes were read before.
    pub(crate) timeouts: Vec<(Instant, usize)>,
    /// When closing started.
    pub(crate) closing_since: Option<Instant>,
}

impl End {
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            connection,
            produced: Vec::new(),
            written: 0,
            read: 0,
            ends_at: None,
            events: Vec::new(),
            error: None,
            sent: Vec::new(),
            closed_with: None,
            end_of_stream: false,
            half_closed: false,
            ended: false,
            ended_at: Instant::EPOCH,
            deadline: None,
            timeouts: Vec::new(),
            closing_since: None,
        }
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.connection.closed().is_some()
    }

    /// Whether the application must answer the Close frame that was received.
    pub(crate) fn awaits_answer(&self) -> bool {
        let Some(closed) = self.connection.closed() else { return false };
        let in_time = self.deadline.is_some();
        closed.received.is_some() && closed.sent.is_none() && in_time
    }

    /// RFC 6455 §5.5.1: until a Close frame is sent.
    pub(crate) fn may_send(&self) -> bool {
        !self.is_closing() || self.awaits_answer()
    }

    pub(crate) fn send(
        &mut self,
        event: Event<'static>,
        call: impl FnOnce(&mut Connection, &mut Vec<u8>) -> Result<(), ws_proto::SendError>,
    ) {
        let before = self.produced.len();
        match call(&mut self.connection, &mut self.produced) {
            Ok(()) => self.sent.push(event),
            Err(_) => assert_eq!(self.produced.len(), before, "half a frame"),
        }
    }

    pub(crate) fn receive(&mut self, mut bytes: Vec<u8>) {
        let mut input = bytes.as_mut_slice();
        loop {
            match self.connection.receive(&mut input) {
                Ok(None) => break,
                Ok(Some(event)) => self.events.push(into_owned(event)),
                Err(error) => {
                    self.note(Err(error));
                    if input.is_empty() {
                        break;
                    }
                }
            }
        }
        assert!(input.is_empty(), "input remains");
    }

    pub(crate) fn note(&mut self, result: Result<(), Error>) {
        match result {
            Ok(()) => assert_eq!(self.error, None, "an error is final"),
            Err(error) => {
                assert_eq!(*self.error.get_or_insert(error), error, "an error is final");
            }
        }
    }

    /// Whether the loop has to end the sending direction, once the output is written.
    pub(crate) fn half_closes(&self, side: Side) -> bool {
        side == Side::Server
            && self.error.is_some()
            && !self.half_closed
            && !self.end_of_stream
            && !self.connection.wants_transmit()
    }

    pub(crate) fn fingerprint(&self, now: Instant, keep_alive: bool, hasher: &mut DefaultHasher) {
        let since = |instant: Instant| (now - instant, instant - now);
        (&self.produced, self.written, self.read, self.ends_at).hash(hasher);
        (self.end_of_stream, self.half_closed, self.ended).hash(hasher);
        (self.error.map(|error| error.kind()), self.connection.wants_transmit()).hash(hasher);
        (self.deadline.map(since), self.closing_since.map(since)).hash(hasher);
        (self.connection.wants_close(), self.closed_with.is_some()).hash(hasher);
        format!("{:?}", self.connection.closed()).hash(hasher);
        if keep_alive {
            let timeouts = self.timeouts.iter();
            timeouts.for_each(|(at, read)| (since(*at), read).hash(hasher));
        }
    }
}
