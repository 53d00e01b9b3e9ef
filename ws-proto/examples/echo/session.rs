use std::mem;
use std::sync::Arc;

use ws_proto::server::{ServerHandshake, ServerProgress};
use ws_proto::{Config, Connection, Event, Instant};

/// One client of an echo server from its request to its end, without I/O.
///
/// The I/O loop passes the bytes that it has read, passes the time, writes the output, and queries
/// how to end the stream.
pub(crate) struct Session {
    config: Arc<Config>,
    stage: Stage,
    /// The bytes to write.
    pub(crate) output: Vec<u8>,
    gave_up: bool,
}

enum Stage {
    Handshake(ServerHandshake),
    Open(Connection),
    /// The response must arrive: reading continues until the client has left, or for a while.
    Refused(Refused),
    Ended,
}

#[derive(Default)]
struct Refused {
    deadline: Option<Instant>,
    half_closed: bool,
}

impl Session {
    pub(crate) fn new(config: &Arc<Config>) -> Self {
        let stage = Stage::Handshake(ServerHandshake::new(Arc::clone(config)));
        Self { config: Arc::clone(config), stage, output: Vec::new(), gave_up: false }
    }

    /// Takes the bytes of one read: none at the end of the stream.
    pub(crate) fn receive(&mut self, mut input: &mut [u8]) {
        if input.is_empty() {
            return self.receive_eof();
        }
        if let Stage::Handshake(_) = self.stage {
            self.shake_hands(&mut input);
        }
        // Frames may have arrived with the request: they are the rest of the input.
        if let Stage::Open(connection) = &mut self.stage {
            // An error does not end the surrounding loop: a Close frame must be written, and must
            // arrive.
            while let Ok(Some(event)) = connection.receive(&mut input) {
                echo(event, connection, &mut self.output);
                connection.poll_transmit(&mut self.output);
            }
            connection.poll_transmit(&mut self.output);
        }
    }

    fn shake_hands(&mut self, input: &mut &mut [u8]) {
        let Stage::Handshake(handshake) = mem::replace(&mut self.stage, Stage::Ended) else {
            return;
        };
        self.stage = match handshake.receive(input) {
            Ok(ServerProgress::NeedsInput(unfinished)) => Stage::Handshake(unfinished),
            Ok(ServerProgress::Request(request)) => {
                Stage::Open(request.accept().respond(&mut self.output))
            }
            Err(rejection) => {
                rejection.respond(&mut self.output);
                Stage::Refused(Refused::default())
            }
        };
    }

    fn receive_eof(&mut self) {
        match &mut self.stage {
            Stage::Open(connection) => {
                let _ = connection.receive_eof();
                connection.poll_transmit(&mut self.output);
            }
            stage => *stage = Stage::Ended,
        }
    }

    /// Acts on a deadline that has passed, and returns the next one. Call it in each turn, after
    /// [`receive`](Self::receive): a client that never stops sending has deadlines, too.
    pub(crate) fn handle_time(&mut self, now: Instant) -> Option<Instant> {
        match &mut self.stage {
            Stage::Handshake(handshake) => {
                if let Err(rejection) = handshake.handle_timeout(now) {
                    rejection.respond(&mut self.output);
                    self.stage = Stage::Refused(Refused::default());
                    return self.handle_time(now);
                }
                handshake.poll_timeout(now)
            }
            Stage::Open(connection) => {
                let _ = connection.handle_timeout(now);
                connection.poll_transmit(&mut self.output);
                let deadline = connection.poll_timeout(now);
                // A connection that is closing has a deadline, until the last one has passed.
                self.gave_up = deadline.is_none() && connection.closed().is_some();
                deadline
            }
            Stage::Refused(refused) => {
                let end = now + self.config.drain_timeout;
                let deadline = *refused.deadline.get_or_insert(end);
                self.gave_up = deadline <= now;
                Some(deadline)
            }
            Stage::Ended => None,
        }
    }

    /// Whether to end the stream at once, even with unwritten output.
    pub(crate) fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// Whether to end the stream once the output is written, without reading any more.
    pub(crate) fn wants_close(&self) -> bool {
        match &self.stage {
            Stage::Open(connection) => connection.wants_close(),
            Stage::Ended => true,
            Stage::Handshake(_) | Stage::Refused(_) => false,
        }
    }

    /// Whether to end our direction of the stream now that the output is written, and to continue
    /// reading. Returns `true` once.
    pub(crate) fn poll_half_close(&mut self) -> bool {
        match &mut self.stage {
            Stage::Open(connection) => connection.poll_half_close(),
            Stage::Refused(refused) => !mem::replace(&mut refused.half_closed, true),
            Stage::Handshake(_) | Stage::Ended => false,
        }
    }

    /// Reports how much output a write took and left: a client whose full stream takes more is
    /// responsive.
    pub(crate) fn wrote(&mut self, taken: usize, left: usize) {
        if let Stage::Open(connection) = &mut self.stage {
            connection.wrote(taken, left);
        }
    }
}

/// Sending fails only after a Close frame, when no reply is expected.
fn echo(event: Event<'_>, connection: &mut Connection, output: &mut Vec<u8>) {
    let _ = match event {
        Event::Text(text) => connection.send(text, output),
        Event::Binary(data) => connection.send(data, output),
        Event::TextChunk { data, fin } => connection.send_fragment(data, fin, output),
        Event::BinaryChunk { data, fin } => connection.send_fragment(data, fin, output),
        Event::Ping(_) | Event::Pong(_) | Event::Close(_) => Ok(()),
    };
}
