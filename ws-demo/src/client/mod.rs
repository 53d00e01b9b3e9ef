//! One client, from its first message to its end.

mod access;
mod authentication;
mod requests;
mod session;
mod tally;

use std::collections::BTreeMap;
use std::future::{Future as _, poll_fn};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::task::yield_now;
use tokio::time::{Instant, timeout};
use ws_tokio::proto::{ErrorKind, Stats};
use ws_tokio::upgrade::{UpgradeFuture, WebSocket};
use ws_tokio::{Batch, Close, CloseCode, Closed, Error, Event};

use crate::admission::{Admitted, End};
use crate::broadcast::Member;
use crate::id::ClientId;
use crate::identity::Grant;
use crate::notice::{Content, Notice, Session};
use crate::protocol::{self, Mistake};
use crate::rate::Bucket;
use crate::room::RoomName;
use crate::service::Service;
use access::Access;
use authentication::AUTH_FAILED;
use requests::Outcome;
use session::decisive_close;
use tally::Tally;
use ws_hub::{CloseCause, MemberEvent};

/// The close code if no token arrives in time.
const AUTH_TIMEOUT: CloseCode = CloseCode::new(4502);

/// The bytes of replies that may wait until further messages of a client are handled: lists are much longer
/// than their requests.
const MAX_WAITING: usize = 256 * 1024;

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
        access: Access::default(),
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
    access: Access,
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
        let Self { member, access, .. } = self;
        let mut event = pin!(member.next_event(socket));
        poll_fn(|cx| {
            if access.poll_end(cx).is_ready() {
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
        self.log(&Notice::Connected { id: self.id(), user: self.access.user(), address, total });
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
            let (user, address, duration) =
                (self.access.user(), self.address, self.since.elapsed());
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

impl Drop for Client<'_> {
    fn drop(&mut self) {
        // After `depart`, unless the task has panicked.
        self.depart(CloseCode::ABNORMAL.into(), 0, 0);
    }
}
