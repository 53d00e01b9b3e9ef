//! Two connections, the streams between them and their clock, one step at a time.

use core::hash::{Hash, Hasher};
use std::collections::hash_map::DefaultHasher;

use ws_proto::{Close, CloseCode, Config, Connection, Event, Instant, Limits};

use crate::closing_model::action::{Action, Amount, Side};
use crate::closing_model::end::End;
use crate::pair::{SEED, wire};

use Amount::{All, Piece};
use Side::{Client, Server};

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
        let produced = &*self.end(side).produced;
        let (mut begin, mut rest) = (0, produced);
        while wire::take(&mut rest).is_some() {
            let end = produced.len() - rest.len();
            let edges = match self.cuts {
                Cuts::Edges => vec![begin + 1, end - 1, end],
                _ => vec![end],
            };
            if let Some(place) = edges.into_iter().find(|place| *place > position) {
                return place;
            }
            begin = end;
        }
        produced.len()
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
