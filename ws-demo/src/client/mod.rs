//! One client, from its first message to its end.

mod deadlines;
mod tally;

use std::borrow::Cow;
use std::future::{Future as _, poll_fn};
use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::task::yield_now;
use tokio::time::Instant;
use ws_tokio::proto::{self, ErrorKind};
use ws_tokio::{Batch, Close, CloseCode, Closed, Error, Event, WebSocket};

use crate::hub::{End, Joining, Member, Next, Outbox, Waiting};
use crate::metrics::Refused;
use crate::notice::{Content, Notice};
use crate::protocol::{self, Mistake, Request, Room, Token};
use crate::rate::Bucket;
use crate::room::RoomName;
use crate::service::Service;
use crate::stream::Stream;
use deadlines::Deadlines;
use tally::Tally;

/// Close codes of our own. From 4500 on clients do not try again.
const AUTH_FAILED: CloseCode = CloseCode::new(4501);
const AUTH_TIMEOUT: CloseCode = CloseCode::new(4502);

/// Serves a client until it is gone; says whether both sides said goodbye. `variant` is that of the
/// connection's configuration.
pub(crate) async fn run(mut socket: WebSocket<Stream>, variant: usize, service: &Service) -> bool {
    let mut client = Client {
        member: service.hub.enter(),
        variant,
        bucket: service.settings.message_rate.map(|_| Bucket::new(Instant::now())),
        service,
    };
    match client.serve(&mut socket).await {
        Ok(()) => {}
        Err(Error::Protocol(error)) if error.kind() == ErrorKind::PingTimeout => {
            client.tell(&Notice::FailedHeartbeat { id: client.member.id() });
        }
        Err(error) => client.tell(&Notice::Failed { id: client.member.id(), error: &error }),
    }
    service.metrics().disconnect(socket.closed());
    socket.closed().is_some_and(Closed::is_clean)
}

/// A place in the hub, given up when this is dropped, for whatever reason.
struct Client<'s> {
    member: Member,
    variant: usize,
    /// What is left of the rate of its messages, if there is a limit.
    bucket: Option<Bucket>,
    service: &'s Service,
}

/// What came of something the client sent.
enum Outcome {
    Reply(proto::Message<'static>),
    /// It was for others, who have got it.
    ForOthers,
    /// There is an answer, but not yet.
    Later,
    /// It is a client from now on.
    Authenticated(String),
    /// It is to be told, and then to leave.
    Expelled(String, Close<'static>),
}

/// What came of everything that a client sent at once.
#[derive(Default)]
struct Received {
    for_others: bool,
    /// The heartbeat was answered.
    pong: bool,
    end: Option<Close<'static>>,
}

impl Client<'_> {
    async fn serve(&mut self, socket: &mut WebSocket<Stream>) -> Result<(), Error> {
        let mut deadlines = Deadlines::default();
        match self.service.tokens {
            None => socket.feed(self.join()).await?,
            Some(_) => deadlines.begin_auth(self.service.settings.auth_timeout),
        }
        loop {
            let turn = self.turn(socket, &mut deadlines).await?;
            if turn.input == Input::Ended {
                return Ok(());
            }
            if turn.auth_timeout {
                let (error, close) = self.expel(Mistake::AuthTimeout, AUTH_TIMEOUT);
                socket.feed(error).await?;
                return self.close(socket, close).await;
            }
            if turn.stalled {
                self.member.stall();
            }
            if turn.output
                && let Some(end) = self.send_waiting(socket).await
            {
                return self.end(socket, end).await;
            }
            if turn.input == Input::Arrived {
                // It is at hand, so this does not wait.
                let Some(batch) = socket.read().await? else { return Ok(()) };
                let Received { for_others, pong, end } = self.receive(batch);
                deadlines.pong |= pong;
                if let Some(close) = end {
                    return self.close(socket, close).await;
                }
                if self.member.has_joined() {
                    deadlines.end_auth();
                }
                if for_others {
                    // They get their turn before more comes for them: when somebody sends much at
                    // once, those should not seem slow who only had no chance.
                    yield_now().await;
                }
            }
        }
    }

    /// Makes it one of the clients; returns its welcome.
    fn join(&mut self) -> String {
        let total = self.member.join();
        self.tell(&Notice::Connected { id: self.member.id(), total });
        protocol::welcome(self.member.id(), self.service.hub.clients_everywhere())
    }

    /// Does what the client wants.
    fn receive(&mut self, mut batch: Batch<'_>) -> Received {
        let mut received = Received::default();
        let mut traffic = Tally::new(self.service.metrics());
        while let Some(event) = batch.next() {
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
                    self.tell(&Notice::Close { id: self.member.id(), close: &close });
                    continue;
                }
                Event::Pong(_) => {
                    received.pong = true;
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
                Outcome::Authenticated(ok) => {
                    batch.connection().0.set_config(self.service.client_config(self.variant));
                    traffic.send(&mut batch, ok.into());
                    if !self.member.has_joined() {
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
        if !self.member.has_joined() {
            return self.require_auth(reference);
        }
        // Somebody may have got an `auth` wrong.
        let secret = self.service.tokens.is_some() && text.contains("\"token\"");
        self.tell_message(if secret { Content::Secret } else { Content::Text(text) });
        if !self.take_rate() {
            return error(Mistake::RateLimited, reference);
        }
        match request {
            Request::Broadcast { message, .. } if !self.member.hub().takes(message) => {
                error(Mistake::TooLarge, reference)
            }
            Request::Broadcast { message, room: None, .. } => {
                self.member.broadcast(message);
                Outcome::ForOthers
            }
            Request::Broadcast { message, room: Some(room), .. } => match named(room) {
                Ok(room) => match self.member.broadcast_to(&room, message) {
                    Ok(()) => Outcome::ForOthers,
                    Err(_) => error(Mistake::NotInRoom, reference),
                },
                Err(mistake) => error(mistake, reference),
            },
            Request::Join { room, .. } => match named(room) {
                Ok(room) => match self.member.join_room(room.clone(), reference) {
                    Joining::Joined(clients) => reply(protocol::joined(&room, clients, reference)),
                    Joining::Later => Outcome::Later,
                    Joining::TooManyRooms => error(Mistake::TooManyRooms, reference),
                },
                Err(mistake) => error(mistake, reference),
            },
            Request::Leave { room, .. } => match named(room) {
                Ok(room) => match self.member.leave_room(&room) {
                    Ok(clients) => reply(protocol::left(&room, clients, reference)),
                    Err(_) => error(Mistake::NotInRoom, reference),
                },
                Err(mistake) => error(mistake, reference),
            },
            Request::Rooms { .. } => {
                let hub = self.member.hub();
                let is_in = |room: &RoomName| self.member.is_in(room);
                let clients = hub.clients_everywhere();
                reply(protocol::rooms(clients, hub.rooms(), is_in, reference))
            }
            Request::Ping { time, .. } => reply(protocol::pong(time, reference)),
            Request::Json(json) => reply(protocol::echo_json(json)),
            Request::Text(text) => reply(protocol::echo_text(text)),
            Request::Auth { .. } => Outcome::Later,
        }
    }

    fn handle_binary(&mut self, data: &[u8]) -> Outcome {
        if !self.member.has_joined() {
            return self.require_auth(None);
        }
        self.tell_message(Content::Binary(data.len()));
        match self.take_rate() {
            true => Outcome::Reply(proto::Message::Binary(Cow::Owned(data.to_vec()))),
            false => error(Mistake::RateLimited, None),
        }
    }

    /// Whoever is no client yet is told so no more often than clients are answered.
    fn require_auth(&mut self, reference: Option<&str>) -> Outcome {
        let limited = !self.take_rate();
        error(if limited { Mistake::RateLimited } else { Mistake::AuthRequired }, reference)
    }

    /// A token is good for a client already, or where none is asked for: then it is not looked at.
    fn authenticate(&self, token: Option<&Token<'_>>, reference: Option<&str>) -> Outcome {
        self.tell_message(Content::Secret);
        let good = match &self.service.tokens {
            Some(tokens) if !self.member.has_joined() => {
                token.is_some_and(|token| tokens.accept(token.as_bytes()))
            }
            _ => true,
        };
        if good {
            return Outcome::Authenticated(protocol::auth_ok(reference));
        }
        let (error, close) = self.expel(Mistake::AuthFailed, AUTH_FAILED);
        Outcome::Expelled(error, close)
    }

    /// What somebody is told who does not become a client.
    fn expel(&self, mistake: Mistake, code: CloseCode) -> (String, Close<'static>) {
        let error = &mistake.message();
        self.tell(&Notice::Failed { id: self.member.id(), error });
        self.service.metrics().refuse(Refused::Unauthenticated);
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
        }
        taken
    }

    fn tell(&self, notice: &Notice<'_>) {
        (self.service.journal)(notice);
    }

    fn tell_message(&self, content: Content<'_>) {
        self.tell(&Notice::Message { id: self.member.id(), content });
    }

    /// Closes the connection because of what its outbox says.
    async fn end(&self, socket: &mut WebSocket<Stream>, end: End) -> Result<(), Error> {
        let close = match end {
            End::Close(close) => close,
            End::TooSlow => {
                let error = &"too slow: what waited for it was over the limit";
                self.tell(&Notice::Failed { id: self.member.id(), error });
                Close::new(CloseCode::TRY_AGAIN_LATER, "too slow: too much waited for you")
            }
        };
        self.close(socket, close).await
    }

    /// Closes the connection from our side.
    async fn close(
        &self,
        socket: &mut WebSocket<Stream>,
        close: Close<'static>,
    ) -> Result<(), Error> {
        let ended = socket.close_and_discard(close).await;
        if let Some(close) = socket.closed().and_then(|closed| closed.received.as_ref()) {
            self.tell(&Notice::Close { id: self.member.id(), close });
        }
        ended
    }

    /// Waits until something can be done.
    ///
    /// Reading stays polled all the time, for that is what keeps the connection's deadlines; it
    /// takes no input while the client does not take its output, so that a client which only sends
    /// is held up, and given up only when it takes nothing for long. Output and input get their
    /// turns together: neither can starve the other.
    async fn turn(
        &self,
        socket: &mut WebSocket<Stream>,
        deadlines: &mut Deadlines,
    ) -> Result<Turn, Error> {
        let outbox: &Outbox = self.member.outbox();
        poll_fn(|cx| {
            let open = socket.closed().is_none();
            let output = open
                && match outbox.poll_waiting(cx) {
                    Poll::Ready(Waiting::Message) => pin!(socket.ready()).poll(cx).is_ready(),
                    Poll::Ready(Waiting::End) => true,
                    Poll::Pending => false,
                };
            let input = match pin!(socket.read()).poll(cx) {
                Poll::Ready(Ok(Some(_untouched))) => Input::Arrived,
                Poll::Ready(Ok(None)) => Input::Ended,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => Input::Nothing,
            };
            if input == Input::Nothing
                && mem::take(&mut deadlines.pong)
                && let Some(time) = socket.rtt()
            {
                self.service.metrics().round_trip(time);
            }
            let stalled = open && input == Input::Nothing && self.stalls(socket, deadlines, cx);
            let auth_timeout = open && deadlines.auth_has_passed(cx);
            let turn = Turn { output, input, stalled, auth_timeout };
            match turn.is_nothing() {
                true => Poll::Pending,
                false => Poll::Ready(Ok(turn)),
            }
        })
        .await
    }

    /// Whether the stream has taken nothing of what waits for too long.
    fn stalls(
        &self,
        socket: &mut WebSocket<Stream>,
        deadlines: &mut Deadlines,
        cx: &mut Context<'_>,
    ) -> bool {
        if pin!(socket.flush()).poll(cx).is_ready() {
            deadlines.end_stall();
            return false;
        }
        let written = socket.get_ref().get_ref().written();
        deadlines.stall_has_passed(written, self.service.settings.queue_timeout, cx)
    }

    /// Moves what waits to the connection while there is room; returns the end if it is reached.
    async fn send_waiting(&self, socket: &mut WebSocket<Stream>) -> Option<End> {
        let outbox = self.member.outbox();
        let mut traffic = Tally::new(self.service.metrics());
        poll_fn(|cx| {
            loop {
                let Some(next) = outbox.next() else { return Poll::Ready(None) };
                let message = match next {
                    Next::End(end) => return Poll::Ready(Some(end)),
                    Next::Send(message) => message,
                };
                match pin!(socket.feed_prepared(&message)).poll(cx) {
                    Poll::Ready(Ok(())) => traffic.text_sent(message.payload().len()),
                    // The connection is closing.
                    Poll::Ready(Err(_)) => return Poll::Ready(None),
                    Poll::Pending => {
                        outbox.put_back(Arc::clone(&message));
                        return Poll::Ready(None);
                    }
                }
            }
        })
        .await
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
        if self.member.has_joined() {
            let total = self.member.depart();
            self.tell(&Notice::Disconnected { id: self.member.id(), total });
        }
    }
}

/// What can be done without waiting.
struct Turn {
    /// Something waits in the outbox, and nothing holds it up.
    output: bool,
    input: Input,
    /// The client has taken nothing for too long.
    stalled: bool,
    /// It has not said who it is for too long.
    auth_timeout: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    Nothing,
    Arrived,
    Ended,
}

impl Turn {
    fn is_nothing(&self) -> bool {
        !self.output && self.input == Input::Nothing && !self.stalled && !self.auth_timeout
    }
}
