//! One end: a connection, and all its results.

use core::mem;

use ws_proto::{Connection, Error, Event, Instant};

/// A connection with a loop around it that behaves as an adapter's should.
pub(crate) struct Peer {
    pub(crate) connection: Connection,
    pub(crate) events: Vec<Event<'static>>,
    pub(crate) error: Option<Error>,
    pub(crate) output: Vec<u8>,
    /// Unfinished input, behind which the next read goes.
    unread: Vec<u8>,
}

impl Peer {
    pub(crate) fn new(connection: Connection) -> Self {
        Self { connection, events: Vec::new(), error: None, output: Vec::new(), unread: Vec::new() }
    }

    /// Receives one read, in a copy since it is unmasked in place, and transmits after each event.
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        let mut copy = bytes.to_vec();
        let mut input = copy.as_mut_slice();
        loop {
            let before = input.len();
            let result = self.connection.receive(&mut input);
            let finished = match result {
                Ok(Some(event)) => {
                    assert!(input.len() < before, "an event out of nothing: {event:?}");
                    self.events.push(into_owned(event));
                    false
                }
                Ok(None) => {
                    assert!(input.is_empty(), "requests more before the input is used up");
                    true
                }
                Err(error) => {
                    assert_eq!(error, *self.error.get_or_insert(error), "an error is final");
                    assert!(before == 0 || input.len() < before, "an error that takes no input");
                    before == 0
                }
            };
            self.connection.poll_transmit(&mut self.output);
            if finished {
                return;
            }
        }
    }

    /// Receives one read behind the unfinished input, like an adapter with room for more.
    pub(crate) fn read_behind(&mut self, bytes: &[u8]) {
        let mut unread = mem::take(&mut self.unread);
        unread.extend_from_slice(bytes);
        let mut input = unread.as_mut_slice();
        loop {
            let before = input.len();
            let lacks = self.connection.lacks(before);
            let result = self.connection.receive_whole(&mut input);
            let finished = match result {
                Ok(Some(event)) => {
                    assert_eq!(lacks, 0, "an event of an incomplete payload: {event:?}");
                    assert!(input.len() < before, "an event out of nothing: {event:?}");
                    self.events.push(into_owned(event));
                    false
                }
                Ok(None) => {
                    let lacks = self.connection.lacks(input.len());
                    assert!(input.is_empty() || lacks > 0, "leaves input that lacks nothing");
                    if lacks > 0 {
                        let arrived = input.len() as u64;
                        assert_eq!(self.connection.frame_remaining(), arrived + lacks);
                    }
                    true
                }
                Err(error) => {
                    assert_eq!(error, *self.error.get_or_insert(error), "an error is final");
                    input.is_empty()
                }
            };
            self.connection.poll_transmit(&mut self.output);
            if finished {
                self.unread = input.to_vec();
                return;
            }
        }
    }

    /// Passes the unfinished input on, like an adapter that has to wait for more.
    pub(crate) fn wait(&mut self) {
        let unread = mem::take(&mut self.unread);
        let events = self.events.len();
        self.read(&unread);
        assert_eq!(self.events.len(), events, "an event of unfinished input");
    }

    pub(crate) fn end_of_stream(&mut self) {
        if let Err(error) = self.connection.receive_eof() {
            assert_eq!(error, *self.error.get_or_insert(error), "an error is final");
        }
        self.connection.poll_transmit(&mut self.output);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if let Err(error) = self.connection.handle_timeout(now) {
            assert_eq!(error, *self.error.get_or_insert(error), "an error is final");
        }
        self.connection.poll_transmit(&mut self.output);
    }
}

pub(crate) fn into_owned(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Text(text) => Event::Text(text.into_owned().into()),
        Event::Binary(data) => Event::Binary(data.into_owned().into()),
        Event::TextChunk { data, fin } => Event::TextChunk { data: data.into_owned().into(), fin },
        Event::BinaryChunk { data, fin } => {
            Event::BinaryChunk { data: data.into_owned().into(), fin }
        }
        Event::Ping(payload) => Event::Ping(payload.into_owned().into()),
        Event::Pong(payload) => Event::Pong(payload.into_owned().into()),
        Event::Close(close) => Event::Close(close.into_owned()),
    }
}
