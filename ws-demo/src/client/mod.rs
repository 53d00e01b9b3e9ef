//! One client, from its first message to its end.

mod session;
mod tally;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::future::{Future as _, poll_fn};
use std::iter;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::SystemTime;

use tokio::task::yield_now;
use tokio::time::{Instant, Sleep, sleep, timeout};
use ws_tokio::proto::{self, ErrorKind, Stats};
use ws_tokio::upgrade::{UpgradeFuture, WebSocket};
use ws_tokio::{Batch, Close, CloseCode, Closed, Error, Event};

use crate::admission::{Admitted, End};
use crate::broadcast::Member;
use crate::disconnect::END_OF_GRANT;
use crate::history::Since;
use crate::id::ClientId;
use crate::identity::{Grant, Permissions, Refusal};
use crate::notice::{Content, Notice, Session};
use crate::protocol::{self, Mistake, Request, Room, Token};
use crate::rate::Bucket;
use crate::refused::Refused;
use crate::room::RoomName;
use crate::service::Service;
use session::decisive_close;
use tally::Tally;
use ws_hub::{CloseCause, JoinError, JoinOptions, Joined, MemberEvent, RoomHistory};

/// Close codes of our own. From 4500 on clients do not try again.
const AUTH_FAILED: CloseCode = CloseCode::new(4501);
const AUTH_TIMEOUT: CloseCode = CloseCode::new(4502);

/// The bytes of replies that may wait until further messages of a client are handled: lists are much longer
/// than their requests.
const MAX_WAITING: usize = 256 * 1024;

/// The members of a room that are listed at most.
const LISTED_MEMBERS: usize = 1000;

/// A client that was admitted, and whose handshake is about to end.
pub(crate) struct Opening {
    pub(crate) socket: UpgradeFuture,
    pub(crate) admitted: Admitted,
    /// Its address, if it has one.
    pub(crate) address: Option<IpAddr>,
    /// Which of the service's configurations it has.
    pub(crate) variant: usize,
    /// What the token of its request grants, if there was one.
    pub(crate) grant: Option<Grant>,
}

/// Serves a client until it is gone.
pub(crate) async fn run(opening: Opening, service: Arc<Service>) {
    let Opening { socket, mut admitted, address, variant, grant } = opening;
    let mut socket = match socket.await {
        Ok(socket) => socket,
        Err(error) => return tracing::debug!("[ws] opening a WebSocket failed: {error}"),
    };
    let service = &*service;
    service.metrics().accept();
    admitted.set_end(End::Cut);
    let mut client = Client {
        member: service.enter(),
        grant: None,
        expiry: None,
        address,
        since: Instant::now(),
        pending: BTreeMap::new(),
        pong: false,
        closing: false,
        variant,
        bucket: service.settings.message_rate.map(|_| Bucket::new(Instant::now())),
        service,
    };
    let served = client.serve(&mut socket, grant).await;
    if let Some(close) = socket.closed().and_then(|closed| closed.received.as_ref())
        && client.closing
    {
        client.log(&Notice::Close { id: client.id(), close });
    }
    match served {
        Ok(()) => {}
        Err(Error::Protocol(error)) if error.kind() == ErrorKind::PingTimeout => {
            client.log(&Notice::FailedHeartbeat { id: client.id(), address });
        }
        Err(error) => client.log(&Notice::Failed { id: client.id(), address, error: &error }),
    }
    let close = decisive_close(socket.closed());
    service.metrics().disconnect(close.code);
    let Stats { received, sent, .. } = socket.stats();
    client.depart(close, received.bytes, sent.bytes);
    if socket.closed().is_some_and(Closed::is_clean) {
        admitted.set_end(End::Clean);
    }
}

/// A client of the hub until this is dropped.
struct Client<'s> {
    member: Member,
    /// `None`: it has not authenticated, or need not.
    grant: Option<Arc<Grant>>,
    /// The end of the grant, if it has one.
    expiry: Option<Pin<Box<Sleep>>>,
    address: Option<IpAddr>,
    since: Instant,
    /// The rooms whose joining is not answered yet.
    pending: BTreeMap<RoomName, PendingJoin>,
    /// A pong has arrived, whose round-trip time is known after the next look at the clock.
    pong: bool,
    /// Whether it is closed from our side.
    closing: bool,
    variant: usize,
    /// The state of its message rate, if there is a limit.
    bucket: Option<Bucket>,
    service: &'s Service,
}

/// A request to join a room that is not answered yet.
struct PendingJoin {
    reference: Option<Box<str>>,
    /// Whether the client wants what it has missed.
    recovers: bool,
}

/// The outcome of a message.
enum Outcome {
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

/// What to do after an event.
#[derive(Default)]
struct Handled {
    /// Messages were queued for others.
    for_others: bool,
    reply: Option<String>,
    end: Option<Close<'static>>,
}

/// Why [`Client::serve_until`] has returned.
enum Served {
    /// The condition is met.
    Until,
    /// The connection is to be closed.
    Expelled(Close<'static>),
    /// The connection has ended.
    Ended,
}

/// The result of [`Client::next_step`].
enum Step<'s> {
    Event(MemberEvent<'s, RoomName>),
    /// The connection has ended.
    Ended,
    /// The grant has ended.
    Expired,
}

impl Client<'_> {
    fn id(&self) -> ClientId {
        *self.member.key()
    }

    async fn serve(&mut self, socket: &mut WebSocket, grant: Option<Grant>) -> Result<(), Error> {
        if let Some(grant) = grant {
            if let Err(refusal) = self.accept(grant) {
                let (error, close) = self.expel(Mistake::AuthFailed(refusal), AUTH_FAILED);
                socket.feed(error).await?;
                return self.close(socket, close).await;
            }
            socket.set_config(self.service.client_config(self.variant));
            socket.feed(self.join()).await?;
        } else if self.service.authenticator.is_none() {
            socket.feed(self.join()).await?;
        } else if !self.serve_unauthenticated(socket).await? {
            return Ok(());
        }
        match self.serve_until(socket, |_| false).await? {
            Served::Expelled(close) => self.close(socket, close).await,
            Served::Until | Served::Ended => Ok(()),
        }
    }

    /// Serves it until it is authenticated; returns whether it is.
    async fn serve_unauthenticated(&mut self, socket: &mut WebSocket) -> Result<bool, Error> {
        let limit = self.service.settings.auth_timeout;
        // Boxed: the task should not stay as large as it is before authentication.
        let serving = Box::pin(timeout(limit, self.serve_until(socket, Member::is_shown)));
        match serving.await {
            Ok(Ok(Served::Until)) => Ok(true),
            Ok(Ok(Served::Ended)) => Ok(false),
            Ok(Ok(Served::Expelled(close))) => self.close(socket, close).await.map(|()| false),
            Ok(Err(error)) => Err(error),
            // It is closing already.
            Err(_elapsed) if socket.closed().is_some() => Ok(true),
            Err(_elapsed) => {
                let (error, close) = self.expel(Mistake::AuthTimeout, AUTH_TIMEOUT);
                socket.feed(error).await?;
                self.close(socket, close).await.map(|()| false)
            }
        }
    }

    async fn serve_until(
        &mut self,
        socket: &mut WebSocket,
        until: fn(&Member) -> bool,
    ) -> Result<Served, Error> {
        while !until(&self.member) {
            let event = match self.next_step(socket).await? {
                Step::Event(event) => event,
                Step::Ended => return Ok(Served::Ended),
                Step::Expired => return Ok(Served::Expelled(self.expire())),
            };
            let Handled { for_others, reply, end } = self.handle_event(event);
            if let Some(close) = end {
                return Ok(Served::Expelled(close));
            }
            if let Some(reply) = reply {
                Tally::new(self.service.metrics()).text_sent(reply.len());
                socket.feed(reply).await?;
            }
            if self.pong {
                self.time_round_trip(socket).await;
            }
            if for_others {
                // The receivers run before more is queued for them: in a burst from one sender a
                // receiver that had no chance to run must not count as slow.
                yield_now().await;
            }
        }
        Ok(Served::Until)
    }

    /// Waits for the next event, or the end of the grant. Not `select!`: with it the task of each client
    /// would be larger, also of those whose grant has no end.
    async fn next_step<'s>(&mut self, socket: &'s mut WebSocket) -> Result<Step<'s>, Error> {
        let Self { member, expiry, .. } = self;
        let mut event = pin!(member.next_event(socket));
        poll_fn(|cx| {
            if expiry.as_mut().is_some_and(|expiry| expiry.as_mut().poll(cx).is_ready()) {
                *expiry = None;
                return Poll::Ready(Ok(Step::Expired));
            }
            event.as_mut().poll(cx).map_ok(|event| event.map_or(Step::Ended, Step::Event))
        })
        .await
    }

    fn handle_event(&mut self, event: MemberEvent<'_, RoomName>) -> Handled {
        let metrics = self.service.metrics();
        match event {
            MemberEvent::Received(batch) => return self.receive(batch),
            MemberEvent::Sent { messages, bytes } => {
                metrics.sent.text.add(messages as u64, bytes as u64);
            }
            MemberEvent::RoomReady { room, members, history } => {
                let reply =
                    self.pending.remove(&room).map(|PendingJoin { reference, recovers }| {
                        self.joined(&room, members, history, recovers, reference.as_deref())
                    });
                return Handled { reply, ..Handled::default() };
            }
            MemberEvent::Missed { messages } => metrics.miss(1, messages),
            MemberEvent::Closing(cause) => {
                self.closing = true;
                if cause == CloseCause::TooSlow {
                    metrics.close_slow();
                    let error = &"too slow: the messages queued for it exceed the limit";
                    self.log(&Notice::Failed { id: self.id(), address: self.address, error });
                }
            }
        }
        Handled::default()
    }

    /// Notes how long the latest round trip took, unless there is more input first.
    async fn time_round_trip(&mut self, socket: &mut WebSocket) {
        if poll_fn(|cx| Poll::Ready(pin!(socket.read()).poll(cx).is_pending())).await {
            self.pong = false;
            socket.rtt().into_iter().for_each(|time| self.service.metrics().round_trip(time));
        }
    }

    /// Shows it to the other clients; returns its welcome.
    fn join(&mut self) -> String {
        let total = self.member.show();
        let Self { address, .. } = *self;
        self.log(&Notice::Connected { id: self.id(), user: self.user(), address, total });
        protocol::welcome(self.id(), self.service.clients())
    }

    /// Handles what has arrived.
    fn receive(&mut self, mut batch: Batch<'_>) -> Handled {
        let mut received = Handled::default();
        let mut traffic = Tally::new(self.service.metrics());
        // The rest of the batch waits until the replies are written.
        while batch.buffered() < MAX_WAITING
            && let Some(event) = batch.next()
        {
            let outcome = match event {
                Event::Text(text) => {
                    traffic.text_received(text.len());
                    self.handle(&text)
                }
                Event::Binary(data) => {
                    traffic.binary_received(data.len());
                    match str::from_utf8(&data) {
                        Ok(text) => self.handle(text),
                        Err(_) => self.handle_binary(&data),
                    }
                }
                Event::Close(close) => {
                    self.log(&Notice::Close { id: self.id(), close: &close });
                    continue;
                }
                Event::Pong(_) => {
                    self.pong = true;
                    continue;
                }
                Event::Ping(_) => continue,
                Event::TextChunk { .. } | Event::BinaryChunk { .. } => {
                    unreachable!("whole messages are delivered by default")
                }
            };
            match outcome {
                Outcome::Reply(reply) => traffic.send(&mut batch, reply),
                Outcome::ForOthers => received.for_others = true,
                Outcome::Later => {}
                Outcome::Authenticated(replies) => {
                    batch.connection().0.set_config(self.service.client_config(self.variant));
                    replies.into_iter().for_each(|reply| traffic.send(&mut batch, reply.into()));
                    if !self.member.is_shown() {
                        traffic.send(&mut batch, self.join().into());
                    }
                }
                Outcome::Expelled(error, close) => {
                    traffic.send(&mut batch, error.into());
                    received.end = Some(close);
                    break;
                }
            }
        }
        received
    }

    fn handle(&mut self, text: &str) -> Outcome {
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
                let page = match self.permissions().readable() {
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
            Some(room) => self.permissions().may_write(room.as_str()),
            None => self.permissions().may_write_to_everyone(),
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
        if !self.permissions().may_read(room.as_str()) {
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
    fn joined(
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

    fn handle_binary(&mut self, data: &[u8]) -> Outcome {
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

    /// A client that is authenticated already may renew its grant.
    fn authenticate(&mut self, token: Option<&Token<'_>>, reference: Option<&str>) -> Outcome {
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
    fn accept(&mut self, grant: Grant) -> Result<(), Refusal> {
        let Some(authenticator) = &self.service.authenticator else { return Ok(()) };
        let grant = authenticator.identify(self.member.data(), grant)?;
        self.expiry = match grant.expiry {
            Some(expiry) => {
                let remaining = expiry.duration_since(SystemTime::now()).unwrap_or_default();
                Some(Box::pin(sleep(remaining)))
            }
            None => None,
        };
        self.grant = Some(grant);
        Ok(())
    }

    /// After a renewal: the replies to the client about rooms that it may not read any more.
    fn leave_forbidden_rooms(&mut self) -> Vec<String> {
        let is_forbidden = |room: &&RoomName| !self.permissions().may_read(room.as_str());
        let rooms: Vec<_> = self.member.rooms().filter(is_forbidden).cloned().collect();
        let mut replies = Vec::with_capacity(rooms.len());
        for room in rooms {
            self.pending.remove(&room);
            let left = self.member.leave(&room);
            replies.extend(left.map(|members| protocol::left(&room, members, None)));
        }
        replies
    }

    fn user(&self) -> Option<&str> {
        self.grant.as_ref().and_then(|grant| grant.user.as_deref())
    }

    fn permissions(&self) -> &Permissions {
        self.grant.as_ref().map_or(&Permissions::ALL, |grant| &grant.permissions)
    }

    fn forbid(&self, reference: Option<&str>) -> Outcome {
        self.service.metrics().access.forbid();
        error(Mistake::Forbidden, reference)
    }

    /// The Close frame to a client whose grant has ended.
    fn expire(&self) -> Close<'static> {
        let reason = Refusal::Expired.message();
        self.log(&Notice::Failed { id: self.id(), address: self.address, error: &reason });
        self.service.metrics().access.expire();
        Close::new(END_OF_GRANT, reason)
    }

    /// The message and the Close frame to a client that fails to authenticate.
    fn expel(&self, mistake: Mistake, code: CloseCode) -> (String, Close<'static>) {
        let error = mistake.message();
        self.service.refuse(Refused::Unauthenticated, self.address, Some(self.id()), Some(&error));
        (protocol::error(mistake, None), Close::new(code, mistake.message()))
    }

    fn take_rate(&mut self) -> bool {
        let Some((bucket, rate)) = self.bucket.as_mut().zip(self.service.settings.message_rate)
        else {
            return true;
        };
        let taken = bucket.take(rate, Instant::now());
        if !taken {
            self.service.metrics().limit_rate();
            self.log(&Notice::RateLimited { id: self.id(), address: self.address });
        }
        taken
    }

    /// Leaves the hub, after a connection that ended with this Close and had these bytes on the wire.
    fn depart(&mut self, close: Close<'_>, bytes_in: u64, bytes_out: u64) {
        if self.member.is_shown() {
            let total = self.member.depart();
            let (user, address, duration) = (self.user(), self.address, self.since.elapsed());
            let session = &Session { user, address, close, duration, bytes_in, bytes_out };
            self.log(&Notice::Disconnected { id: self.id(), session, total });
        }
    }

    fn log(&self, notice: &Notice<'_>) {
        self.service.journal.log(notice);
    }

    fn log_message(&self, content: Content<'_>) {
        self.log(&Notice::Message { id: self.id(), content });
    }

    /// Closes the connection from our side.
    async fn close(&mut self, socket: &mut WebSocket, close: Close<'static>) -> Result<(), Error> {
        self.closing = true;
        socket.close_and_discard(close).await
    }
}

fn reply(text: String) -> Outcome {
    Outcome::Reply(text.into())
}

fn error(mistake: Mistake, reference: Option<&str>) -> Outcome {
    reply(protocol::error(mistake, reference))
}

fn named(room: Room) -> Result<RoomName, Mistake> {
    match room {
        Room::Named(name) => Ok(name),
        Room::Bad => Err(Mistake::BadRoom),
    }
}

impl Drop for Client<'_> {
    fn drop(&mut self) {
        // After `depart`, unless the task has panicked.
        self.depart(CloseCode::ABNORMAL.into(), 0, 0);
    }
}
