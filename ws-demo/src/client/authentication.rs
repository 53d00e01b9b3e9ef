//! The tokens of a client: the first one, its renewals, and the end of what they grant.

use std::iter;

use ws_tokio::{Close, CloseCode};

use super::Client;
use super::requests::{Outcome, error};
use crate::disconnect::END_OF_GRANT;
use crate::identity::{Grant, Refusal};
use crate::notice::{Content, Notice};
use crate::protocol::{self, Mistake, Token};
use crate::refused::Refused;
use crate::room::RoomName;

/// The close code after a token that is refused. From 4500 on clients do not try again.
pub(super) const AUTH_FAILED: CloseCode = CloseCode::new(4501);

impl Client<'_> {
    /// A client that is authenticated already may renew its grant.
    pub(super) fn authenticate(
        &mut self,
        token: Option<&Token<'_>>,
        reference: Option<&str>,
    ) -> Outcome {
        self.log_message(Content::Secret);
        let token = token.map_or(&b""[..], Token::as_bytes);
        let accepted = match self.service.verify(token) {
            // A client that sends a token to a server that requires none is answered, too.
            None => Ok(()),
            Some(verified) => verified.and_then(|grant| self.accept(grant)),
        };
        match accepted {
            Ok(()) => {
                let left = self.leave_forbidden_rooms();
                let replies = iter::once(protocol::auth_ok(reference)).chain(left);
                Outcome::Authenticated(replies.collect())
            }
            Err(refusal) => {
                let (error, close) = self.expel(Mistake::AuthFailed(refusal), AUTH_FAILED);
                Outcome::Expelled(error, close)
            }
        }
    }

    /// From now on the client has this grant.
    pub(super) fn accept(&mut self, grant: Grant) -> Result<(), Refusal> {
        let Some(authenticator) = &self.service.authenticator else { return Ok(()) };
        let grant = authenticator.identify(self.member.data(), grant)?;
        self.access.set(grant);
        Ok(())
    }

    /// After a renewal: the replies to the client about rooms that it may not read any more.
    fn leave_forbidden_rooms(&mut self) -> Vec<String> {
        let is_forbidden = |room: &&RoomName| !self.access.permissions().may_read(room.as_str());
        let rooms: Vec<_> = self.member.rooms().filter(is_forbidden).cloned().collect();
        let mut replies = Vec::with_capacity(rooms.len());
        for room in rooms {
            self.pending.remove(&room);
            let left = self.member.leave(&room);
            replies.extend(left.map(|members| protocol::left(&room, members, None)));
        }
        replies
    }

    pub(super) fn forbid(&self, reference: Option<&str>) -> Outcome {
        self.service.metrics().access.forbid();
        error(Mistake::Forbidden, reference)
    }

    /// The Close frame to a client whose grant has ended.
    pub(super) fn expire(&self) -> Close<'static> {
        let reason = Refusal::Expired.message();
        self.log(&Notice::Failed { id: self.id(), address: self.address, error: &reason });
        self.service.metrics().access.expire();
        Close::new(END_OF_GRANT, reason)
    }

    /// The message and the Close frame to a client that fails to authenticate.
    pub(super) fn expel(&self, mistake: Mistake, code: CloseCode) -> (String, Close<'static>) {
        let error = mistake.message();
        self.service.refuse(Refused::Unauthenticated, self.address, Some(self.id()), Some(&error));
        (protocol::error(mistake, None), Close::new(code, mistake.message()))
    }
}
