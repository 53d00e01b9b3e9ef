//! The messages of a client, and their outcomes.

use std::borrow::Cow;

use ws_tokio::Close;
use ws_tokio::proto;

use super::{Client, PendingJoin};
use crate::history::Since;
use crate::notice::Content;
use crate::protocol::{self, Mistake, Request, Room};
use crate::room::RoomName;
use ws_hub::{JoinError, JoinOptions, Joined, RoomHistory};

/// The members of a room that are listed at most.
const LISTED_MEMBERS: usize = 1000;

/// The outcome of a message.
pub(super) enum Outcome {
    Reply(proto::Payload<'static>),
    /// It was queued for others.
    ForOthers,
    /// It is answered later.
    Later,
    /// The client is authenticated; these are the replies.
    Authenticated(Vec<String>),
    /// The client receives this message, then the connection is closed.
    Expelled(String, Close<'static>),
}

impl Client<'_> {
    pub(super) fn handle(&mut self, text: &str) -> Outcome {
        let request = Request::parse(text);
        let reference = request.reference();
        if let Request::Auth { token, .. } = &request {
            return match self.take_rate() {
                true => self.authenticate(token.as_ref(), reference),
                false => error(Mistake::RateLimited, reference),
            };
        }
        if !self.member.is_shown() {
            return self.require_auth(reference);
        }
        // It may be an `auth` message with a mistake.
        let secret = self.service.authenticator.is_some() && text.contains("\"token\"");
        self.log_message(if secret { Content::Secret } else { Content::Text(text) });
        if !self.take_rate() {
            return error(Mistake::RateLimited, reference);
        }
        match request {
            Request::Broadcast { message, .. } if !self.service.engine.takes(message) => {
                error(Mistake::TooLarge, reference)
            }
            Request::Broadcast { message, room: None, .. } => {
                self.broadcast(None, message, reference)
            }
            Request::Broadcast { message, room: Some(room), .. } => match named(room) {
                Ok(room) => self.broadcast(Some(&room), message, reference),
                Err(mistake) => error(mistake, reference),
            },
            Request::Join { room, since, presence, .. } => match named(room) {
                Ok(room) => self.join_room(room, since, presence, reference),
                Err(mistake) => error(mistake, reference),
            },
            Request::Presence { room, .. } => match named(room) {
                Ok(room) => self.list_members(&room, reference),
                Err(mistake) => error(mistake, reference),
            },
            Request::Leave { room, .. } => match named(room) {
                Ok(room) => self.leave_room(&room, reference),
                Err(mistake) => error(mistake, reference),
            },
            Request::Rooms { page, .. } => {
                let is_in = |room: &RoomName| self.member.is_in(room);
                let counts = (self.service.room_count(), self.service.clients());
                let page = match self.access.permissions().readable() {
                    Some(patterns) => page.answer_within(patterns, |page| self.service.rooms(page)),
                    None => self.service.rooms(&page),
                };
                reply(protocol::rooms(&page, counts, is_in, reference))
            }
            Request::Bad { mistake, .. } => error(mistake, reference),
            Request::Ping { time, .. } => reply(protocol::pong(time, reference)),
            Request::Json(json) => reply(protocol::echo_json(json)),
            Request::Text(text) => reply(protocol::echo_text(text)),
            Request::Auth { .. } => Outcome::Later,
        }
    }

    fn broadcast(
        &self,
        room: Option<&RoomName>,
        message: &str,
        reference: Option<&str>,
    ) -> Outcome {
        let is_allowed = match room {
            Some(room) => self.access.permissions().may_write(room.as_str()),
            None => self.access.permissions().may_write_to_everyone(),
        };
        if !is_allowed {
            return self.forbid(reference);
        }
        match self.service.broadcasts.publish(&self.member, room, message) {
            Ok(()) => Outcome::ForOthers,
            Err(_) => error(Mistake::NotInRoom, reference),
        }
    }

    fn join_room(
        &mut self,
        room: RoomName,
        since: Option<Since>,
        watch: bool,
        reference: Option<&str>,
    ) -> Outcome {
        if !self.access.permissions().may_read(room.as_str()) {
            return self.forbid(reference);
        }
        let recovers = since.is_some() && !self.member.is_in(&room);
        let options = JoinOptions { since: since.and_then(|Since(position)| position), watch };
        match self.member.join_with(room.clone(), options) {
            Ok(Joined::Ready { members, history }) => {
                reply(self.joined(&room, members, history, recovers, reference))
            }
            Ok(Joined::Pending) => {
                let reference = reference.map(Box::from);
                self.pending.insert(room, PendingJoin { reference, recovers });
                Outcome::Later
            }
            Err(JoinError::Hidden) => error(Mistake::AuthRequired, reference),
            Err(_) => error(Mistake::TooManyRooms, reference),
        }
    }

    /// The reply to a client that has joined a room.
    pub(super) fn joined(
        &self,
        room: &RoomName,
        members: usize,
        history: Option<RoomHistory>,
        recovers: bool,
        reference: Option<&str>,
    ) -> String {
        let position = history.map(|history| history.position);
        let recovered = history.and_then(|history| history.recovered);
        let recovered = recovers.then_some(recovered == Some(true));
        recovered.into_iter().for_each(|it| self.service.metrics().history.recover(it));
        protocol::joined(room, members, position, recovered, reference)
    }

    fn list_members(&self, room: &RoomName, reference: Option<&str>) -> Outcome {
        if !self.member.is_in(room) {
            return error(Mistake::NotInRoom, reference);
        }
        let (clients, listed) = self.service.members(room, LISTED_MEMBERS);
        reply(protocol::presence(room, clients, listed.into_iter(), reference))
    }

    fn leave_room(&mut self, room: &RoomName, reference: Option<&str>) -> Outcome {
        self.pending.remove(room);
        match self.member.leave(room) {
            Ok(members) => reply(protocol::left(room, members, reference)),
            Err(_) => error(Mistake::NotInRoom, reference),
        }
    }

    pub(super) fn handle_binary(&mut self, data: &[u8]) -> Outcome {
        if !self.member.is_shown() {
            return self.require_auth(None);
        }
        self.log_message(Content::Binary(data.len()));
        match self.take_rate() {
            true => Outcome::Reply(proto::Payload::Binary(Cow::Owned(data.to_vec()))),
            false => error(Mistake::RateLimited, None),
        }
    }

    /// The replies before authentication have the same rate limit.
    fn require_auth(&mut self, reference: Option<&str>) -> Outcome {
        let limited = !self.take_rate();
        error(if limited { Mistake::RateLimited } else { Mistake::AuthRequired }, reference)
    }
}

pub(super) fn reply(text: String) -> Outcome {
    Outcome::Reply(text.into())
}

pub(super) fn error(mistake: Mistake, reference: Option<&str>) -> Outcome {
    reply(protocol::error(mistake, reference))
}

fn named(room: Room) -> Result<RoomName, Mistake> {
    match room {
        Room::Named(name) => Ok(name),
        Room::Bad => Err(Mistake::BadRoom),
    }
}
