//! Two connections, the streams between them and their clock, one step at a time.

use core::hash::{Hash, Hasher};
use core::time::Duration;
use std::collections::hash_map::DefaultHasher;

use ws_proto::{Close, CloseCode, Config, Connection, Error, Event, Instant, Limits};

use crate::pair::SEED;
use crate::pair::peer::into_owned;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

use Side::{Client, Server};

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Client, Server];

    pub(crate) fn other(self) -> Self {
        match self {
            Client => Server,
            Server => Client,
        }
    }
}

/// The possible actions. Everything else follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// The application sends a message.
    Send(Side),
    /// The application begins a message that it never finishes.
    SendFragment(Side),
    /// The application sends a message over the other end's limit.
    SendTooMuch(Side),
    Ping(Side),
    Close(Side),
    /// The loop around a connection takes the pending output.
    Transmit(Side),
    /// The stream takes bytes of the output.
    Write(Side, Amount),
    Read(Side, Amount),
    /// The end of the stream from the other end is read.
    EndOfStream(Side),
    Timeout(Side),
    /// The loop ends the sending direction, as `poll_half_close` requests.
    HalfClose(Side),
    /// The loop ends the TCP connection, as `wants_close` requests.
    EndTcp(Side),
    /// TCP resets the stream to this end, whose bytes reached a closed socket; the unread bytes
    /// are lost.
    Reset(Side),
    /// The stream from this end is cut off: what is written from now on does not arrive.
    CutOff(Side),
    /// The TCP connection breaks, and the bytes in transit are lost.
    Lose,
}

/// How many of the available bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    /// Up to the next place at which streams are cut.
    Piece,
    All,
}

use Amount::{All, Piece};

pub(crate) const ACTIONS: [Action; 33] = {
    use Action::*;
    [
        Send(Client),
        Send(Server),
        SendFragment(Client),
        SendFragment(Server),
        SendTooMuch(Client),
        SendTooMuch(Server),
        Ping(Client),
        Ping(Server),
        Close(Client),
        Close(Server),
        Transmit(Client),
        Transmit(Server),
        Write(Client, Piece),
        Write(Client, All),
        Write(Server, Piece),
        Write(Server, All),
        Read(Client, Piece),
        Read(Client, All),
        Read(Server, Piece),
        Read(Server, All),
        EndOfStream(Client),
        EndOfStream(Server),
        Timeout(Client),
        Timeout(Server),
        HalfClose(Client),
        HalfClose(Server),
        EndTcp(Client),
        EndTcp(Server),
        Reset(Client),
        Reset(Server),
        CutOff(Client),
        CutOff(Server),
        Lose,
    ]
};

/// The possible actions, and how often each may happen: for each end, or in all.
#[derive(Clone, Copy, Debug, Hash)]
pub(crate) struct Scenario {
    pub(crate) automatic_close: [bool; 2],
    pub(crate) messages: [u8; 2],
    pub(crate) fragments: [u8; 2],
    pub(crate) too_much: [u8; 2],
    pub(crate) pings: [u8; 2],
    pub(crate) closes: [u8; 2],
    pub(crate) losses: u8,
    pub(crate) cuts: [u8; 2],
    /// The number of keep-alive deadlines, which would never end; `None` without keep-alive.
    pub(crate) keep_alive: Option<u8>,
}

impl Scenario {
    /// No actions except that each application may close.
    pub(crate) const CLOSING: Self = Self {
        automatic_close: [true; 2],
        messages: [0; 2],
        fragments: [0; 2],
        too_much: [0; 2],
        pings: [0; 2],
        closes: [1; 2],
        losses: 0,
        cuts: [0; 2],
        keep_alive: None,
    };
}

/// The places at which streams may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cuts {
    /// Between frames.
    Frames,
    /// Also after the first byte of a frame and before its last.
    Edges,
    /// Anywhere.
    Bytes,
}

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

pub(crate) struct World {
    pub(crate) ends: [End; 2],
    pub(crate) now: Instant,
    pub(crate) left: Scenario,
    cuts: Cuts,
    /// Whether bytes were lost or cut off, so that a clean end may be impossible.
    pub(crate) disturbed: bool,
    /// The first end that has ended the TCP connection.
    pub(crate) first_to_end: Option<Side>,
}

/// The largest message that an end accepts.
const MAX_MESSAGE: usize = 1;

impl World {
    pub(crate) fn new(scenario: Scenario, cuts: Cuts) -> Self {
        let config = |automatic_close| Config {
            automatic_close,
            incoming: Limits { max_message_size: MAX_MESSAGE, ..Limits::incoming() },
            ping_interval: scenario.keep_alive.and_then(|_| Config::default().ping_interval),
            ..Config::default()
        };
        let [client, server] = scenario.automatic_close.map(config);
        let connections = [Connection::client(client, SEED), Connection::server(server)];
        let mut world = Self {
            ends: connections.map(End::new),
            now: Instant::EPOCH,
            left: scenario,
            cuts,
            disturbed: false,
            first_to_end: None,
        };
        for side in Side::BOTH {
            world.settle(side);
        }
        world
    }

    pub(crate) fn end(&self, side: Side) -> &End {
        &self.ends[side as usize]
    }

    pub(crate) fn end_mut(&mut self, side: Side) -> &mut End {
        &mut self.ends[side as usize]
    }

    /// The end of the bytes that this end can read.
    fn arrived(&self, side: Side) -> usize {
        let other = self.end(side.other());
        other.ends_at.map_or(other.written, |end| end.min(other.written))
    }

    pub(crate) fn is_enabled(&self, action: Action) -> bool {
        let open = |side: Side| !self.end(side).ended;
        match action {
            Action::Send(side) => open(side) && self.left.messages[side as usize] > 0,
            Action::SendFragment(side) => open(side) && self.left.fragments[side as usize] > 0,
            Action::SendTooMuch(side) => open(side) && self.left.too_much[side as usize] > 0,
            Action::Ping(side) => open(side) && self.left.pings[side as usize] > 0,
            Action::Close(side) => open(side) && self.left.closes[side as usize] > 0,
            Action::Transmit(side) => open(side) && self.end(side).connection.wants_transmit(),
            Action::Write(side, amount) => {
                let end = self.end(side);
                open(side) && end.written < end.produced.len() && self.is_distinct(side, amount)
            }
            Action::Read(side, amount) => {
                open(side) && self.end(side).read < self.arrived(side) && {
                    let piece = self.cut_after(side.other(), self.end(side).read);
                    amount == All || piece < self.arrived(side)
                }
            }
            Action::EndOfStream(side) => {
                open(side)
                    && !self.end(side).end_of_stream
                    && self.end(side.other()).ends_at == Some(self.end(side).read)
            }
            Action::Timeout(side) => open(side) && self.times_out(side),
            Action::HalfClose(side) => {
                let end = self.end(side);
                open(side) && end.written == end.produced.len() && end.half_closes(side)
            }
            Action::EndTcp(side) => {
                let end = self.end(side);
                // Unwritten output is waited for until the last deadline has passed.
                let flushed = end.written == end.produced.len() || end.deadline.is_none();
                open(side) && flushed && end.connection.wants_close()
            }
            Action::Reset(side) => {
                let other = self.end(side.other());
                open(side)
                    && other.ended
                    && self.end(side).written > other.read
                    && self.arrived(side) > self.end(side).read
            }
            Action::CutOff(side) => {
                self.left.cuts[side as usize] > 0 && self.end(side).ends_at.is_none()
            }
            Action::Lose => self.left.losses > 0,
        }
    }

    /// Whether the next deadline of this end may pass: no deadline of the other end is skipped.
    fn times_out(&self, side: Side) -> bool {
        let Some(due) = self.end(side).deadline else { return false };
        let other = self.end(side.other());
        let first = match other.deadline {
            _ if other.ended => true,
            Some(deadline) => due <= deadline.max(self.now),
            None => !other.is_closing(),
        };
        first && (self.left.keep_alive != Some(0) || self.end(side).is_closing())
    }

    /// Whether writing a piece differs from writing all.
    fn is_distinct(&self, side: Side, amount: Amount) -> bool {
        let end = self.end(side);
        amount == All || self.cut_after(side, end.written) < end.produced.len()
    }

    /// The next place after `position` at which the stream from this end may be cut.
    fn cut_after(&self, side: Side, position: usize) -> usize {
        if self.cuts == Cuts::Bytes {
            return position + 1;
        }
        let mut begin = 0;
        for frame in frames(&self.end(side).produced) {
            let end = begin + frame.len;
            let edges = match self.cuts {
                Cuts::Edges => vec![begin + 1, end - 1, end],
                _ => vec![end],
            };
            if let Some(place) = edges.into_iter().find(|place| *place > position) {
                return place;
            }
            begin = end;
        }
        self.end(side).produced.len()
    }

    pub(crate) fn step(&mut self, action: Action) {
        let now = self.now;
        match action {
            Action::Send(side) => {
                self.left.messages[side as usize] -= 1;
                let end = self.end_mut(side);
                let event = Event::Text("m".into());
                end.send(event, |connection, out| connection.send("m", out));
            }
            Action::SendFragment(side) => {
                self.left.fragments[side as usize] -= 1;
                let end = self.end_mut(side);
                let before = end.produced.len();
                let result = end.connection.send_fragment(&b""[..], false, &mut end.produced);
                assert_eq!(result.is_err(), end.produced.len() == before);
            }
            Action::SendTooMuch(side) => {
                self.left.too_much[side as usize] -= 1;
                let end = self.end_mut(side);
                let event = Event::Text("mm".into());
                end.send(event, |connection, out| connection.send("mm", out));
            }
            Action::Ping(side) => {
                self.left.pings[side as usize] -= 1;
                let left = self.left.pings[side as usize];
                let end = self.end_mut(side);
                let event = Event::Ping(vec![left].into());
                end.send(event, |connection, out| connection.ping(&[left], out));
            }
            Action::Close(side) => {
                self.left.closes[side as usize] -= 1;
                let close = match side {
                    Client => Close::new(CloseCode::NORMAL, "client"),
                    Server => Close::new(CloseCode::new(4000), "server"),
                };
                let end = self.end_mut(side);
                let before = end.produced.len();
                let allowed = end.may_send();
                let result = end.connection.close(close.clone(), &mut end.produced);
                assert_eq!(result.is_ok(), allowed, "a second Close frame");
                match result {
                    Ok(()) => end.closed_with = Some(close),
                    Err(_) => assert_eq!(end.produced.len(), before),
                }
            }
            Action::Transmit(side) => {
                let end = self.end_mut(side);
                let before = end.produced.len();
                assert!(end.connection.poll_transmit(&mut end.produced), "nothing is pending");
                assert!(end.produced.len() > before && !end.connection.wants_transmit());
            }
            Action::Write(side, amount) => {
                let end = self.end(side);
                let written = match amount {
                    All => end.produced.len(),
                    Piece => self.cut_after(side, end.written),
                };
                self.end_mut(side).written = written;
            }
            Action::Read(side, amount) => {
                let begin = self.end(side).read;
                let end = match amount {
                    All => self.arrived(side),
                    Piece => self.cut_after(side.other(), begin).min(self.arrived(side)),
                };
                let bytes = self.end(side.other()).produced[begin..end].to_vec();
                self.end_mut(side).read = end;
                self.end_mut(side).receive(bytes);
            }
            Action::EndOfStream(side) => {
                let end = self.end_mut(side);
                end.end_of_stream = true;
                let result = end.connection.receive_eof();
                end.note(result);
            }
            Action::Timeout(side) => {
                let due = self.end(side).deadline.expect("enabled");
                self.now = now.max(due);
                if let (Some(left), false) =
                    (&mut self.left.keep_alive, self.ends[side as usize].is_closing())
                {
                    *left -= 1;
                }
                let now = self.now;
                let end = self.end_mut(side);
                end.timeouts.push((now, end.read));
                let result = end.connection.handle_timeout(now);
                end.note(result);
            }
            Action::HalfClose(side) => {
                let end = self.end_mut(side);
                assert!(end.connection.poll_half_close(), "{side:?} drains");
                end.half_closed = true;
                end.ends_at.get_or_insert(end.written);
            }
            Action::EndTcp(side) => {
                let end = self.end_mut(side);
                (end.ended, end.ended_at) = (true, now);
                end.ends_at.get_or_insert(end.written);
                self.first_to_end.get_or_insert(side);
                // The bytes that this end does not write any more, and those that it has not read.
                return;
            }
            Action::Reset(side) => {
                let read = self.end(side).read;
                self.end_mut(side.other()).ends_at = Some(read);
                self.disturbed = true;
            }
            Action::CutOff(side) => {
                self.left.cuts[side as usize] -= 1;
                let end = self.end_mut(side);
                end.ends_at = Some(end.written);
                self.disturbed = true;
            }
            Action::Lose => {
                self.left.losses -= 1;
                let read = Side::BOTH.map(|side| self.end(side.other()).read);
                for (end, read) in self.ends.iter_mut().zip(read) {
                    end.ends_at = Some(end.ends_at.map_or(read, |end| end.min(read)));
                }
                self.disturbed = true;
            }
        }
        if let Some(side) = action.side() {
            self.settle(side);
        }
    }

    /// What the loop around a connection does after each step: it requests the next deadline.
    fn settle(&mut self, side: Side) {
        let now = self.now;
        let end = self.end_mut(side);
        let settled = (!end.connection.timeout_changed()).then(|| end.connection.next_timeout());
        end.deadline = end.connection.poll_timeout(now);
        assert!(settled.is_none_or(|settled| settled == end.deadline), "a deadline unannounced");
        if end.is_closing() {
            end.closing_since.get_or_insert(now);
        }
    }

    /// Everything on which the future and the rules depend.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.left.hash(&mut hasher);
        (self.disturbed, self.first_to_end.map(|side| side as u8)).hash(&mut hasher);
        for end in &self.ends {
            end.fingerprint(self.now, self.left.keep_alive.is_some(), &mut hasher);
        }
        hasher.finish()
    }
}

impl Action {
    fn side(self) -> Option<Side> {
        match self {
            Self::Send(side)
            | Self::SendFragment(side)
            | Self::SendTooMuch(side)
            | Self::Ping(side)
            | Self::Close(side)
            | Self::Transmit(side)
            | Self::Write(side, _)
            | Self::Read(side, _)
            | Self::EndOfStream(side)
            | Self::Timeout(side)
            | Self::HalfClose(side)
            | Self::EndTcp(side) => Some(side),
            Self::Reset(_) | Self::CutOff(_) | Self::Lose => None,
        }
    }
}

impl End {
    fn new(connection: Connection) -> Self {
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

    fn send(
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

    fn receive(&mut self, mut bytes: Vec<u8>) {
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

    fn note(&mut self, result: Result<(), Error>) {
        match result {
            Ok(()) => assert_eq!(self.error, None, "an error is final"),
            Err(error) => {
                assert_eq!(*self.error.get_or_insert(error), error, "an error is final");
            }
        }
    }

    /// Whether the loop has to end the sending direction, once the output is written.
    pub(crate) fn half_closes(&self, side: Side) -> bool {
        side == Server
            && self.error.is_some()
            && !self.half_closed
            && !self.end_of_stream
            && !self.connection.wants_transmit()
    }

    fn fingerprint(&self, now: Instant, keep_alive: bool, hasher: &mut DefaultHasher) {
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

/// A frame on the wire, unmasked.
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
    /// With its header.
    pub(crate) len: usize,
}

/// The complete frames at the start of `wire`: only short ones occur here.
pub(crate) fn frames(mut wire: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = wire {
        let (masked, len) = (second & 0x80 != 0, usize::from(second & 0x7F));
        let key = if masked { rest.get(..4) } else { Some(&[0; 4][..]) };
        let start = if masked { 4 } else { 0 };
        let (Some(key), Some(payload)) = (key, rest.get(start..start + len)) else { break };
        let payload = payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
        frames.push(Frame { first: *first, payload: payload.collect(), len: 2 + start + len });
        wire = &rest[start + len..];
    }
    frames
}

/// No end takes longer to close: a Close frame and its answer each have the close timeout.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
